"""`--on-ask wait`: a script waits until somebody has decided elsewhere, and gets what came of it.

That is this user at another terminal, in the same session, or an operator, in the copy that the
queue brings there (`sessions/asked.py`). Whoever begins first is the one.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from shannot.audit import AuditError
from shannot.errors import ShannotError, UnsuccessfulError
from shannot.sessions.accounts import name_of
from shannot.sessions.asked import Posted, drop
from shannot.sessions.asking import question
from shannot.sessions.decision import with_event
from shannot.sessions.model import EffectResult
from shannot.sessions.offer import offer, withdraw
from shannot.sessions.reported import keep
from shannot.workflows import auditing

if TYPE_CHECKING:
    from shannot.sandbox.spec import WaitingProcess
    from shannot.sessions.asked import Told
    from shannot.sessions.live import LiveSession
    from shannot.sessions.model import Session
    from shannot.sessions.store import Store
    from shannot.workflows.face import Face

_LOOK = 0.2  # seconds between looks at the session of a script that waits


class Wait:
    """The questions of one run, one after the other."""

    __slots__ = ("_face", "_queue", "_store")

    def __init__(self, store: Store, queue: str | None, face: Face) -> None:
        """queue: where operators decide as well; None where there is one user only."""
        self._store = store
        self._queue = queue
        self._face = face

    def decide(self, live: LiveSession, number: int, waits: WaitingProcess) -> int | None:
        """As `Decider`: the exit status, -1 for no, None where nobody has decided."""
        self._face.say(f"the script waits for a decision: shannot approve {live.id} --execute")
        posted = self._post(live.id, number)
        try:
            return self._look(live, number, waits, posted)
        finally:
            if posted is not None:
                posted.close()

    def _post(self, session_id: str, number: int) -> Posted | None:
        if self._queue is None:
            return None
        try:
            session = self._store.load(session_id)
            if session.results:
                return None  # it is being executed here, and so only here
            posted = Posted(self._store, session, self._queue, number)
        except ShannotError as error:
            self._face.say(f"no operator can decide about it: {error}")
            return None
        self._face.say(f"the operators can decide about it as well: the queue is {self._queue}")
        return posted

    def _look(
        self, live: LiveSession, number: int, waits: WaitingProcess, posted: Posted | None
    ) -> int | None:
        told = ""
        while not waits.is_gone(_LOOK):
            state = self._store.summary(live.id).state
            if state == "rejected":
                self._face.say("the command was refused; the script goes on")
                return -1
            if state in ("executed", "failed"):
                return self._pass_on(live.id, number, waits)
            heard = None if posted is None else posted.told()
            if posted is not None and heard is not None:
                return self._heard(live, posted, heard, waits)
            line = self._progress(live.id, state, posted)
            if line and line != told:
                told = line
                self._face.say(line)
        return None

    def _progress(self, session_id: str, state: str, posted: Posted | None) -> str:
        """What the person at the script's terminal is told of a decision that is under way."""
        if state == "approved":
            return f"it is approved; `shannot execute {session_id}` does it"
        holder = None if posted is None else posted.holder()
        if holder not in (None, os.getuid()):
            return f"user {name_of(holder)} is deciding about it"
        if state != "executing":
            return ""
        try:
            with self._store.lock(session_id, "run", patience=0) as lock:
                if lock.load().state != "executing":
                    return ""
        except UnsuccessfulError:
            return "it is being executed"
        return f"its execution was stopped; `shannot execute {session_id}` goes on with it"

    # -- the result ------------------------------------------------------------------------------

    def _pass_on(self, session_id: str, number: int, waits: WaitingProcess) -> int | None:
        """Give the script what the command has printed, and how it ended."""
        session = self._store.load(session_id)
        result = next((item for item in session.results if item.number == number), None)
        outputs = [
            self._store.contents(session_id, f"output/{number}.{name}")
            for name in ("stdout", "stderr")
        ]
        chosen = session.decision is None or number in session.decision.effects
        return self._written(result, outputs[0], outputs[1], waits, chosen)

    def _heard(
        self, live: LiveSession, posted: Posted, told: Told, waits: WaitingProcess
    ) -> int | None:
        """The same for what an operator has decided."""
        try:
            self._record(live, posted, told)
        except AuditError as error:
            self._face.say(f"this decision is not recorded: {error}")
        who = told.decision.person.who
        if told.decision.digest is None:
            self._face.say(f"user {who} has refused the command; the script goes on")
            return -1
        self._face.say(f"user {who} has decided; the script goes on")
        chosen = posted.asked.number in told.decision.effects
        return self._written(told.result, told.stdout, told.stderr, waits, chosen)

    def _record(self, live: LiveSession, posted: Posted, told: Told) -> None:
        last = told.history[-1]
        fields: dict[str, str | int | None] = {
            "what": last.what,
            "number": posted.asked.number,
            "plan_digest": posted.asked.digest,
            "exit_status": None if told.result is None else told.result.exit_status,
        }
        live.done |= told.done
        done = [EffectResult(number, "done") for number in sorted(live.done)]
        if told.result is not None and told.result.number not in live.done:
            done.append(told.result)
        with self._store.lock(live.id, "run", patience=2.0) as lock:
            session = lock.load()
            keep(lock.directory_fd, done)
            if session.plan_digest == posted.asked.digest:
                lock.save(_as_told(session, told))
        auditing.note(self._store, "answered", live.id, fields, told.decision.person)

    def _written(
        self,
        result: EffectResult | None,
        stdout: bytes,
        stderr: bytes,
        waits: WaitingProcess,
        chosen: bool,
    ) -> int | None:
        """chosen: was the command among what was approved?"""
        if result is None or result.exit_status is None:
            why = "what has to be before it failed" if chosen else "only a part was approved"
            self._face.say(f"the command was not run: {why}")
            return None
        streams = (
            (1, "stdout", stdout, result.stdout_size),
            (2, "stderr", stderr, result.stderr_size),
        )
        for stream, name, data, size in streams:
            if len(data) < size:
                self._face.say(f"of the command's {name} only {len(data)} of {size} bytes are kept")
            try:
                waits.write(stream, data)
            except OSError:
                pass  # the script does not read it (any more)
        return result.exit_status


def _as_told(session: Session, told: Told) -> Session:
    """The proposer's session where the operator's copy of it stands."""
    history = session.history
    for event in told.history:
        history = with_event(history, event)
    state = told.history[-1].what
    digest = None if told.decision.digest is None else session.digest()
    return replace(
        session,
        state=state,
        decision=replace(told.decision, digest=digest),
        history=history,
    )


def was_asked(store: Store, session: Session, queue: str) -> bool:
    """Did its script ask in the queue while it ran?"""
    fd = store.open_session(session.id)
    try:
        asked = question(fd, store.owner)
    finally:
        os.close(fd)
    return asked is not None and (asked.queue, asked.user) == (queue, store.owner)


def lay_out_rest(store: Store, session: Session, queue: str) -> list[str]:
    """The script has ended: the operators' copies become whole. One line for the user.

    What was decided about here is nobody else's any more. ShannotError.
    """
    drop(store, session.id)
    theirs = any(event.person.uid != store.owner for event in session.history)
    if session.results or not (theirs or session.state == "pending"):
        withdraw(session.id, queue, store.owner)
        return []
    offer(store, session, queue)
    return [f"the operators can decide about the rest: it is in the queue {queue}"]
