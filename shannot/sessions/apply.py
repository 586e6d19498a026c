"""Execute approved effects on this host, in order, as they were recorded.

Theory of operation
-------------------
*Preflight* looks at everything before anything changes: contents match their names, no effect is in
a forbidden place, the disks have room, and a forecast of the host (`forecast.py`) through which the
chosen effects are run finds at each point what was recorded. Any conflict stops everything, unless
`skip_conflicts` leaves those effects out.

Then come the effects, in their order. Those on files go in *batches* (`batch.py`): neighbours that
do not rest on one another, up to the next command. A batch has six steps:

1. compare   each place is opened without following links, and what stands there is compared once
             more with what was recorded (a command before it may have changed it);
2. save      what will be lost is copied to `checkpoint/`, from the same reading;
3. begin     a line in the journal for each: the effect's number and what was saved; up to 64
   effects that have come through 1 and 2 are begun with one write(2);
4. make      each new thing of those is finished under a temporary name;
5. sync      all of this reaches the disk: one syncfs(2) of each filesystem, or an fsync(2) of each
             file where there are few;
6. change    each is renamed to its place (or what was saved is removed), after a last look at it;
   then the directories are synced, and only then the results written to the journal.

Killed before 3, nothing has happened. Killed after 6, it is done and never done again. Killed
between, the effects of that batch are *open*: each is looked at, and is either as it will be (then
it is taken as done), or still as it was (a deletion: partly), and is done; its leftover under the
temporary name, which is made of session and number, is removed.

Where the machine itself goes down, what is synced counts. No change is made before all that is
needed to take it back is on the disk, and no result is written before its change is. So nothing is
lost and nothing is done twice: a batch whose results did not reach the disk is open.

A *command* is a batch of its own. Its begin is synced before it starts, its end as soon as it has
ended. An open command may or may not have had its effect, which nobody can see from here: it is
named as interrupted, and everything stops until the caller says `redo` or `skip`. The same holds
for a command that ended badly: it is not started a second time unasked.

A rollback is an execution as well: of the inverse effects, backwards (`inverse.py`), with a journal
and a checkpoint of its own. What is already as it was counts as done there.

What remains: between the last look in 6 and its rename another process may change the file that is
replaced; the kernel offers no compare-and-rename. Where nothing stood, rename is told to replace
nothing, and a directory is removed entry by entry, so what was added since survives.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass

from shannot.effects.model import RunCommand
from shannot.errors import ShannotError, UnsuccessfulError
from shannot.escape import escape
from shannot.sessions import command, preflight
from shannot.sessions.batch import Batch, Observer, unobserved
from shannot.sessions.blobs import BlobDirectory
from shannot.sessions.command import Sinks
from shannot.sessions.disks import Disks
from shannot.sessions.filling import parents, relaxed, unsettled
from shannot.sessions.forecast import Forecast
from shannot.sessions.foresight import Operator
from shannot.sessions.happened import has_happened
from shannot.sessions.journal import Journal, Progress
from shannot.sessions.model import EffectResult
from shannot.sessions.place import ConflictError, Protected
from shannot.sessions.steps import FileEffect, Steps
from shannot.sessions.store import Lock
from shannot.sessions.work import Options, Work

__all__ = ["Execution", "Observer", "Options", "Work"]

FEW = 8
"""File effects in a row up to which each file is synced by itself."""


class Execution:
    """One execution of one locked session: `prepare` changes nothing, then `perform`."""

    __slots__ = (
        "_effects", "_known", "_lock", "_made", "_observe", "_options", "_progress", "_protected",
        "_results", "_work",
    )  # fmt: skip

    def __init__(
        self,
        lock: Lock,
        work: Work,
        options: Options,
        protected: Protected,
        progress: Progress,
        observe: Observer | None = None,
    ) -> None:
        """progress: what the journal of this work says."""
        self._lock = lock
        self._work = work
        self._effects = work.effects
        self._known: dict[str, bytes] = {}
        self._made: frozenset[str] | None = None
        self._options = options
        self._protected = protected
        self._observe: Observer = observe or unobserved
        self._progress = progress
        self._results: dict[int, EffectResult] = dict(progress.results)

    def prepare(self) -> tuple[preflight.Conflict, ...]:
        """Look at everything. Returns the conflicts that will be skipped, raises for all others.

        UnsuccessfulError for a conflict or an interrupted command, RefusedError for a forbidden
        place, MalformedError for contents that were changed.
        """
        self._check_commands()
        waiting = {number: self._effects[number] for number in self._waiting()}
        effects = tuple(waiting.values())
        preflight.check_places(effects, self._protected)
        if waiting:
            with self._lock.store.blobs(self._lock.session_id, self._work.blobs) as blobs:
                self._known = preflight.check_blobs(effects, blobs)
        preflight.check_space(effects, self._lock.path)
        if self._work.foreseen:
            return ()
        begun = frozenset(self._progress.begun)
        conflicts = preflight.find_conflicts(waiting, begun, Operator.current(), self._own())
        if conflicts and not self._options.skip_conflicts:
            raise preflight.ConflictsError(conflicts, "--skip-conflicts does the rest")
        for conflict in conflicts:
            self._results[conflict.number] = EffectResult(
                conflict.number, "skipped", conflict.message
            )
        return conflicts

    def perform(self, sinks: Sinks) -> tuple[EffectResult, ...]:
        """Do what `prepare` found possible. The results of all effects so far, by number."""
        os.makedirs(f"{self._lock.path}/{self._work.kept}", 0o700, exist_ok=True)
        store, session_id = self._lock.store, self._lock.session_id
        with ExitStack() as stack:
            book = Journal(self._lock.directory_fd, self._work.journal)
            stack.callback(book.close)
            blobs = stack.enter_context(store.blobs(session_id, self._work.blobs))
            kept = stack.enter_context(store.blobs(session_id, self._work.kept))
            disks = Disks(together=False)
            wanted = self._work.restored, self._work.keep, self._known
            steps = Steps(session_id, blobs, kept, self._protected, disks, *wanted)
            batch = Batch(
                steps, disks, kept, book, self._progress.begun, self._observe, self._report,
                self._has_happened,
                limit=self._options.batch, keep_going=self._options.keep_going,
                lenient=self._work.lenient,
            )  # fmt: skip
            stack.callback(batch.abandon)
            self._record_skipped(book)
            self._go(_Tools(book, blobs, disks, steps, batch, sinks))
            batch.finish()
            self._settle(steps, len(self._numbers()))
        return tuple(result for _, result in sorted(self._results.items()))

    def _go(self, tools: _Tools) -> None:
        """Effect after effect, until one has failed."""
        numbers = self._numbers()
        filled = parents(self._effects.values())
        stage_end = 0
        for index, number in enumerate(numbers):
            if self._is_over(number):
                continue
            effect = self._effects[number]
            if index >= stage_end:
                tools.batch.finish()
                stage_end = self._stage_end(numbers, index)
                tools.disks.together = stage_end - index > FEW
            if tools.batch.stopped:
                return
            if isinstance(effect, RunCommand):
                self._settle(tools.steps, index)
                result = self._run(tools, number, effect)
                self._report(result)
                self._observe("end", number)
                if result.state == "failed" and not self._options.keep_going:
                    return
            else:
                self._change(tools, number, relaxed(effect, filled))

    def succeeded(self) -> bool:
        """Is everything chosen done, or left out because the caller said so?"""
        return all(map(self._is_over, self._effects))

    def _numbers(self) -> tuple[int, ...]:
        return tuple(self._effects)

    def _is_over(self, number: int) -> bool:
        result = self._results.get(number)
        return result is not None and result.state in ("done", "skipped")

    def _waiting(self) -> tuple[int, ...]:
        return tuple(number for number in self._effects if not self._is_over(number))

    def _stage_end(self, numbers: tuple[int, ...], index: int) -> int:
        """Past the effects up to the next command; a command is a stage of its own."""
        end = index
        while end < len(numbers) and not isinstance(self._effects[numbers[end]], RunCommand):
            end += 1
        return max(end, index + 1)

    def _has_happened(self, effect: FileEffect) -> bool:
        return has_happened(Forecast(), effect, self._own(), self._work.lenient)

    def _report(self, result: EffectResult) -> None:
        self._results[result.number] = result

    def _own(self) -> frozenset[str]:
        """The paths that effects make: what is found there after a kill is theirs."""
        if self._made is None:
            wanted = self._progress.begun or self._work.lenient
            effects = self._effects.values() if wanted else ()
            paths = (effect.path for effect in effects if not isinstance(effect, RunCommand))
            self._made = frozenset(paths)
        return self._made

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

    def _record_skipped(self, book: Journal) -> None:
        skipped = [
            result
            for number, result in sorted(self._results.items())
            if result != self._progress.results.get(number)
        ]
        if skipped:
            book.end(skipped)

    def _change(self, tools: _Tools, number: int, effect: FileEffect) -> None:
        if number in self._progress.begun:
            tools.steps.clean(number, self._stagings(effect))
        tools.batch.add(number, effect)

    def _stagings(self, effect: FileEffect) -> list[str]:
        """Where a former execution may have left something over: see `Touched.staging`."""
        own = self._own()
        found = [os.path.dirname(effect.path)]
        while found[-1] in own:
            found.append(os.path.dirname(found[-1]))
        return found

    def _run(self, tools: _Tools, number: int, effect: RunCommand) -> EffectResult:
        try:
            command.check_program(effect)
        except ConflictError as error:
            result = EffectResult(number, "failed", str(error))
        else:
            tools.book.begin(number, ())
            self._observe("begin", number)
            result = self._ended(tools, number, effect)
        tools.book.end([result])
        return result

    def _ended(self, tools: _Tools, number: int, effect: RunCommand) -> EffectResult:
        try:
            ended = command.run(effect, tools.blobs, self._options.timeout, tools.sinks)
        except ShannotError as error:
            return EffectResult(number, "failed", str(error))
        except OSError as error:
            return EffectResult(number, "failed", f"it could not be followed: {error.strerror}")
        self._observe("change", number)
        return command.result(self._lock.directory_fd, number, ended, self._options.timeout)

    def _settle(self, steps: Steps, end: int) -> None:
        """What effects before the one at index `end` have filled gets its mode and time."""
        numbers = self._numbers()
        before = (numbers[index] for index in range(end - 1, -1, -1))
        for effect in unsettled(before, self._effects, self._is_done):
            steps.settle(effect)

    def _is_done(self, number: int) -> bool:
        result = self._results.get(number)
        return result is not None and result.state == "done"


@dataclass(frozen=True, slots=True)
class _Tools:
    """What one execution works with."""

    book: Journal
    blobs: BlobDirectory
    disks: Disks
    steps: Steps
    batch: Batch
    sinks: Sinks
