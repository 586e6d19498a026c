"""What the audit log is told of decisions and executions. Counterpart of `run_audit.py`.

The verbs call this, so that no face can forget it. The log stands beside the sessions it tells of.
Recorded first, done then: where that fails nothing is approved or executed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, Literal

from shannot.audit import AuditError, Log
from shannot.effects.document import MalformedError
from shannot.effects.model import Effect, MovePath, RunCommand, WriteFile
from shannot.effects.numbering import numbered
from shannot.errors import RefusedError
from shannot.sessions.accounts import name_of
from shannot.sessions.journal import JournalError
from shannot.sessions.lifecycle import LifecycleError
from shannot.sessions.store import Store

if TYPE_CHECKING:
    from shannot.audit import Record
    from shannot.sessions.apply import Observer, Options
    from shannot.sessions.decision import Decision, Person
    from shannot.sessions.model import EffectResult, Session

_UNSET = 0xFFFFFFFF  # (uid_t) -1: nobody logged in


def log_of(store: Store) -> Log:
    """The log beside these sessions."""
    return Log(os.path.dirname(store.root), store.owner)


def note(
    store: Store,
    event: str,
    session_id: str | None,
    fields: Record | None = None,
    person: Person | None = None,
) -> None:
    """Record that something is about to be done, or was. AuditError where that cannot be."""
    told: Record = {"event": event, **actor(person), "session": session_id, **(fields or {})}
    log_of(store).append([told])


def decided(store: Store, session: Session, decision: Decision) -> None:
    """Record an approval or a rejection that is about to be saved. AuditError."""
    from shannot.audit.redact import text  # its expressions take 2 ms, and a run needs none

    fields: Record = {
        "plan_digest": decision.digest,
        "effects": numbered(decision.effects),
        "expires": decision.expires,
        "reason": text(decision.reason),
        "proposed_by": session.user,
        "proposed_by_uid": session.uid,
    }
    note(store, session.state, session.id, fields, decision.person)


def begins(store: Store, session: Session, options: Options, person: Person) -> None:
    """Record that an execution is about to change the first thing. AuditError."""
    decision = session.decision
    flags = [item.name for item in dataclass_fields(options)]
    fields: Record = {
        "plan_digest": None if decision is None else decision.digest,
        "effects": "" if decision is None else numbered(decision.effects),
        "approved_by": None if decision is None else decision.person.who,
        "options": [name for name in flags if getattr(options, name) is True],
    }
    note(store, "executing", session.id, fields, person)


@contextmanager
def refusals(store: Store, verb: str, session_id: str | None) -> Iterator[None]:
    """Record what is refused inside; that it cannot be recorded takes nothing of the refusal."""
    try:
        yield
    except (RefusedError, MalformedError, LifecycleError) as error:
        fields: Record = {"verb": verb, "kind": type(error).__name__, "message": str(error)}
        try:
            note(store, "refused", session_id, fields)
        except AuditError:
            pass
        raise


def pruned(store: Store, sessions: Sequence[tuple[str, str]]) -> None:
    """Record that sessions (id, state) were removed. AuditError."""
    who = actor()
    log_of(store).append(
        [
            {"event": "pruned", **who, "session": session_id, "state": state}
            for session_id, state in sessions
        ]
    )


class Witness:
    """An observer of an execution (`sessions/apply.py`): records each effect before it happens.

    Those that are synced together are recorded together, before the first of them happens.
    """

    __slots__ = ("_effects", "_log", "_next", "_saved", "_session_id", "_verb")

    def __init__(
        self,
        store: Store,
        session_id: str,
        effects: Mapping[int, Effect],
        then: Observer | None,
        verb: Literal["execute", "rollback"] = "execute",
    ) -> None:
        """effects: by the numbers that are observed."""
        self._log = log_of(store)
        self._session_id = session_id
        self._effects = effects
        self._saved: list[int] = []  # what is next, and not recorded yet
        self._next = then
        self._verb = verb

    def __call__(self, event: str, number: int) -> None:
        """JournalError where the effect cannot be recorded: the execution stops before it."""
        if event == "save":
            self._saved.append(number)
        elif event == "begin":
            is_command = isinstance(self._effects[number], RunCommand)
            self._record([number] if is_command else self._saved)
            self._saved = []
        if self._next is not None:
            self._next(event, number)

    def _record(self, numbers: Sequence[int]) -> None:
        if not numbers:
            return
        effects = self._effects
        told = [effect_record(self._session_id, n, effects[n], self._verb) for n in numbers]
        try:
            # The session's journal says the same, and is synced already.
            self._log.append(told, sync=False)
        except AuditError as error:
            raise JournalError(
                f"{error}; it stopped there, and `shannot {self._verb}` goes on with it"
            ) from error


def ended(store: Store, session: Session, results: Sequence[EffectResult], person: Person) -> None:
    """Record how an execution ended: what is done, and each effect that is not. AuditError."""
    records: list[Record] = [
        {
            "event": "result",
            "session": session.id,
            "number": result.number,
            "state": result.state,
            "exit_status": result.exit_status,
            "message": result.message,
        }
        for result in results
        if result.state != "done" or result.exit_status is not None
    ]
    done = tuple(result.number for result in results if result.state == "done")
    last: Record = {
        "event": session.state,
        **actor(person),
        "session": session.id,
        "done": numbered(done),
        "not_done": len(results) - len(done),
    }
    try:
        log_of(store).append([*records, last])
    except AuditError as error:
        raise AuditError(
            f"session {session.id} is {session.state}, but its end is not recorded: {error}"
        ) from error


def effect_record(session_id: str, number: int, effect: Effect, verb: str = "execute") -> Record:
    """What is told of one effect: its place, never contents."""
    told: Record = {
        "event": "effect" if verb == "execute" else "undo",
        "session": session_id,
        "number": number,
        "effect": type(effect).__name__,
    }
    match effect:
        case RunCommand():
            from shannot.audit.redact import words  # as above

            return {
                **told,
                "argv": words(effect.argv),
                "executable": effect.executable,
                "executable_sha256": effect.executable_sha256,
                "directory": effect.directory,
            }
        case WriteFile(path=path, after=after):
            mode = f"{after.mode:04o}"
            return {**told, "path": path, "sha256": after.sha256, "size": after.size, "mode": mode}
        case MovePath(path=path, source=source):
            return {**told, "path": path, "source": source}
        case _:
            return {**told, "path": effect.path}


def actor(person: Person | None = None) -> Record:
    """Who acts, as the log names it; without a person, what is known of this process."""
    known: Record = {"uid": os.getuid(), "login_uid": _login_uid(), "pid": os.getpid()}
    if person is None:
        return {"user": name_of(os.getuid()), **known}
    return {
        **known,
        "user": person.who,
        "uid": person.uid,
        "where": person.where,
        "key": person.key,
        "address": person.address,
    }


def _login_uid() -> int | None:
    """Who logged in, whatever `sudo` made of it since: the kernel knows (proc(5))."""
    try:
        with open("/proc/self/loginuid", encoding="ascii") as file:
            uid = int(file.read(20))
    except (OSError, ValueError):
        return None
    return None if uid == _UNSET else uid
