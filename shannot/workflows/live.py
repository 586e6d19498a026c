"""Decisions while a script runs: `--on-ask=prompt` and `--on-ask=wait`. `Decider` of `spec.py`.

Each question is the run's session, grown up to the command that is asked about
(`sessions/live.py`). With `wait` somebody approves and executes that session as any other, at
another terminal or as another user (`waiting.py`), and the result is the script's. With `prompt`
the same happens here: the answer yes is an approval, and the execution follows at once. Questions
of one run are asked one after the other.

Called on the performer's threads; the mediator goes on meanwhile.
"""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from shannot.effects.model import RunCommand
from shannot.effects.plan import Plan
from shannot.errors import REFUSED, ShannotError
from shannot.sessions.apply import Options
from shannot.sessions.command import Sinks
from shannot.sessions.model import RunOutcome
from shannot.workflows import review
from shannot.workflows.approve import LIFETIME, approve, possible, reject
from shannot.workflows.configuration import operators_queue
from shannot.workflows.execute import execute
from shannot.workflows.person import person
from shannot.workflows.profiles import present_profile
from shannot.workflows.protected import protected_places
from shannot.workflows.record import make_session
from shannot.workflows.waiting import Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shannot.effects.model import Effect
    from shannot.sandbox.spec import WaitingProcess
    from shannot.sessions.live import LiveSession
    from shannot.sessions.model import EffectResult, Session
    from shannot.sessions.store import Store
    from shannot.workflows.face import Answer, Face
    from shannot.workflows.record import Circumstances, Recorder
    from shannot.workflows.request import Caller
    from shannot.workflows.review import Review

_LOOK = 0.2  # seconds between looks at the session of a script that waits
_EARLIER = 5.0  # seconds that an earlier command has to come to its question: it may read stdin
_SETTLE = 10.0  # seconds that decisions under way have when the script has ended


class LiveDecisions:
    """All decisions of one run."""

    __slots__ = (
        "_always", "_asking", "_busy", "_caller", "_came", "_changed", "_circumstances", "_face",
        "_latest", "_mode", "_profile", "_quit", "_recorder",
    )  # fmt: skip

    def __init__(
        self,
        mode: Literal["prompt", "wait"],
        recorder: Callable[[], Recorder],
        circumstances: Circumstances,
        caller: Caller,
        profile: str | None,
        face: Face,
    ) -> None:
        """profile: its name or file, as it was asked for; None leaves it to the configuration."""
        self._mode = mode
        self._recorder = recorder
        self._circumstances = circumstances
        self._caller = caller
        self._profile = profile
        self._face = face
        self._changed = threading.Condition()
        self._asking: list[int] = []
        self._came: set[int] = set()  # the numbers that have asked so far
        self._latest = 0  # the number that was asked about last
        self._busy = False
        self._quit = False
        self._always: set[Effect] = set()

    def __call__(self, effects: Sequence[Effect], waiting: WaitingProcess) -> int | None:
        """`Decider`: the exit status, -1 for no, None where nobody decided."""
        number = len(effects)
        if not self._take_turn(number, _undecided(effects), waiting):
            return None
        try:
            return None if self._quit else self._decide(tuple(effects), number, waiting)
        except ShannotError as error:
            self._face.say(f"nobody can be asked about a command: {error}")
            return None
        except KeyboardInterrupt:
            self._face.say("the command was stopped, as the script was")
            return None
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def settle(self) -> None:
        """The script has ended: let what is under way come to its end."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, _SETTLE)

    def _take_turn(self, number: int, before: set[int], waits: WaitingProcess) -> bool:
        """Wait until the questions before it are answered. False where that is too late.

        before: the numbers of commands before it that wait for a decision as well. Each asks on a
        thread of its own, and that may be slower; but a plan only grows.
        """
        patience = time.monotonic() + _EARLIER
        with self._changed:
            self._asking.append(number)
            self._came.add(number)
            self._changed.notify_all()
        while not waits.is_gone(0):
            with self._changed:
                in_order = before <= self._came or time.monotonic() > patience
                if not self._busy and number == min(self._asking) and in_order:
                    self._asking.remove(number)
                    if number < self._latest:
                        self._face.say("a command was not asked about: a later one was, before it")
                        self._changed.notify_all()
                        return False
                    self._busy = True
                    self._latest = number
                    return True
                self._changed.wait(_LOOK)
        with self._changed:
            self._asking.remove(number)
            self._changed.notify_all()
        return False

    def _decide(
        self, effects: tuple[Effect, ...], number: int, waits: WaitingProcess
    ) -> int | None:
        live = self._grow(Plan(effects, complete=False), number)
        if self._mode == "prompt":
            return self._prompt(live, waits)
        wait = Wait(self._recorder().store, operators_queue(self._caller), self._face)
        return wait.decide(live, number, waits)

    def _grow(self, plan: Plan, number: int) -> LiveSession:
        recorder = self._recorder()
        if recorder.live is not None:
            recorder.live.ask(plan, number)
            return recorder.live
        outcome = RunOutcome(0, complete=False)
        session = make_session(recorder, self._circumstances, outcome, plan)
        return recorder.begin_live(replace(session, asking=number), self._circumstances.script)

    # -- decided here ----------------------------------------------------------------------------

    def _prompt(self, live: LiveSession, waits: WaitingProcess) -> int | None:
        store = self._recorder().store
        complaint = ""
        while True:
            shown = review.show(store, live.id)
            numbers = possible(shown.session)
            answer = self._answer(store, shown, numbers, complaint, waits)
            match answer:
                case "gone":
                    return None
                case "quit":
                    self._quit = True
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                    return None
                case "no":
                    who = person(self._caller, self._face.where())
                    reason = "answered no"
                    reject(store, live.id, reason=reason, person=who, now=int(time.time()))
                    return -1
                case "yes" | "always":
                    try:
                        return self._do(store, shown, numbers, waits)
                    except ShannotError as error:
                        complaint = str(error)

    def _answer(
        self,
        store: Store,
        shown: Review,
        numbers: Sequence[int],
        complaint: str,
        waits: WaitingProcess,
    ) -> Answer:
        """The person's, or the one given before to the same command where no file has changed."""
        command = shown.session.plan.effects[-1]
        # The whole effect: the same words with something else on stdin are another command.
        if command in self._always and len(numbers) == 1 and not complaint:
            return "always"
        answer = self._face.ask(store, shown, numbers, complaint, waits.is_gone)
        if answer == "always":
            self._always.add(command)
        return answer

    def _do(
        self, store: Store, shown: Review, numbers: Sequence[int], waits: WaitingProcess
    ) -> int | None:
        """Approve what was shown, and do it; the script gets the output as it comes."""
        session_id, number = shown.session.id, len(shown.session.plan.effects)
        who, now = person(self._caller, self._face.where()), int(time.time())
        approve(
            store,
            session_id,
            numbers,
            displayed_digest=shown.digest,
            person=who,
            now=now,
            lifetime=LIFETIME,
        )
        # The rules as they are now: also a yes does not go past a denial that came since.
        profile = present_profile(self._caller, self._profile)
        done = execute(
            store,
            session_id,
            Options(incomplete=True),
            Sinks(_Stream(waits, 1), _Stream(waits, 2), waits.is_killed),
            protected_places(store, self._caller),
            person=who,
            now=now,
            profile=profile,
        )
        result = _result(done.session, number)
        if result is None or result.exit_status is None:
            problem = next((r.message for r in done.results if r.state == "failed"), "")
            self._face.say(f"the command was not run: {problem}")
            return REFUSED
        return result.exit_status


def _undecided(effects: Sequence[Effect]) -> set[int]:
    """The commands before the last that wait for a decision, by number."""
    return {
        number
        for number, effect in enumerate(effects[:-1], 1)
        if isinstance(effect, RunCommand) and effect.state == "asked"
    }


class _Stream:
    """A command's output on its way to the script (`Sink`)."""

    __slots__ = ("_number", "_waits")

    def __init__(self, waits: WaitingProcess, number: int) -> None:
        self._waits = waits
        self._number = number

    def write(self, data: bytes, /) -> None:
        self._waits.write(self._number, data)


def _result(session: Session, number: int) -> EffectResult | None:
    return next((result for result in session.results if result.number == number), None)
