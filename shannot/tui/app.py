"""The application: the topmost view between two bars, what is typed, and what is said.

It makes rows and takes keys; `run` joins it with a terminal, a test without one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from shannot.tui.cells import Line, cut, length, padded, spans, width
from shannot.tui.execution_view import ExecutionView
from shannot.tui.help_view import HelpView
from shannot.tui.pager import fit

if TYPE_CHECKING:
    from shannot.tui.terminal import Terminal
    from shannot.tui.view import View

_LINE_MAX = 4096  # characters typed at a question
_PATIENCE = 0.3  # seconds until it is said what takes so long


class App:
    """The open views, one over the other. Implements `Asks` of `view.py`."""

    __slots__ = (
        "_answered", "_begun", "_interrupted", "_question", "_said", "_typed", "forget", "repaint",
        "views",
    )  # fmt: skip

    def __init__(
        self,
        interrupted: Callable[[], bool] | None = None,
        forget: Callable[[], None] | None = None,
    ) -> None:
        """interrupted: does a key wait? forget: drop keys that were typed before a question."""
        self.views: list[View] = []
        self._interrupted = interrupted
        self.forget = forget
        self.repaint: Callable[[], None] | None = None
        self._begun = 0.0  # when the long work began that is under way
        self._said: Line = ()
        self._question = ""
        self._typed = ""
        self._answered: Callable[[str], None] | None = None

    # -- for views -------------------------------------------------------------------------------

    def push(self, view: View) -> None:
        self.views.append(view)
        if self.forget is not None:
            self.forget()

    def pop(self) -> None:
        self.views.pop()
        if self.views:
            self.views[-1].wake(self)

    def leave(self) -> None:
        for view in self.views:
            if isinstance(view, ExecutionView):
                view.close()
        self.views.clear()

    def say(self, text: str, style: str = "plain") -> None:
        self._said = spans(" ".join(text.split("\n")), style)

    def ask_line(self, question: str, answered: Callable[[str], None]) -> None:
        self._question, self._typed, self._answered = question, "", answered

    def interrupted(self, doing: str) -> bool:
        now = time.monotonic()
        if not self._begun:
            self._begun = now
        elif now - self._begun > _PATIENCE and not self._said:
            self.say(doing, "dim")
            if self.repaint is not None:
                self.repaint()
        if self._interrupted is None or not self._interrupted():
            return False
        if self.forget is not None:
            self.forget()
        return True

    # -- what is shown ---------------------------------------------------------------------------

    def frame(self, columns: int, lines: int) -> list[Line]:
        """All rows of the screen, each exactly as wide as it."""
        view = self.views[-1]
        bars = min(2, lines - 1)
        bottom = self._bottom(view, columns, lines - 1) if bars else []
        body = [padded(row, columns) for row in view.rows(columns, lines - bars)]
        body += [padded((), columns)] * (lines - bars - len(body))
        top = [self._bar(view, columns)] if bars == 2 else []
        # What is said in several rows covers the last ones of the view until the next key.
        return [*[*top, *body][: lines - len(bottom)], *bottom]

    def _bar(self, view: View, columns: int) -> Line:
        place = fit(f" {view.place()} ", columns // 2)
        title = fit(f" {view.title()}", columns - width(place))
        left = padded(spans(title, "bar"), columns - width(place), "bar")
        return padded((*left, *spans(place, "bar")), columns, "bar")

    def _bottom(self, view: View, columns: int, most: int) -> list[Line]:
        """The lowest rows, at least one and at most `most`: a question, what is said, or keys."""
        if self._answered is not None:
            return [_end_of(f"{self._question}{self._typed}_", columns)]
        if self._said:
            return list(_wrapped(self._said, columns))[:most]
        return [padded(spans(fit(_fewer(view.hint(), columns), columns), "dim"), columns)]

    # -- what is typed ---------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """One key."""
        self._begun = 0.0
        if self._answered is not None:
            self._type(key)
            return
        self._said = ()
        view = self.views[-1]
        if key == "ctrl-c" and not isinstance(view, ExecutionView):
            self.leave()
        elif key == "?":
            self.push(HelpView(view))
        else:
            view.press(key, self)

    def _type(self, key: str) -> None:
        answered = self._answered
        if key in ("escape", "ctrl-c"):
            self._answered = None
        elif key == "enter" and answered is not None:
            self._answered = None
            answered(self._typed)
        elif key == "backspace":
            self._typed = self._typed[:-1]
        elif key == "ctrl-u":
            self._typed = ""
        elif len(self._typed) < _LINE_MAX:
            self._typed += " " if key == "space" else key if len(key) == 1 else ""

    def heard(self) -> Sequence[int]:
        return self.views[-1].heard() if self.views else ()

    def wake(self) -> None:
        """One of `heard` can be read, or the size changed."""
        if self.heard():
            self.views[-1].wake(self)


def _fewer(hint: str, columns: int) -> str:
    """Fewer keys where there is no room for all: the last two, to help and out, stay."""
    keys = hint.split("  ")
    while len(keys) > 3 and width("  ".join(keys)) > columns:
        del keys[-3]
    return "  ".join(keys)


def _end_of(text: str, columns: int) -> Line:
    """As much of the end of a text as there is room for: what is being typed stays in sight."""
    shown = spans(text)
    piece, end = cut(shown, max(0, length(shown) - columns), columns)
    return padded(piece, columns) if end <= length(shown) else piece


def _wrapped(line: Line, columns: int) -> Iterator[Line]:
    """A line in rows of the screen, none of it left out."""
    size, start = length(line), 0
    while start < size:
        # A wide character that finds no room at the end of a row begins the next one.
        piece, end = cut(line, start, columns)
        yield padded(piece, columns)
        start = end if end > start else start + columns


def run(app: App, terminal: Terminal) -> None:
    """Until every view is closed."""

    def paint() -> None:
        columns, lines = terminal.size()
        terminal.show(app.frame(columns, lines), (columns, lines))

    app.repaint = paint
    while app.views:
        paint()
        key = terminal.key(app.heard())
        if key == "ctrl-z":
            terminal.suspend()
        elif key:
            app.press(key)
        else:
            app.wake()
