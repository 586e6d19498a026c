"""What the screen reads and decides, all of it by the workflows: its only way to the store."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shannot.effects.diff import MAX_CONTENTS
from shannot.effects.model import Effect, MovePath, RunCommand
from shannot.effects.plan import Plan
from shannot.errors import ShannotError
from shannot.sessions.live import is_live
from shannot.workflows import approve as deciding
from shannot.workflows import review as reading
from shannot.workflows.answers import answer
from shannot.workflows.configuration import approval_lifetime, operators_queue
from shannot.workflows.contents import diff
from shannot.workflows.execute import execute
from shannot.workflows.person import person
from shannot.workflows.present_rules import present_rules
from shannot.workflows.protected import protected_places
from shannot.workflows.queue import collect
from shannot.workflows.rollback import plan_rollback, rollback

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.effects.dependencies import Gap
    from shannot.effects.diff import Diff
    from shannot.sessions.apply import Observer, Options
    from shannot.sessions.command import Sinks
    from shannot.sessions.decision import Decision
    from shannot.sessions.model import Session
    from shannot.sessions.store import Store
    from shannot.workflows.execute import ExecuteResult
    from shannot.workflows.request import Caller
    from shannot.workflows.review import Listing, Review
    from shannot.workflows.rollback import RollbackPlan, RollbackResult


Moves = tuple[tuple[int, Effect], ...]


def moves_of(session: Session) -> Moves:
    """The effects, with their numbers, that decide where contents stand on the host now."""
    effects = enumerate(session.plan.effects, 1)
    return tuple((number, effect) for number, effect in effects if isinstance(effect, MovePath))


@dataclass(frozen=True, slots=True)
class Desk:
    """One person at one terminal, before one store."""

    store: Store
    caller: Caller
    terminal: str
    """Its name, for the record of who decided."""

    def listing(self) -> Listing:
        """All sessions, oldest first, with what other users have proposed until now."""
        try:
            refused = collect(self.store, self.caller)
        except ShannotError as error:
            refused = (str(error),)
        found = reading.list_sessions(self.store)
        return replace(found, broken=(*found.broken, *refused))

    def review(self, session_id: str) -> Review:
        return reading.show(self.store, session_id, present_rules(self.caller))

    def diff(self, session: Session, number: int, moves: Moves) -> Diff | None:
        """What one effect changes in contents; None where it changes none.

        moves: the session's (`moves_of`), so that not all its effects are gone through each time.
        """
        before = tuple(move for place, move in moves if place < number)
        alone = Plan((*before, session.plan.effects[number - 1]))
        found = diff(self.store, replace(session, plan=alone), [len(alone.effects)])
        return found[0].diff if found else None

    def stdin(self, session: Session, command: RunCommand) -> bytes | None:
        """What a command is given to read; None where that is too long to be shown."""
        if command.stdin_sha256 is None:
            return b""
        with self.store.blobs(session.id) as blobs:
            return blobs.read(command.stdin_sha256, MAX_CONTENTS)

    def script(self, session: Session) -> bytes:
        return self.store.script(session)

    def contents(self, session: Session, name: str) -> bytes:
        """A file of the session: `stdout`, `output/3.stderr`."""
        return self.store.contents(session.id, name)

    def gaps(self, session: Session, chosen: Sequence[int]) -> tuple[Gap, ...]:
        """What a choice leaves out that it rests on."""
        return deciding.gaps(session, chosen)

    def approve(self, review: Review, chosen: Sequence[int]) -> Session:
        """Approve what `review` has shown. The person was shown the gaps of the choice, too."""
        decided = deciding.approve(
            self.store,
            review.session.id,
            chosen,
            displayed_digest=review.digest,
            person=person(self.caller, self.terminal),
            now=int(time.time()),
            lifetime=approval_lifetime(self.caller) or deciding.LIFETIME,
            accept_gaps=True,
        )
        answer(self.store, self.caller, decided)
        return decided

    def reject(self, session_id: str, reason: str) -> Session:
        decided = deciding.reject(
            self.store,
            session_id,
            reason=reason,
            person=person(self.caller, self.terminal),
            now=int(time.time()),
        )
        answer(self.store, self.caller, decided)
        return decided

    def execute(
        self,
        session_id: str,
        options: Options,
        sinks: Sinks,
        observe: Observer,
        shown: Decision | None = None,
    ) -> ExecuteResult:
        """Execute what was approved. shown: by the decision that the person was shown, no other."""

        def loaded(session: Session) -> None:
            if shown is not None:
                deciding.check_decision(session, shown)

        result = execute(
            self.store,
            session_id,
            options,
            sinks,
            protected_places(self.store, self.caller),
            observe,
            person=person(self.caller, self.terminal),
            now=int(time.time()),
            profile=present_rules(self.caller)(),
            queue=operators_queue(self.caller),
            loaded=loaded,
        )
        answer(self.store, self.caller, result.session)
        return result

    def plan_rollback(self, session_id: str, force: bool) -> RollbackPlan:
        """What it would put back, and what stands in its way."""
        return plan_rollback(self.store, session_id, force=force)

    def rollback(self, session_id: str, force: bool, observe: Observer) -> RollbackResult:
        result = rollback(
            self.store,
            session_id,
            protected_places(self.store, self.caller),
            observe,
            force=force,
            person=person(self.caller, self.terminal),
            now=int(time.time()),
        )
        answer(self.store, self.caller, result.session)
        return result

    def is_live(self, session_id: str) -> bool:
        """Does its script still run?"""
        return is_live(self.store, session_id)
