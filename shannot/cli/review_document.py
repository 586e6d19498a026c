"""A session as the JSON of `show`, `approve`, `reject` and `execute`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.cli.envelope import contents, plain
from shannot.effects.codec import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.cli.envelope import Json
    from shannot.cli.render_session import Contents
    from shannot.effects.diff import Diff
    from shannot.policy.danger import Danger
    from shannot.sessions.model import Session
    from shannot.workflows.review import Review


def review_document(review: Review, found: Contents) -> Json:
    """A session with its whole plan: effects with number, warnings, diff and result."""
    from shannot.policy.danger import level  # the policy: only for --json

    effects: list[Json] = []
    for reviewed in review.effects:
        fields = plain(to_json(reviewed.effect))
        diff = found.diffs.get(reviewed.number)
        given = found.inputs.get(reviewed.number)
        effects.append(
            {
                "number": reviewed.number,
                **(fields if isinstance(fields, dict) else {}),
                "warnings": list(reviewed.warnings),
                "dangers": dangers_document(reviewed.dangers),
                "danger": level(reviewed.dangers),
                "diff": None if diff is None else diff_document(diff),
                "stdin": None if given is None else contents(given),
                "result": plain(to_json(reviewed.result)),
            }
        )
    return {**session_fields(review.session), "digest": review.digest, "effects": effects}


def session_document(session: Session, **more: Json) -> Json:
    """Where a session stands, without its plan."""
    results = results_document(session)
    return {**session_fields(session), "digest": session.digest(), "results": results, **more}


def session_fields(session: Session) -> dict[str, Json]:
    """What every document of a session begins with."""
    return {
        "id": session.id,
        "created": session.created,
        "state": session.state,
        "script": plain(to_json(session.script)),
        "argv": list(session.argv),
        "runtime": session.runtime,
        "view": session.view,
        "directory": session.directory,
        "user": session.user,
        "uid": session.uid,
        "host": session.host,
        "outcome": plain(to_json(session.outcome)),
        "complete": session.plan.complete,
        "notes": list(session.plan.notes),
        "decision": plain(to_json(session.decision)),
        "history": plain(to_json(session.history)),
        "parent": session.parent,
    }


def dangers_document(found: Sequence[Danger]) -> Json:
    """What a command can touch: `kind` is one of `policy.danger.Kind`."""
    return [
        {"kind": danger.kind, "text": danger.text, "command": danger.command} for danger in found
    ]


def diff_document(diff: Diff) -> Json:
    """A unified diff by its lines."""
    lines: Sequence[str] = diff.lines
    return {
        "kind": diff.kind,
        "lines": list(lines),
        "added": diff.added,
        "removed": diff.removed,
        "omitted": diff.omitted,
    }


def results_document(session: Session) -> Json:
    """What became of each effect that something was done about."""
    return [plain(to_json(result)) for result in session.results]
