"""An execution, or a rollback, while it goes on: each effect, what commands print, results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shannot.effects.wording import describe
from shannot.tui.cells import spans
from shannot.tui.executor import Executor
from shannot.tui.pager import Pager
from shannot.tui.rows import Row, lined
from shannot.tui.view import MOVING, PagerView

if TYPE_CHECKING:
    from shannot.effects.model import Effect
    from shannot.tui.desk import Desk
    from shannot.tui.executor import News, Teller
    from shannot.tui.view import Asks

_LINES_MAX = 100_000
"""Of output that are kept on the screen; the session itself keeps the beginning of each stream."""


class _Log:
    """Rows that grow."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: list[Row] = []

    @property
    def is_folded(self) -> bool:
        return False

    def __len__(self) -> int:
        return max(1, len(self.rows))

    def row(self, index: int) -> Row:
        return self.rows[index] if self.rows else Row(())


@dataclass(frozen=True, slots=True)
class Work:
    """What is done here."""

    start: Callable[[Teller], None]
    effects: Mapping[int, Effect]
    """By the numbers that are told."""
    state: str
    """Of the session, while it goes on."""
    again: str
    """The command that goes on with it."""


class ExecutionView(PagerView):
    """One execution. Leaving it asks it to stop; coming back to the session shows what was done."""

    __slots__ = ("_begun", "_desk", "_executor", "_id", "_log", "_open", "_work", "state")

    def __init__(self, desk: Desk, session_id: str, work: Work) -> None:
        self._desk = desk
        self._id = session_id
        self._work = work
        self._log = _Log()
        self._begun = 0
        self._open = ""  # the stream whose last line has no end yet
        self.state = work.state
        super().__init__(Pager(1, lambda _: self._log))
        self._executor: Executor | None = Executor(work.start, work.again)

    def title(self) -> str:
        return f"{self._id}  {self.state}"

    def place(self) -> str:
        total = len(self._work.effects)
        return f"{self._begun} of {total} begun" if self._executor else ""

    def hint(self) -> str:
        if self._executor is not None:
            return "Ctrl-C stop  space page  G end  ? help"
        return "q back to the session  space page  / search  ? help"

    def key_list(self) -> Sequence[tuple[str, str]]:
        return (("Ctrl-C", f"stop; `{self._work.again}` goes on with it"), *MOVING[:-1])

    def heard(self) -> Sequence[int]:
        return () if self._executor is None else (self._executor.fileno(),)

    def wake(self, asks: Asks) -> None:  # noqa: ARG002 - what a view is told
        executor = self._executor
        if executor is None:
            return
        follows = self.pager.at_end()
        for news in executor.news():
            self._hear(news)
        if executor.ended:
            self.close()
            if self.state == self._work.state:
                self._add("! ", f"it was killed; `{self._work.again}` goes on with it", "danger")
                self.state = "stopped"
            self._results()
        self.pager.forget()
        if follows:
            self.pager.end()

    def press(self, key: str, asks: Asks) -> None:
        if self._executor is None:
            super().press("q" if key in ("enter", "ctrl-c") else key, asks)
        elif key == "ctrl-c":
            self._executor.stop()
            asks.say("it stops where it can")
        elif key in ("q", "escape"):
            asks.say("it goes on; Ctrl-C stops it")
        else:
            super().press(key, asks)

    def close(self) -> None:
        """End it where it still goes on."""
        if self._executor is not None:
            self._executor.close()
            self._executor = None

    def _hear(self, news: News) -> None:
        match news.kind:
            case "begin":
                self._begun += 1
                self._open = ""
                self._effect(news.number)
            case "end":
                self._open = ""
            case "stdout" | "stderr":
                self._output(news.data, news.kind)
            case "conflict":
                self._add("! ", f"left out {news.text}", "danger")
            case "error":
                self.state = "stopped"
                self._add("! ", " ".join(news.text.split("\n")), "danger")
            case "done":
                self.state = news.text

    def _effect(self, number: int) -> None:
        verb, subject, _ = describe(self._work.effects[number])
        self._add(f"{number:>5}  {verb:<9} ", subject, "strong")

    def _output(self, data: bytes, stream: str) -> None:
        gutter, style = ("  out | ", "plain") if stream == "stdout" else ("  err | ", "warn")
        text = data.decode("utf-8", "backslashreplace")
        lines = text.split("\n")
        if self._open == stream and self._log.rows:
            last = self._log.rows.pop()
            joined = Row((*last.body, *spans(lines[0], style)), last.gutter, last.more)
            self._log.rows.append(joined)
            lines = lines[1:]
        for line in lines[:-1]:
            self._add(gutter, line, style)
        if lines and lines[-1]:
            self._add(gutter, lines[-1], style)
        self._open = "" if text.endswith("\n") else stream

    def _add(self, gutter: str, text: str, style: str) -> None:
        if len(self._log.rows) < _LINES_MAX:
            self._log.rows.append(lined(spans(text, style, tabs=True), gutter, style))

    def _results(self) -> None:
        """What became of it all, from the session itself."""
        if self._work.state != "executing":
            self._add("  ", self.state, "good" if self.state == "rolled-back" else "danger")
            return
        review = self._desk.review(self._id)
        done = [r for r in review.session.results if r.state == "done"]
        bad = [r for r in review.session.results if r.state != "done"]
        self._add("", "", "plain")
        for result in bad:
            text = f"{result.state}: {result.message}" if result.message else result.state
            self._add(f"{result.number:>5}  ", text, "danger")
        self._add("  ", f"{review.session.state}: {len(done)} done, {len(bad)} not",
                  "danger" if bad else "good")  # fmt: skip
