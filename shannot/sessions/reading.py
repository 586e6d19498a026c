"""A session from its open directory, checked as if an enemy had written it (`store.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from shannot.effects import plan as plans
from shannot.effects.document import Document, MalformedError, parse
from shannot.escape import escape
from shannot.sessions import files, journal
from shannot.sessions.journal import Progress
from shannot.sessions.model import FORMAT, MAX_PLAN, Session, session_from_json

MAX_HEAD = 16 << 20  # bytes: argv and the paths that were not mapped are in it
PLAN, NEXT_PLAN = "plan.json", "plan.next.json"
_LOOKS = 3  # at a plan that may be growing (`live.py`)


@dataclass(frozen=True, slots=True)
class Known:
    """A session with what its journal says, as they were read."""

    session: Session
    progress: Progress


def session(fd: int, owner: int, shown: str, session_id: str, known: Known | None = None) -> Known:
    """The session whose directory `fd` is open on. MalformedError names the file below `shown`.

    known: what was read of it before. Plan and journal are compared by their hashes, and taken
    apart only where they are others now.
    """
    before = None if known is None else known.session
    for _ in range(_LOOKS):
        progress = journal.read(fd, owner, shown, known=None if known is None else known.progress)
        head = document(fd, owner, shown, "session.json")
        plans.check_format(head, FORMAT)  # before anything that another format may not have
        digest = head.sha256("plan_digest")
        data = _plan(fd, owner, shown, digest)
        if data is not None:
            break
    else:
        raise MalformedError(f"{shown}/{PLAN}: the plan is not the one that was recorded")
    if before is not None and before.plan_digest == digest:
        plan = before.plan
    else:
        plan = plans.from_json(parse(data, f"{shown}/{PLAN}"))
    found = session_from_json(head, plan, digest, progress.shown())
    if found.results and found.results[-1].number > len(plan.effects):
        raise MalformedError(f"{shown}: the journal has results of effects beyond the plan")
    if found.id != session_id:
        raise MalformedError(f"{shown} holds session {found.id}")
    return Known(found, progress)


def document(fd: int, owner: int, shown: str, name: str) -> Document:
    """A file of JSON, `session.json`. name: relative to `fd`."""
    place = f"{shown}/{name.rpartition('/')[2]}"
    try:
        return parse(files.read(name, fd, owner, MAX_HEAD, place), place)
    except FileNotFoundError:
        raise MalformedError(f"{escape(place)} is missing") from None


def _plan(fd: int, owner: int, shown: str, digest: str) -> bytes | None:
    """The plan of this digest. None where it is another one: it may have grown just now."""
    for name in (PLAN, NEXT_PLAN):
        try:
            data = files.read(name, fd, owner, MAX_PLAN, f"{shown}/{name}")
        except FileNotFoundError:
            if name == PLAN:
                raise MalformedError(f"{escape(shown)}/{PLAN} is missing") from None
            continue
        if sha256(data).hexdigest() == digest:
            return data
    return None
