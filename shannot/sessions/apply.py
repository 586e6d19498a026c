"""Execute approved effects on this host, in order, as they were recorded.

Theory of operation
-------------------
*Preflight* looks at everything before anything changes: the digest of the plan is the approved one,
contents match their names, no effect is in a forbidden place, the disks have room, and a forecast
of the host (`forecast.py`) through which the chosen effects are run finds at each point what was
recorded. Any conflict stops everything, unless `skip_conflicts` leaves those effects out.

Then each effect, in this order:

1. compare   its place is opened without following links, and what stands there is compared once
             more with what was recorded (a command before it may have changed it);
2. save      what will be lost is copied to `checkpoint/`, from the same reading;
3. begin     a synced line in the journal: the effect's number and what was saved;
4. change    the new thing is finished under a temporary name beside the place and renamed there;
5. end       a line in the journal with the result, synced with the next one's begin; a command's
             at once.

Killed before 3, nothing has happened. Killed after 5, it is done and never done again. Killed
between, the effect is *open*: a file effect is looked at, and is either as it will be (then it is
taken as done), or still as it was (a deletion: partly), and is done; its leftover under the
temporary name is removed. An open command may or may not have had its effect, which nobody can
see from here: it is named as interrupted, and everything stops until the caller says `redo` or
`skip`. The same holds for a command that ended badly: it is not started a second time unasked.

Where the machine itself goes down, what is synced counts. The change and its directory are, before
the next begin is; so at most the last effect that was begun has lost its end, and is open.

What remains: between 1 and 4 another process may change the file that is replaced, in the time of
one copy; the kernel offers no compare-and-rename. Where nothing stood, rename is told to replace
nothing, and a directory is removed entry by entry, so what was added since survives.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from shannot.effects.model import Effect, RunCommand
from shannot.errors import RefusedError, ShannotError, UnsuccessfulError
from shannot.escape import escape
from shannot.sessions import command, preflight
from shannot.sessions.blobs import BlobDirectory
from shannot.sessions.command import Sinks
from shannot.sessions.filling import parents, relaxed, unsettled
from shannot.sessions.forecast import Forecast
from shannot.sessions.foresight import Operator, has_happened
from shannot.sessions.journal import Journal, JournalError, Progress
from shannot.sessions.model import EffectResult, Session
from shannot.sessions.place import ConflictError, Protected
from shannot.sessions.steps import FileEffect, Steps
from shannot.sessions.store import Lock

Observer = Callable[[str, int], None]
"""Told ("begin" | "change" | "end", number) right after each point of no return."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to execute."""

    incomplete: bool = False
    """Also where the script did not come to its end."""
    keep_going: bool = False
    """A failed effect does not stop those after it."""
    skip_conflicts: bool = False
    """Leave out what the host no longer allows, do the rest."""
    redo: bool = False
    """Start a command again that was interrupted or has failed."""
    skip: bool = False
    """Leave such a command as it is and go on after it."""
    timeout: float = 600.0
    """Seconds for each command."""


def check_approval(session: Session, options: Options, begun: bool, now: int) -> tuple[int, ...]:
    """The approved numbers. RefusedError where the approval is not for this plan, or is too old.

    begun: something of it has been done, so the rest may follow at any time. now: seconds since
    the epoch; a clock that was set back makes nothing expire.
    """
    decision = session.decision
    if decision is None or decision.digest is None:
        raise RefusedError(f"session {session.id} is not approved; `shannot approve {session.id}`")
    if decision.digest != session.digest():
        raise RefusedError(f"the plan of session {session.id} is not the one that was approved")
    if decision.expires is not None and now >= decision.expires and not begun:
        raise RefusedError(
            f"the approval of session {session.id} has expired; `shannot approve {session.id}`"
        )
    if not session.plan.complete and not options.incomplete:
        raise RefusedError(
            f"the plan of session {session.id} is incomplete: the script was stopped;"
            " --incomplete executes it all the same"
        )
    return decision.effects


class Execution:
    """One execution of one locked session: `prepare` changes nothing, then `perform`."""

    __slots__ = (
        "_blobs", "_chosen", "_effects", "_kept", "_lock", "_observe", "_options", "_progress",
        "_protected", "_results",
    )  # fmt: skip

    def __init__(
        self,
        lock: Lock,
        session: Session,
        options: Options,
        protected: Protected,
        now: int,
        observe: Observer | None = None,
    ) -> None:
        self._lock = lock
        self._options = options
        self._protected = protected
        self._observe: Observer = observe or _unobserved
        self._progress: Progress = lock.progress()
        begun = bool(self._progress.begun or self._progress.results)
        self._chosen = check_approval(session, options, begun, now)
        self._effects: Mapping[int, Effect] = dict(enumerate(session.plan.effects, 1))
        self._results: dict[int, EffectResult] = dict(self._progress.results)

    def prepare(self) -> tuple[preflight.Conflict, ...]:
        """Look at everything. Returns the conflicts that will be skipped, raises for all others.

        UnsuccessfulError for a conflict or an interrupted command, RefusedError for a forbidden
        place, MalformedError for contents that were changed.
        """
        self._check_commands()
        waiting = {number: self._effects[number] for number in self._waiting()}
        effects = tuple(waiting.values())
        preflight.check_places(effects, self._protected)
        with self._lock.store.blobs(self._lock.session_id) as blobs:
            preflight.check_blobs(effects, blobs)
        preflight.check_space(effects, self._lock.path)
        begun = frozenset(self._progress.begun)
        conflicts = preflight.find_conflicts(waiting, begun, Operator.current())
        if conflicts and not self._options.skip_conflicts:
            raise UnsuccessfulError(_conflict_message(conflicts))
        for conflict in conflicts:
            self._results[conflict.number] = EffectResult(
                conflict.number, "skipped", conflict.message
            )
        return conflicts

    def perform(self, sinks: Sinks) -> tuple[EffectResult, ...]:
        """Do what `prepare` found possible. The results of all effects so far, by number."""
        os.makedirs(f"{self._lock.path}/checkpoint", 0o700, exist_ok=True)
        store, session_id = self._lock.store, self._lock.session_id
        journal = Journal(self._lock.directory_fd)
        with ExitStack() as stack:
            stack.callback(journal.close)
            blobs = stack.enter_context(store.blobs(session_id))
            kept = stack.enter_context(store.blobs(session_id, "checkpoint"))
            steps = Steps(session_id, blobs, kept, self._protected)
            self._record_skipped(journal)
            filled = parents(self._effects[number] for number in self._chosen)
            for number in self._waiting():
                effect = self._effects[number]
                if isinstance(effect, RunCommand):
                    self._settle(steps, number)
                    result = self._run(journal, number, effect, blobs, sinks)
                else:
                    result = self._change(journal, number, relaxed(effect, filled), steps)
                journal.end(result, sync=isinstance(effect, RunCommand))
                self._observe("end", number)
                self._results[number] = result
                if result.state == "failed" and not self._options.keep_going:
                    break
            self._settle(steps, len(self._effects) + 1)
        return tuple(result for _, result in sorted(self._results.items()))

    def succeeded(self) -> bool:
        """Is every chosen effect done, or was left out because the user said so?"""
        states = [self._results.get(number) for number in self._chosen]
        return all(result is not None and result.state != "failed" for result in states)

    def _waiting(self) -> tuple[int, ...]:
        """The chosen effects that still have to be done."""
        ended = {n for n, result in self._results.items() if result.state in ("done", "skipped")}
        return tuple(number for number in self._chosen if number not in ended)

    def _check_commands(self) -> None:
        """A command that was begun is not begun again unless the caller says so."""
        for number in self._waiting():
            effect = self._effects[number]
            if not isinstance(effect, RunCommand) or number not in self._progress.begun:
                continue
            if self._options.skip:
                message = "left as it was"
                self._results[number] = EffectResult(number, "skipped", message)
            elif not self._options.redo:
                result = self._results.get(number)
                what = "was interrupted" if result is None else "failed"
                raise UnsuccessfulError(
                    f"effect {number}, the command {escape(effect.argv[0])}, {what};"
                    " --redo runs it again, --skip goes on without it"
                )

    def _record_skipped(self, journal: Journal) -> None:
        for number, result in sorted(self._results.items()):
            if result != self._progress.results.get(number):
                journal.end(result)

    def _change(
        self, journal: Journal, number: int, effect: FileEffect, steps: Steps
    ) -> EffectResult:
        original = self._progress.begun.get(number)
        try:
            if original is not None and has_happened(Forecast(), effect):
                with steps.open(effect) as step:
                    step.clean()
                return EffectResult(number, "done")
            with steps.open(effect) as step:
                try:
                    present = step.save(partial=original is not None)
                except OSError as error:
                    message = f"what stands there cannot be saved first: {error.strerror}"
                    return EffectResult(number, "failed", f"{escape(effect.path)}: {message}")
                if original is None:
                    journal.begin(number, present)
                self._observe("begin", number)
                step.change(present, original or present)
                self._observe("change", number)
        except JournalError:
            raise
        except ShannotError as error:
            return EffectResult(number, "failed", str(error))
        except OSError as error:
            return EffectResult(number, "failed", f"{escape(effect.path)}: {error.strerror}")
        return EffectResult(number, "done")

    def _run(
        self, journal: Journal, number: int, effect: RunCommand, blobs: BlobDirectory, sinks: Sinks
    ) -> EffectResult:
        try:
            command.check_program(effect)
        except ConflictError as error:
            return EffectResult(number, "failed", str(error))
        journal.begin(number, ())
        self._observe("begin", number)
        try:
            ended = command.run(effect, blobs, self._options.timeout, sinks)
        except ShannotError as error:
            return EffectResult(number, "failed", str(error))
        except OSError as error:
            return EffectResult(number, "failed", f"it could not be followed: {error.strerror}")
        self._observe("change", number)
        unkept = self._keep_output(number, ended)
        result = EffectResult(
            number, "done", unkept, ended.exit_status, ended.stdout_size, ended.stderr_size
        )
        if ended.error:
            return replace(result, state="failed", message=ended.error)
        if ended.timed_out:
            message = f"it did not end within {self._options.timeout:g} seconds"
            return replace(result, state="failed", message=message)
        if ended.exit_status:
            message = f"it ended with exit status {ended.exit_status}"
            return replace(result, state="failed", message=message)
        return result

    def _keep_output(self, number: int, ended: command.Ended) -> str:
        """Why the output could not be kept, which is no fault of the command; else ""."""
        try:
            command.keep(self._lock.directory_fd, number, ended)
        except OSError as error:
            return f"its output could not be kept: {error.strerror}"
        return ""

    def _settle(self, steps: Steps, end: int) -> None:
        """What effects before the number `end` have filled gets its recorded mode and time."""
        done = {n for n, result in self._results.items() if result.state == "done"}
        before = [n for n in self._chosen if n < end]
        for effect in unsettled(before, self._effects, done):
            steps.settle(effect)


def _unobserved(_event: str, _number: int) -> None:
    """Nobody looks on."""


def _conflict_message(conflicts: tuple[preflight.Conflict, ...]) -> str:
    first = conflicts[0]
    more = f" (and {len(conflicts) - 1} more)" if len(conflicts) > 1 else ""
    return (
        f"nothing was changed: effect {first.number}: {first.message}{more};"
        " --skip-conflicts does the rest"
    )
