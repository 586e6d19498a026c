"""The verb `rollback`: put back what an execution changed, path by path, as its checkpoint has it.

Values in, a frozen result out. What commands did is not undone: the result names them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from shannot.effects.document import MalformedError
from shannot.effects.model import Effect
from shannot.errors import ShannotError, UnsuccessfulError
from shannot.escape import escape
from shannot.sessions import journal, lifecycle
from shannot.sessions.apply import Execution
from shannot.sessions.batch import Observer
from shannot.sessions.command import Sinks
from shannot.sessions.decision import Event, Happened, Person, put_back_note, with_event
from shannot.sessions.forcing import fit
from shannot.sessions.foresight import Operator
from shannot.sessions.inverse import Undoing, invert
from shannot.sessions.journal import Progress
from shannot.sessions.leftovers import clean
from shannot.sessions.lifecycle import State
from shannot.sessions.live import is_live
from shannot.sessions.model import EffectResult, Session, Summary
from shannot.sessions.place import Protected
from shannot.sessions.preflight import Conflict, ConflictsError, find_conflicts
from shannot.sessions.reading import Known
from shannot.sessions.store import Lock, Store
from shannot.sessions.verifying import differences
from shannot.sessions.work import Options, Work
from shannot.workflows import auditing
from shannot.workflows.answers import check_ours

JOURNAL = "rollback.journal"
KEPT = "rollback"
"""In the session's directory: what the rollback itself replaced, where it was not in the plan."""
_UNDECIDED: tuple[State, ...] = ("pending", "approved")
_STANDING: tuple[State, ...] = ("executing", "executed", "failed", "rolling-back")


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """What a rollback would do, and what stands in its way."""

    session: Session
    undoing: Undoing
    conflicts: tuple[Conflict, ...]
    """By the number of the effect in `undoing`; with `force` only what cannot be done at all."""
    forced: tuple[int, ...]
    """With `force`: the effects in `undoing` that overwrite what has changed since."""
    known: Known
    """What was read for it."""


@dataclass(frozen=True, slots=True)
class RollbackResult:
    """What became of it."""

    session: Session
    undoing: Undoing
    results: tuple[EffectResult, ...]
    """By the number of the effect in `undoing`."""
    conflicts: tuple[Conflict, ...]
    """With `force`: what could not be put back."""
    differences: tuple[str, ...]
    """What is not as it was, as the host was read afterwards; one line each."""
    succeeded: bool


def plan_rollback(store: Store, session_id: str, *, force: bool = False) -> RollbackPlan:
    """Look at everything, change nothing (but for what a killed execution has left over under
    temporary names, which is removed). LifecycleError, UnsuccessfulError: nothing to undo, or
    a session that goes on from this one stands in the way; MalformedError."""
    with store.lock(session_id, "rollback") as lock:
        known, undoing = _load(lock)
        _, conflicts, forced = _look(lock.progress(JOURNAL), undoing, force)
        return RollbackPlan(known.session, undoing, conflicts, tuple(sorted(forced)), known)


def rollback(
    store: Store,
    session_id: str,
    protected: Sequence[str],
    observe: Observer | None = None,
    *,
    force: bool = False,
    shown: RollbackPlan | None = None,
    person: Person,
    now: int,
) -> RollbackResult:
    """Put back what the session's execution has changed, or go on with that.

    protected: directories no effect may touch. observe is told the numbers of `Undoing.effects`.
    force: overwrite what has changed since, after saving it. shown: what `plan_rollback` found, if
    it was asked: what has not changed since is not worked out twice. now: seconds since the epoch.

    ConflictsError, and any other ShannotError but one that says that it stopped, means that nothing
    was changed. Killed or failed, the session stays `rolling-back`, and another call goes on.
    """
    with (
        auditing.refusals(store, "rollback", session_id),
        store.lock(session_id, "rollback") as lock,
    ):
        known, undoing = _load(lock, shown)
        before = lock.progress(JOURNAL)
        effects, conflicts, forced = _look(before, undoing, force)
        if conflicts and not force:
            told = tuple(replace(item, number=undoing.origins[item.number]) for item in conflicts)
            raise ConflictsError(told, "--force puts back all that can be")
        work = Work(
            effects, JOURNAL, "checkpoint", KEPT, undoing.restored,
            keep=forced, lenient=True, foreseen=True,
        )  # fmt: skip
        options = Options(skip_conflicts=force, keep_going=force)
        witness = auditing.Witness(store, session_id, effects, observe, "rollback")
        places = Protected([store.root, *protected])
        execution = Execution(lock, work, options, places, before, witness)
        return _perform(lock, known, undoing, conflicts, execution, person, now)


def _perform(
    lock: Lock,
    known: Known,
    undoing: Undoing,
    conflicts: tuple[Conflict, ...],
    execution: Execution,
    person: Person,
    now: int,
) -> RollbackResult:
    store, session, progress = lock.store, known.session, known.progress
    try:
        execution.prepare()
        auditing.note(store, "rolling-back", session.id, {}, person)
        session = _moved(session, "rolling-back", "rolling-back", person, now)
        lock.save(session)
    except OSError as error:
        raise UnsuccessfulError(f"nothing was changed: {error.strerror}") from error
    try:
        results = execution.perform(Sinks(_Silent(), _Silent()))
    except OSError as error:
        message = f"it stopped: {error.strerror}; `shannot rollback {session.id}` goes on with it"
        raise ShannotError(message) from error
    different = differences(session.plan.effects, progress)
    over = execution.succeeded()
    undone = sum(result.state == "done" for result in results)
    note = put_back_note(undone, len(undoing.effects) - undone, len(different))
    if over:
        session = _moved(session, "rolled-back", "rolled-back", person, now, note)
        lock.save(session)
    event = "rolled-back" if over else "rollback-failed"
    auditing.note(store, event, session.id, {"came_to": note}, person)
    succeeded = over and not different and not conflicts
    return RollbackResult(session, undoing, results, conflicts, different, succeeded)


def can_roll_back(summary: Summary, store: Store | None) -> bool:
    """Has something of it been executed and not been put back?

    Also while the script ran (`--ask`), of a session whose rest waits or was rejected. store: None
    for one of another machine, of which no more is known than the summary.
    """
    if store is not None and (summary.state == "rejected" or summary.state in _UNDECIDED):
        return os.path.lexists(f"{store.root}/{summary.id}/{journal.FILE}")
    return summary.state in _STANDING


def _load(lock: Lock, shown: RollbackPlan | None = None) -> tuple[Known, Undoing]:
    before = None if shown is None else shown.known
    known = lock.read(before)
    session, progress = known.session, known.progress
    check_ours(lock.store, session)
    if session.state in _UNDECIDED and progress.begun:
        raise UnsuccessfulError(
            f"session {session.id} is {session.state}, and a part of it was executed while the"
            f" script ran: `shannot reject {session.id} --reason …` drops the rest, then"
            f" `shannot rollback {session.id}` puts that part back"
        )
    if session.asking is not None and is_live(lock.store, session.id):
        raise UnsuccessfulError(
            f"the script of session {session.id} still runs, on what was done: wait for its end, or"
            " end it, first"
        )
    lifecycle.check(session.id, session.state, "rolling-back")
    if not progress.begun:
        raise UnsuccessfulError(f"nothing of session {session.id} was done, so nothing is undone")
    clean(session, progress)
    for found in lock.store.summaries():
        if isinstance(found, MalformedError) or found.parent != session.id:
            continue
        if can_roll_back(found, lock.store):
            raise UnsuccessfulError(
                f"session {session.id} was resumed as {found.id}, which has changed more since:"
                f" `shannot rollback {found.id}` first"
            )
    if shown is not None and before is not None and not shown.undoing.several:
        if session.plan is before.session.plan and progress is before.progress:
            return known, shown.undoing
    return known, invert(session.plan.effects, progress)


def _look(
    progress: Progress, undoing: Undoing, force: bool
) -> tuple[dict[int, Effect], tuple[Conflict, ...], frozenset[int]]:
    """(the effects, what stands in their way, those that were forced)."""
    operator = Operator.current()
    over = {number for number, result in progress.results.items() if result.state == "done"}
    waiting = {number: e for number, e in undoing.effects.items() if number not in over}
    owners = _owners(undoing, waiting, operator)
    if force:
        forced = fit(waiting, operator)
        left_out = {conflict.number for conflict in forced.conflicts}
        effects = {n: e for n, e in undoing.effects.items() if n not in left_out}
        return {**effects, **forced.effects}, (*forced.conflicts, *owners), forced.changed
    own = frozenset(getattr(effect, "path", "") for effect in undoing.effects.values())
    begun = frozenset(progress.begun)
    conflicts = find_conflicts(waiting, begun, operator, own, lenient=True)
    return dict(undoing.effects), (*conflicts, *owners), frozenset()


def _owners(undoing: Undoing, waiting: Collection[int], operator: Operator) -> tuple[Conflict, ...]:
    """What this user cannot give back to whom it belonged."""
    if operator.uid == 0:
        return ()
    return tuple(
        Conflict(number, f"{escape(saved.path)}: only root can give it back to user {saved.uid}")
        for number, saved in undoing.restored.items()
        if number in waiting
        and (saved.uid != operator.uid or saved.gid not in {operator.gid, *operator.groups})
    )


def _moved(
    session: Session, state: State, what: Happened, person: Person, now: int, note: str = ""
) -> Session:
    history = with_event(session.history, Event(what, now, person, note))
    return replace(session, state=state, history=history)


class _Silent:
    """No command runs in a rollback."""

    __slots__ = ()

    def write(self, data: bytes, /) -> None:
        """Nothing."""
