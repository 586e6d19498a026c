"""A batch: neighbouring file effects that are journaled and synced together. See `apply.py`.

Everything that can be prepared of them is, without changing anything that has a name; then all of
it is synced at once; then each is put in its place, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shannot.effects.model import (
    DeletePath,
    MakeLink,
    MovePath,
    WriteFile,
)
from shannot.errors import ShannotError
from shannot.escape import escape
from shannot.sessions.blobs import BlobDirectory
from shannot.sessions.disks import Disks
from shannot.sessions.journal import Journal, JournalError
from shannot.sessions.journal_lines import Saved
from shannot.sessions.model import EffectResult
from shannot.sessions.place import ConflictError
from shannot.sessions.steps import FileEffect, Step, Steps
from shannot.sessions.touched import Touched

MAX_BYTES = 64 << 20
"""Contents written and saved in one batch: it is what has to be looked at again after a kill."""

Observer = Callable[[str, int], None]
"""Told ("save" | "begin" | "change" | "end", number): what will be lost is saved and recorded;
it is about to be changed; it is changed; its result is in the journal."""
_WINDOW = 64
"""Effects whose begins are written to the journal together."""
Report = Callable[[EffectResult], None]


def unobserved(_event: str, _number: int) -> None:
    """Nobody looks on."""


class Batch:
    """The effects that are under way. `add` them in order, then `finish`."""

    __slots__ = (
        "_begun", "_bytes", "_disks", "_has_happened", "_journal", "_keep_going", "_kept",
        "_lenient", "_limit",
        "_observe", "_report", "_saved", "_steps", "_touched", "_waiting", "stopped",
    )  # fmt: skip

    def __init__(
        self,
        steps: Steps,
        disks: Disks,
        kept: BlobDirectory,
        journal: Journal,
        begun: Mapping[int, tuple[Saved, ...]],
        observe: Observer,
        report: Report,
        has_happened: Callable[[FileEffect], bool],
        *,
        limit: int,
        keep_going: bool,
        lenient: bool,
    ) -> None:
        """begun: what a former execution has begun; limit: effects in one batch; lenient: what is
        already as an effect leaves it is done."""
        self._steps = steps
        self._disks = disks
        self._kept = kept
        self._journal = journal
        self._begun = begun
        self._observe = observe
        self._report = report
        self._has_happened = has_happened
        self._limit = limit
        self._keep_going = keep_going
        self._lenient = lenient
        self._saved: list[Step] = []  # compared and saved, and not begun yet
        self._waiting: list[Step] = []  # begun and made, and not in their places yet
        self._touched = Touched()
        self._bytes = 0
        self.stopped = False  # an effect has failed, and those after it must not be done

    def add(self, number: int, effect: FileEffect) -> None:
        """The effect comes next. It is done by `finish` at the latest."""
        full = len(self._waiting) + len(self._saved) >= self._limit or self._bytes >= MAX_BYTES
        if full or not self._touched.allows(effect, self._steps.is_plain):
            self.finish()
            if self.stopped:
                return
        staging = self._touched.staging(effect.path)
        inside = staging != (effect.path.rpartition("/")[0] or "/")
        step = Step(number, effect, staging, inside, number in self._begun)
        if step.partial and not inside and self._has_happened(effect):
            result: EffectResult | None = EffectResult(number, "done")
        else:
            result = self._tried(step, self._steps.save)
        if result is None:
            self._saved.append(step)
            self._touched.add(effect)
            self._bytes += _size(effect)
            if _has_names(step):
                self.finish()  # how many names a file has must be right for whatever comes next
            elif len(self._saved) >= _WINDOW:
                self._begin()
            return
        self.finish()
        if not self.stopped:
            self._end([result])

    def _tried(self, step: Step, part: Callable[[Step], None]) -> EffectResult | None:
        """A part of the effect before the change itself. A result where there will be none."""
        try:
            part(step)
        except JournalError:
            raise
        except ShannotError as error:
            if self._lenient and isinstance(error, ConflictError):
                if self._has_happened(step.effect):
                    return EffectResult(step.number, "done")
            return EffectResult(step.number, "failed", str(error))
        except OSError as error:
            what = str(error.strerror)
            if part == self._steps.save:
                what = f"what stands there cannot be saved first: {what}"
            return EffectResult(step.number, "failed", f"{escape(step.effect.path)}: {what}")
        return None

    def _begin(self) -> None:
        """What was saved is in the journal, in one piece; then each new thing is made."""
        steps, self._saved = self._saved, []
        begun = ((step.number, step.present) for step in steps if not step.partial)
        self._journal.begin_together(begun)
        for place, step in enumerate(steps):
            self._observe("save", step.number)
            result = self._tried(step, self._steps.make)
            if result is None:
                self._waiting.append(step)
                continue
            self._perform()
            if not self.stopped:
                self._end([result])
            if self.stopped:
                self._drop(steps[place + 1 :], withdraw=True)
                return

    def finish(self) -> None:
        """What was added is done, and its results are in the journal."""
        if self._saved:
            self._begin()
        self._perform()
        self._touched.clear()
        self._bytes = 0

    def _perform(self) -> None:
        """What was begun and made is put in its place."""
        steps, self._waiting = self._waiting, []
        if not steps:
            return
        results: list[EffectResult] = []
        try:
            self._settle("nothing of what is next was changed")
            self._steps.forget()
            for step in steps:
                results.append(self._change(step))
                if results[-1].state == "failed" and not self._keep_going:
                    break
            self._settle("it is not certain that all of it is kept")
        except BaseException:
            self._drop(steps[len(results) :], withdraw=False)
            raise
        self._drop(steps[len(results) :], withdraw=True)
        self._end(results)

    def abandon(self) -> None:
        """What was added and not finished is not done; the next execution goes on with it."""
        self._saved = []
        steps, self._waiting = self._waiting, []
        self._drop(steps, withdraw=False)
        self._disks.forget()
        self._steps.forget()

    def _settle(self, consequence: str) -> None:
        """All that was written so far is on the disk, the journal last."""
        try:
            if self._disks.together:
                self._disks.settle()
            self._kept.sync_names()
        except OSError as error:
            raise JournalError(
                f"the disk fails: {error.strerror}; it stopped there, {consequence},"
                " and `shannot execute` goes on with it"
            ) from error
        self._journal.sync()

    def _change(self, step: Step) -> EffectResult:
        number, path = step.number, step.effect.path
        self._observe("begin", number)
        try:
            self._steps.change(step, self._begun.get(number, step.present))
        except ShannotError as error:
            return self._failed(step, str(error))
        except OSError as error:
            return self._failed(step, f"{escape(path)}: {error.strerror}")
        self._observe("change", number)
        return EffectResult(number, "done")

    def _failed(self, step: Step, message: str) -> EffectResult:
        self._clean(step)
        return EffectResult(step.number, "failed", message)

    def _clean(self, step: Step) -> None:
        try:
            self._steps.clean(step.number, [step.staging])
        except (OSError, ConflictError):
            pass  # the next execution removes it

    def _drop(self, steps: list[Step], withdraw: bool) -> None:
        """These were prepared, and are not done. withdraw: they are not begun any more, either."""
        for step in steps:
            self._clean(step)
            if withdraw and not step.partial:
                self._journal.withdraw(step.number)

    def _end(self, results: list[EffectResult]) -> None:
        self._journal.end(results, sync=False)
        self._steps.forget()
        for result in results:
            self._report(result)
            self._observe("end", result.number)
            if result.state == "failed" and not self._keep_going:
                self.stopped = True


def _has_names(step: Step) -> bool:
    """Is a file of several names (hard links) concerned?"""
    links = isinstance(step.effect, MakeLink) and step.effect.hard
    return links or any(saved.names for saved in step.present)


def _size(effect: FileEffect) -> int:
    """Bytes that are written and saved, roughly."""
    match effect:
        case WriteFile(before=before, after=after):
            return after.size + (0 if before is None else before.size)
        case DeletePath(before=before, entries=entries):
            return before.size + sum(entry.fingerprint.size for entry in entries)
        case MakeLink(before=before) if before is not None:
            return before.size
        case MovePath(replaced=replaced) if replaced is not None:
            return replaced.size
        case _:
            return 0
