"""The verb `execute`: do what was approved of a session. Values in, a frozen result out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from shannot.errors import RefusedError, ShannotError, UnsuccessfulError
from shannot.escape import escape
from shannot.policy.profile import Profile
from shannot.sessions import lifecycle
from shannot.sessions.apply import Execution
from shannot.sessions.approval import check_approval
from shannot.sessions.asking import take
from shannot.sessions.batch import Observer
from shannot.sessions.claim import claim
from shannot.sessions.command import Sinks
from shannot.sessions.decision import Event, Person, with_event
from shannot.sessions.live import is_live
from shannot.sessions.model import EffectResult, Session
from shannot.sessions.place import Protected
from shannot.sessions.preflight import Conflict
from shannot.sessions.reading import Known
from shannot.sessions.store import Lock, Store
from shannot.sessions.work import Options, Work
from shannot.workflows import auditing
from shannot.workflows.answers import check_ours
from shannot.workflows.verdicts import check_verdicts


@dataclass(frozen=True, slots=True)
class ExecuteResult:
    """What became of it."""

    session: Session
    """As it is now, its results included."""
    results: tuple[EffectResult, ...]
    """Of all effects that something was done about, by number, former executions included."""
    conflicts: tuple[Conflict, ...]
    """What `skip_conflicts` left out."""
    succeeded: bool
    """Everything chosen is done, or was left out because the caller said so."""


def execute(
    store: Store,
    session_id: str,
    options: Options,
    sinks: Sinks,
    protected: Sequence[str],
    observe: Observer | None = None,
    *,
    person: Person,
    now: int,
    profile: Profile,
    loaded: Callable[[Session], object] | None = None,
    queue: str | None = None,
) -> ExecuteResult:
    """Execute an approved session, or go on with one that was killed or has failed.

    protected: directories no effect may touch; shannot's state and configuration directories.
    now: seconds since the epoch. profile: the rules as they are now (`profiles.present_profile`);
    a command that they deny is refused. loaded: told the session before anything is observed.
    queue: where what other users propose comes from: one operator may execute it, no second one.

    A ShannotError means that nothing was changed (by this call), but for the one that says that it
    stopped because nothing more could be recorded. A failed effect is no error: it is in the
    results. Killed or stopped, the session stays `executing`, and another call goes on with it.
    """
    with auditing.refusals(store, "execute", session_id), store.lock(session_id, "execute") as lock:
        known = _read(lock, loaded)
        lifecycle.check(session_id, (session := known.session).state, "executing")
        store.script(session)
        work, options = _checked(store, known, options, now, profile)
        witness = auditing.Witness(store, session_id, work.effects, observe)
        places = Protected([store.root, *protected])
        execution = Execution(lock, work, options, places, known.progress, witness)
        try:
            conflicts = execution.prepare()
            _begin(lock, session, options, person, queue)
            session = _moved(session, "executing", person, now)
            lock.save(session)
        except OSError as error:
            raise UnsuccessfulError(f"nothing was changed: {_told(error)}") from error
        try:
            results = execution.perform(sinks)
        except OSError as error:
            message = f"it stopped: {_told(error)}; `shannot execute {session_id}` goes on with it"
            raise ShannotError(message) from error
        session = _ended(session, results, execution.succeeded(), person, now)
        lock.save(session)
        auditing.ended(store, session, results, person)
        return ExecuteResult(session, results, conflicts, execution.succeeded())


def _begin(
    lock: Lock, session: Session, options: Options, person: Person, queue: str | None
) -> None:
    store = lock.store
    proposed = session.uid != store.owner or os.path.lexists(f"{queue}/{session.id}")
    if queue is not None and proposed:
        claim(queue, session.id, store.owner)
    take(lock.directory_fd, session.id, store.owner)
    auditing.begins(store, session, options, person)


def _read(lock: Lock, loaded: Callable[[Session], object] | None) -> Known:
    known = lock.read()
    check_ours(lock.store, known.session)
    if loaded is not None:
        loaded(known.session)
    return known


def _checked(
    store: Store, known: Known, options: Options, now: int, profile: Profile
) -> tuple[Work, Options]:
    """As `_work`, and the options as they hold where the session's script still waits."""
    session = known.session
    if session.asking is None or not is_live(store, session.id):
        return _work(known, options, now, profile), options
    options = replace(options, incomplete=True)  # what comes later waits for this
    try:
        return _work(known, options, now, profile), options
    except RefusedError as error:
        way_out = f"`shannot reject {session.id} --reason …` lets its script go on without it"
        raise RefusedError(f"{error}; {way_out}") from error


def _work(known: Known, options: Options, now: int, profile: Profile) -> Work:
    """The approved effects. RefusedError where they are not (any more), or denied by now."""
    session, progress = known.session, known.progress
    begun = bool(progress.begun or progress.results)
    chosen = check_approval(session, begun, now, options.incomplete)
    effects = {number: session.plan.effects[number - 1] for number in chosen}
    done = {number for number, result in progress.results.items() if result.state == "done"}
    check_verdicts({n: effect for n, effect in effects.items() if n not in done}, profile)
    return Work(effects)


def _ended(
    session: Session, results: tuple[EffectResult, ...], succeeded: bool, person: Person, now: int
) -> Session:
    done = sum(result.state == "done" for result in results)
    note = f"{done} done, {len(results) - done} not"
    session = replace(session, results=results)
    return _moved(session, "executed" if succeeded else "failed", person, now, note)


def _moved(
    session: Session,
    state: Literal["executing", "executed", "failed"],
    person: Person,
    now: int,
    note: str = "",
) -> Session:
    history = with_event(session.history, Event(state, now, person, note))
    return replace(session, state=state, history=history)


def _told(error: OSError) -> str:
    name: object = error.filename
    where = f"{escape(os.fsdecode(name))}: " if isinstance(name, str | bytes) else ""
    return f"{where}{error.strerror}"
