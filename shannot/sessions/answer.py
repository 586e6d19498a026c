"""What operators have decided about a proposal, on its way back to whoever proposed it.

Files beside the entries of the queue, which their proposer can open by name but not list: one says
that a session was approved, one that it was rejected, and the file of the operator who executes it
(`claim.py`) how far that is. They are the operator's, whose name the file's owner is; the proposer
believes root, the owner of the queue, and members of the queue's group. Nothing is executed on what
stands here: it is shown. Called by `workflows/answers.py`.
"""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from shannot.effects.codec import to_json
from shannot.effects.document import MalformedError, dump, parse
from shannot.sessions import files
from shannot.sessions.accounts import name_of
from shannot.sessions.claim import CLAIM
from shannot.sessions.decision import Decision, Event, decision_from_json, event_from_json
from shannot.sessions.ids import is_id
from shannot.sessions.lifecycle import State
from shannot.sessions.model import EffectResult, Session
from shannot.sessions.reported import MAX_REPORTED, report, report_from_json

MAX_ANSWER = 2 * MAX_REPORTED  # bytes: the numbers that were approved are in it, too
_APPROVED, _REJECTED = ".approved-", ".rejected-"
# An execution is told last: whatever was decided before it, this is what became of it.
_KINDS = (_APPROVED, _REJECTED, CLAIM)


@dataclass(frozen=True, slots=True)
class Answer:
    """One operator's, not yet compared with the session that it is about."""

    decision: Decision
    event: Event
    """What happened last."""
    results: tuple[EffectResult, ...] = ()
    """Of an execution."""


def tell(queue: str, session: Session) -> None:
    """Lay out where a session stands that another user has proposed. Raises OSError.

    Of two operators who approve the first one is named, as is the one who executes.
    """
    if session.decision is None or not session.history:
        return
    event = session.history[-1]
    lay_out(queue, session.id, session.state, session.decision, event, session.results)


def lay_out(
    queue: str,
    session_id: str,
    state: State,
    decision: Decision,
    event: Event,
    results: Sequence[EffectResult],
) -> None:
    """The same of a session by its parts: where it stands, by which decision, and what happened
    last. Raises OSError."""
    kinds = {"approved": _APPROVED, "rejected": _REJECTED}
    name = kinds.get(state, CLAIM) + session_id
    value = {
        "format": 1,
        "decision": to_json(decision),
        "event": to_json(event),
        "report": report(results),
    }
    fd = os.open(queue, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        files.lay_out(name, fd, dump(value).encode("ascii"))
    finally:
        os.close(fd)


def answers(queue: str, session_id: str, effects: int) -> list[Answer]:
    """What the operators have said, the latest last. effects: how many the plan has.

    What cannot be believed or read is left out: it says nothing.
    """
    found: list[tuple[bool, int, Answer]] = []
    try:
        fd = os.open(queue, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        for kind in _KINDS:
            with suppress(OSError, MalformedError):
                answer = _read(fd, kind, session_id, effects)
                found.append((kind == CLAIM, answer.event.when, answer))
    finally:
        os.close(fd)
    return [answer for _, _, answer in sorted(found, key=lambda item: item[:2])]


def _read(queue_fd: int, kind: str, session_id: str, effects: int) -> Answer:
    name = kind + session_id
    owner = os.lstat(name, dir_fd=queue_fd).st_uid
    if not is_operator(owner, os.stat(".", dir_fd=queue_fd)):
        raise MalformedError(f"{name} is of no operator")
    data = files.read(name, queue_fd, owner, MAX_ANSWER, name)
    document = parse(data, name)
    document.integer("format", 1, 1)
    decision = decision_from_json(document.child("decision"), effects)
    event = event_from_json(document.child("event"))
    results = report_from_json(document.child("report"), effects)
    document.finish()
    told = {_APPROVED: event.what == "approved", _REJECTED: event.what == "rejected"}
    if not told.get(kind, event.what not in ("approved", "rejected")):
        raise MalformedError(f"{name} tells of something else")
    if (event.what == "rejected") == (decision.digest is not None or bool(decision.effects)):
        raise MalformedError(f"{name} does not agree with itself")
    who = replace(event.person, who=name_of(owner), uid=owner)
    decider = replace(decision.person, who=name_of(decision.person.uid))
    if kind != CLAIM:
        decider = who  # nobody decides for another
    return Answer(replace(decision, person=decider), replace(event, person=who), results)


def forget(queue: str, session_id: str) -> None:
    """Take away what this user has answered, once its proposer has taken the proposal back."""
    if not is_id(session_id) or os.path.lexists(f"{queue}/{session_id}"):
        return
    for kind in _KINDS:
        with suppress(OSError):  # another's, or none
            os.unlink(f"{queue}/{kind}{session_id}")


def is_operator(user: int, queue: os.stat_result) -> bool:
    """Root, the owner of the queue, and the members of its group."""
    if user in (0, queue.st_uid):
        return True
    try:
        account = pwd.getpwuid(user)
        group = grp.getgrgid(queue.st_gid)
    except KeyError:
        return False
    return account.pw_gid == queue.st_gid or account.pw_name in group.gr_mem
