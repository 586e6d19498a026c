"""session.json: small whatever the plan, replaced at each transition. `model.py` reads it."""

from __future__ import annotations

from shannot.effects.codec import to_json
from shannot.effects.document import dump
from shannot.sessions.model import FORMAT, Session


def head_to_json(session: Session) -> dict[str, object]:
    """session.json: small whatever the plan, which it names by digest and length."""
    return {
        "format": FORMAT,
        "id": session.id,
        "created": session.created,
        "script": to_json(session.script),
        "argv": to_json(session.argv),
        "runtime": session.runtime,
        "view": session.view,
        "directory": session.directory,
        "user": session.user,
        "uid": session.uid,
        "host": session.host,
        "outcome": to_json(session.outcome),
        "plan_digest": session.digest(),
        "effects": len(session.plan.effects),
        "complete": session.plan.complete,
        "asking": session.asking,
        "state": session.state,
        "decision": to_json(session.decision),
        "history": to_json(session.history),
        "parent": session.parent,
        "options": to_json(session.options),
    }


def dump_head(session: Session) -> bytes:
    """The contents of session.json."""
    return dump(head_to_json(session)).encode("ascii")
