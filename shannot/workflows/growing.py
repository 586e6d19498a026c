"""An operator's copy of a session whose script still runs: it grows with every question.

What was there when the operator decided keeps its number and stays as it was: of the proposer's
next plan only what comes after it is taken over, so that journal and checkpoint of the copy are one
for all that is ever done of it. Called by `queue.py`, which has checked the new plan as any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shannot.effects.document import MalformedError
from shannot.effects.model import Effect, RunCommand
from shannot.effects.plan import Plan, waiting
from shannot.errors import ShannotError
from shannot.sessions import files
from shannot.sessions.asking import ASKED, Question, forget
from shannot.sessions.live import NEXT, bound, final, grow

if TYPE_CHECKING:
    from shannot.sessions.model import EffectResult, Session
    from shannot.sessions.offer import Offer
    from shannot.sessions.store import Lock, Store


def question_of(entry: Offer, session: Session, queue: str, since: int) -> Question | None:
    """What an entry asks, as the operator's copy holds it; None where its script has ended.

    since: events of the copy that are older. MalformedError for a question about no command."""
    if session.asking is None:
        return None
    effects = session.plan.effects
    if session.asking != len(effects) or not isinstance(effects[-1], RunCommand):
        raise MalformedError(f"session {session.id} asks about what is not its last command")
    # The digest is the one of what its proposer has laid out, not of the copy.
    return Question(queue, entry.owner, session.asking, entry.session.digest(), since)


def grow_copy(store: Store, entry: Offer, theirs: Session, queue: str) -> str:
    """Let the copy of this session grow. Why that cannot be now, or "".

    theirs: as it would be taken over for the first time. MalformedError where it is not what was
    there before and more; UnsuccessfulError where another process is at work on it; OSError.
    """
    with store.lock(theirs.id, "collect", patience=0) as lock:
        ours = lock.load()
        if theirs.asking is not None and ours.state not in NEXT:
            return f"session {ours.id} is {ours.state}"
        session = _grown(ours, theirs)
        asked = question_of(entry, session, queue, len(ours.history))
        with store.blobs(ours.id) as blobs:
            entry.copy_blobs(blobs)
            blobs.sync_names()
        _write(lock, entry, session, asked)
    return ""


def _write(lock: Lock, entry: Offer, session: Session, asked: Question | None) -> None:
    forget(lock.directory_fd)
    if asked is not None:
        grow(lock, session)
        files.replace(ASKED, lock.directory_fd, asked.to_json())
        return
    for name, data in entry.texts():
        files.replace(name, lock.directory_fd, data)
    grow(lock, session)


def _grown(ours: Session, theirs: Session) -> Session:
    """The copy with what its proposer has added."""
    same = ("script", "argv", "runtime", "view", "directory", "user", "uid", "created")
    if ours.asking is None or any(getattr(ours, n) != getattr(theirs, n) for n in same):
        raise MalformedError(f"session {ours.id} is another one by now")
    old, new = ours.plan.effects, theirs.plan.effects
    if len(new) < len(old):
        raise MalformedError(f"session {ours.id} has lost what was decided about")
    results = {result.number: result for result in ours.results}
    kept = tuple(
        _kept(number, mine, its, results.get(number))
        for number, (mine, its) in enumerate(zip(old, new, strict=False), 1)
    )
    plan = Plan((*kept, *new[len(kept) :]), theirs.plan.complete, theirs.plan.notes)
    if theirs.asking is not None:
        return replace(
            ours, plan=plan, plan_digest="", state="pending", decision=None, asking=theirs.asking
        )
    done = {result.number for result in ours.results if result.state == "done"}
    state = final(ours, len(set(waiting(plan)) - done))
    return replace(
        ours,
        plan=plan,
        plan_digest="",
        state=state,
        decision=None if state == "pending" else bound(ours, plan),
        outcome=theirs.outcome,
        asking=None,
    )


def _kept(number: int, mine: Effect, its: Effect, result: EffectResult | None) -> Effect:
    """An effect that was in the copy before. MalformedError where it is another one now."""
    if not isinstance(mine, RunCommand):
        if mine == its:
            return mine
    elif isinstance(its, RunCommand) and _words(mine) == _words(its):
        done = result is not None and result.state == "done"
        if its.state == mine.state or (its.state == "refused" and not done):
            return replace(mine, state=its.state)
        if mine.state == "barred" and its.state == "asked":
            return mine
        if its.state == "done" and result is not None and result.exit_status is not None:
            return replace(mine, state="done", exit_status=result.exit_status)
    raise MalformedError(f"effect {number} is not the one that was decided about")


def _words(command: RunCommand) -> tuple[object, ...]:
    """What makes it the same command, whoever's environment and rules it gets."""
    return (
        command.argv,
        command.directory,
        command.executable,
        command.executable_sha256,
        command.stdin_sha256,
    )


def still_grows(store: Store, session_id: str) -> bool:
    """Is the copy one of a script that still ran when it was looked at last?"""
    try:
        return store.summary(session_id).asking is not None
    except ShannotError:
        return False
