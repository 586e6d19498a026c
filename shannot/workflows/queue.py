"""Two users: one proposes, another decides. `offer_session` on one side, `collect` on the other.

What is collected becomes a session of the operator's own: a copy, which nobody else can change, so
that everything after it (review, approval, execution) is as for any session. What its proposer says
of commands is not believed: the operator's policy decides again, the environment is the operator's
own, and a program that somebody else can exchange is refused.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from shannot.audit import AuditError
from shannot.effects.document import MalformedError
from shannot.effects.model import Effect, RunCommand
from shannot.effects.plan import MAX_NOTES, Plan, waiting
from shannot.errors import RefusedError, ShannotError, UnsuccessfulError
from shannot.policy.environment import base_environment
from shannot.policy.identity import identify
from shannot.policy.verdict import Command, decide
from shannot.sessions import offer
from shannot.sessions.accounts import name_of
from shannot.sessions.asking import ASKED
from shannot.sessions.collected import Ledger
from shannot.sessions.draft import IdTakenError
from shannot.sessions.model import Session
from shannot.sessions.store import Store
from shannot.workflows import auditing
from shannot.workflows.answers import hear, retell
from shannot.workflows.configuration import own_settings
from shannot.workflows.growing import grow_copy, question_of, still_grows
from shannot.workflows.profiles import make_profile
from shannot.workflows.waiting import lay_out_rest, was_asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shannot.policy.profile import Profile
    from shannot.workflows.request import Caller

MAX_WAITING = 100
"""Sessions of one user that wait here; further ones stay in the queue until some are decided."""
_SKEW = 3600  # seconds that a session may seem to come from the future


def offer_session(state: str, owner: int, session_id: str, queue: str) -> list[str]:
    """Lay a session out for the operators. One line for the user."""
    store = Store(state, owner)
    try:
        session = store.load(session_id)
        if was_asked(store, session, queue):
            return lay_out_rest(store, session, queue)
        if session.state != "pending" or session.history or not waiting(session.plan):
            return []  # somebody at this user's own terminal has decided already
        offer.offer(store, session, queue)
    except ShannotError as error:
        return [f"session {session_id} waits here only: {error}"]
    return [f"the operators can decide about it as well: it is in the queue {queue}"]


def collect(store: Store, caller: Caller) -> tuple[str, ...]:
    """Take over what other users have proposed, and what operators have answered to this one.

    One line for each entry that was refused. Raises UsageError for a wrong configuration,
    ShannotError where the queue cannot be read.
    """
    settings = own_settings(caller)
    if settings is None or settings.queue is None:
        return ()
    hear(store, settings.queue)
    queue_fd = offer.open_queue(settings.queue, store.owner)
    if queue_fd is None:
        return ()
    try:
        ledger = Ledger(os.path.dirname(store.root), store.owner)
        try:
            base = base_environment(caller.environment, caller.home)
            collector = _Collector(store, ledger, make_profile(settings, caller), base)
            return collector.collect(queue_fd, settings.queue)
        finally:
            ledger.close()
    finally:
        os.close(queue_fd)


class _Collector:
    """One look through the queue."""

    __slots__ = ("_base", "_ledger", "_profile", "_store", "_waiting")

    def __init__(
        self, store: Store, ledger: Ledger, profile: Profile, base: Mapping[str, str]
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._profile = profile
        self._base = base
        self._waiting: dict[str, int] = {}  # by user name

    def collect(self, queue_fd: int, queue: str) -> tuple[str, ...]:
        found = offer.entries(queue_fd)
        self._ledger.forget_all_but(found)
        refused: list[str] = []
        fresh: list[tuple[str, int]] = []
        for session_id, user in found:
            if user == self._store.owner:
                continue
            reason = self._ledger.reason(session_id, user)
            if reason is None and self._has(session_id, user):
                reason = self._noted(session_id, user)
            version = None if reason is None else self._ledger.version(reason)
            if version is not None:
                reason = self._grow(queue_fd, queue, session_id, version)
            if reason is None:
                fresh.append((session_id, user))
            if reason:
                refused.append(self._line(session_id, user, reason))
        if fresh:
            self._count()
        for session_id, user in fresh:
            if self._waiting.get(name_of(user), 0) >= MAX_WAITING:
                refused.append(self._line(session_id, user, "too many of this user's wait already"))
                continue
            reason = self._take(queue_fd, session_id, queue)
            if reason:
                refused.append(self._line(session_id, user, reason))
        return tuple(refused)

    def _line(self, session_id: str, user: int, reason: str) -> str:
        line = f"not taken from the queue: {session_id} of user {name_of(user)}: {reason}"
        if self._ledger.declined(session_id, user):
            line += f"; `shannot reject {session_id}` tells them"
        return line

    def _has(self, session_id: str, user: int) -> bool:
        """Was it taken over by somebody who was killed before that was noted?"""
        try:
            return self._store.summary(session_id).user == name_of(user)
        except ShannotError:
            return False

    def _count(self) -> None:
        for found in self._store.summaries():
            if not isinstance(found, MalformedError) and found.state in ("pending", "approved"):
                self._waiting[found.user] = self._waiting.get(found.user, 0) + 1

    def _noted(self, session_id: str, user: int) -> str:
        """The ledger's word for a session that is here. Where its script ran on, that is looked at
        once more."""
        if still_grows(self._store, session_id):
            self._ledger.growing(session_id, user, "")
        else:
            self._ledger.note(session_id, user)
        return self._ledger.reason(session_id, user) or ""

    def _grow(self, queue_fd: int, queue: str, session_id: str, known: str) -> str:
        """A session that was taken over while its script ran. Why it stays as it is, or ""."""
        if offer.version(queue_fd, session_id) == known:
            retell(self._store, session_id)
            return ""
        return self._take(queue_fd, session_id, queue, again=True)

    def _take(self, queue_fd: int, session_id: str, queue: str, again: bool = False) -> str:
        """Take one entry over; again: into the copy that there is. Why not, or ""."""
        user = -1
        try:
            version = offer.version(queue_fd, session_id)
            with offer.opened(queue_fd, session_id, f"{queue}/{session_id}") as entry:
                user = entry.owner
                session = self._settled(entry.session, session_id, user)
                if not again:
                    self._copy(entry, session, queue)
                elif reason := grow_copy(self._store, entry, session, queue):
                    return reason
        except UnsuccessfulError:
            return ""  # somebody is at work on it: the next time
        except (MalformedError, RefusedError, IdTakenError) as error:
            self._ledger.note(session_id, user, str(error))
            _record(self._store, "refused", session_id, {"verb": "collect", "message": str(error)})
            return str(error)
        except AuditError as error:
            return str(error)  # the next time, perhaps
        except OSError as error:
            return f"it cannot be read: {error.strerror}"
        if session.asking is None:
            self._ledger.note(session_id, user)
        else:
            self._ledger.growing(session_id, user, version)
        if again:
            return ""
        name = session.user
        self._waiting[name] = self._waiting.get(name, 0) + 1
        return ""

    def _copy(self, entry: offer.Offer, session: Session, queue: str) -> None:
        draft = self._store.draft()
        try:
            for name, data in entry.texts():
                draft.write(name, data)
            entry.copy_blobs(draft.blobs)
            asked = question_of(entry, session, queue, 0)
            if asked is not None:
                draft.write(ASKED, asked.to_json())
            by: dict[str, str | int] = {
                "proposed_by": session.user,
                "proposed_by_uid": session.uid,
                "plan_digest": session.digest(),
            }
            auditing.note(self._store, "collected", session.id, by)
            draft.commit(session)
        except BaseException:
            draft.discard()
            raise

    def _settled(self, session: Session, session_id: str, user: int) -> Session:
        """The session as it is here. MalformedError, RefusedError."""
        where = f"session {session_id}"
        if session.id != session_id or (session.uid, session.user) != (user, name_of(user)):
            raise MalformedError(f"{where} says it is another's, or another session")
        if session.state != "pending" or session.decision or session.history:
            raise MalformedError(f"{where} says it was decided about; only an operator does that")
        if not 0 < session.created <= time.time() + _SKEW:
            raise MalformedError(f"{where} says it was made at another time")
        if not waiting(session.plan):
            raise MalformedError(f"{where} changes nothing")
        if len(session.plan.notes) >= MAX_NOTES:
            raise MalformedError(f"{where} has too many notes")
        note = (
            f"proposed by user {session.user} (uid {user}), who can change what a command reads in"
            " this user's own directories until it is read"
        )
        effects = tuple(
            self._taken(number, effect, user, session.asking)
            if isinstance(effect, RunCommand)
            else effect
            for number, effect in enumerate(session.plan.effects, 1)
        )
        plan = Plan(tuple[Effect, ...](effects), session.plan.complete, (*session.plan.notes, note))
        host = os.uname().nodename
        return replace(session, plan=plan, host=host, parent=None, plan_digest="")

    def _taken(self, number: int, effect: RunCommand, user: int, asking: int | None) -> RunCommand:
        """As `_command`. What a script waits for is shown all the same, so that somebody can say
        no: it would wait for ever."""
        if effect.state == "barred":
            raise MalformedError(f"effect {number} says what only an operator's copy does")
        try:
            return self._command(number, effect, user)
        except RefusedError as error:
            if number != asking:
                raise
            return replace(effect, state="barred", rule="", reason=str(error))

    def _command(self, number: int, effect: RunCommand, user: int) -> RunCommand:
        """The command as the operator's own shannot would have recorded it. RefusedError."""
        if effect.state in ("done", "refused"):
            return replace(effect, reason=f"user {name_of(user)} says: {effect.reason}")
        verdict = decide(
            Command(effect.argv, effect.directory, (), effect.executable), self._profile
        )
        if verdict.decision == "deny":
            raise RefusedError(f"effect {number} is denied here: {verdict.reason}")
        identity = identify(effect.executable, {0, self._store.owner})
        if identity is None or identity.flaw or identity.path != effect.executable:
            flaw = identity.flaw if identity else ""
            raise RefusedError(
                f"effect {number}: the program {effect.executable}"
                f" {flaw or 'is not on this machine under that name'}"
            )
        more = _additions(effect.environment, self._base)
        if more:
            raise RefusedError(f"effect {number} sets {more}, which a proposal cannot")
        return replace(
            effect,
            environment=tuple(sorted(self._base.items())),
            rule=verdict.rule,
            reason=verdict.reason,
        )


def _additions(environment: Collection[tuple[str, str]], base: Mapping[str, str]) -> str:
    """A name that is none of those which every command is given, or ""."""
    usual = {*base, "LANG", "TZ"}
    return next((name for name, _ in environment if name not in usual), "")


def _record(store: Store, event: str, session_id: str, fields: dict[str, str]) -> None:
    """That something was refused is recorded where it can be."""
    try:
        auditing.note(store, event, session_id, fields)
    except AuditError:
        pass
