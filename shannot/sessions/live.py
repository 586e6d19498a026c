"""A session whose script still runs, and waits for a person's decision about its last command.

Theory of operation
-------------------
The session is committed at the first question, and its plan grows with each: all effects up to the
command that is asked about. What was there before keeps its number, so journal and checkpoint are
one for all that is ever done of it. To a reviewer it is a pending session like any other; approved
and executed, its file effects are done first, in order, then the command, whose result is what the
script gets. A rejection is a no to this one command, and the script goes on.

Only the run itself makes the plan grow, and only where no execution is under way: it holds the
session's lock for that, as every transition does. Nothing is lost where it is killed between two
writes: the new plan is there under another name before session.json names its digest.

    plan.next.json    written, synced
    session.json      replaced: it names the new plan, the state is pending
    plan.json         plan.next.json renamed to it

While the run lives it holds a lock (flock) on the file `live`. Who finds that lock free knows that
nobody waits any more: the session is then an incomplete one like that of any script that was ended.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from dataclasses import replace

from shannot.effects import plan as plans
from shannot.effects.document import dump
from shannot.effects.plan import Plan
from shannot.errors import ShannotError
from shannot.escape import escape
from shannot.sessions import files
from shannot.sessions.asking import question, stands
from shannot.sessions.decision import Decision
from shannot.sessions.draft import Draft
from shannot.sessions.head import dump_head
from shannot.sessions.lifecycle import State
from shannot.sessions.model import MAX_PLAN, Session
from shannot.sessions.reading import NEXT_PLAN, PLAN
from shannot.sessions.store import Lock, Store

LIVE = "live"

# What a run makes of its session when it asks the next question, and when it ends. An execution
# that was killed is not its to end.
NEXT: Mapping[State, State] = {
    "pending": "pending",
    "approved": "pending",
    "rejected": "pending",
    "executed": "pending",
    "failed": "pending",
}


class LiveSession:
    """The run's own hold on its session."""

    __slots__ = ("_draft", "_fd", "_store", "done", "id")

    def __init__(self, store: Store, draft: Draft, session: Session) -> None:
        """Commit the session, and keep it. IdTakenError as from `Draft.commit`."""
        self._store = store
        self._draft = draft
        self.id = session.id
        self.done: set[int] = set()
        """What an operator has executed of it, in the copy that is the operator's."""
        self._fd = draft.hold(LIVE)
        try:
            draft.commit(session, live=True)
        except BaseException:
            os.close(self._fd)
            draft.drop(LIVE)
            raise

    def ask(self, plan: Plan, number: int) -> Session:
        """The script waits for a decision about effect number, the last one of plan."""
        with self._store.lock(self.id, "run", patience=2.0) as lock:
            session = lock.load()
            if session.state not in NEXT:
                raise ShannotError(f"session {self.id} is {session.state}: `shannot execute` first")
            asked = replace(
                session,
                plan=plan,
                plan_digest="",
                state=NEXT[session.state],
                decision=None,
                asking=number,
            )
            grow(lock, asked)
            return asked

    def end(
        self, ended: Session, outputs: Mapping[str, bytes], patience: float
    ) -> tuple[Session, int]:
        """The run is over: the whole plan, and how it came out. (the session, effects that wait)

        ended: as a run without questions would keep it; its id, state and history do not count.
        outputs: files, `stdout` and `stderr` among them. patience: seconds to wait for an
        execution under way.
        """
        with self._store.lock(self.id, "run", patience) as lock:
            session = lock.load()
            done = {result.number for result in session.results if result.state == "done"}
            done |= self.done
            waits = len(set(plans.waiting(ended.plan)) - done)
            whole = replace(
                ended,
                id=session.id,
                created=session.created,
                state=final(session, waits),
                decision=bound(session, ended.plan),
                history=session.history,
                results=session.results,
                plan_digest="",
                asking=None,
            )
            if whole.state == "pending":
                whole = replace(whole, decision=None)
            for name, data in outputs.items():
                files.replace(name, lock.directory_fd, data)
            grow(lock, whole)
        self.close()
        return whole, waits

    def close(self) -> None:
        """Nobody waits any more."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            self._draft.close()


def bound(session: Session, plan: Plan) -> Decision | None:
    """The last approval, which stays one where all that it names is unchanged in the whole plan."""
    decision = session.decision
    if decision is None or decision.digest is None:
        return decision
    before = session.plan.effects
    if all(before[n - 1] == plan.effects[n - 1] for n in decision.effects):
        return replace(decision, digest=plans.digest(plan))
    return decision


def final(session: Session, waits: int) -> State:
    if session.state in ("executing", "failed", "rolling-back", "rolled-back"):
        return session.state
    if waits:
        return "pending"
    return "rejected" if session.state == "rejected" else "executed"


def grow(lock: Lock, session: Session) -> None:
    """Replace plan and head of the session that is locked. ShannotError."""
    plan = dump(plans.to_json(session.plan)).encode("ascii")
    if len(plan) > MAX_PLAN:
        raise ShannotError(f"the plan is larger than {MAX_PLAN >> 20} MiB and cannot be kept")
    try:
        files.replace(NEXT_PLAN, lock.directory_fd, plan)
        files.replace("session.json", lock.directory_fd, dump_head(session))
        fd = lock.directory_fd
        os.replace(NEXT_PLAN, PLAN, src_dir_fd=fd, dst_dir_fd=fd)
        os.fsync(fd)
    except OSError as error:
        raise ShannotError(f"{escape(lock.path)} cannot be written: {error.strerror}") from error


def is_live(store: Store, session_id: str) -> bool:
    """Does the script of this session still run? In an operator's copy: does it wait for what the
    copy asks?"""
    directory_fd = store.open_session(session_id)
    try:
        asked = question(directory_fd, store.owner)
        if asked is not None and asked.user != store.owner:
            return stands(asked, session_id)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            fd = os.open(LIVE, flags, dir_fd=directory_fd)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False
    finally:
        os.close(directory_fd)
