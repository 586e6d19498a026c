"""What a view is, and what most of them are: a pager with the keys of less(1) and vim.

A view makes rows of cells and takes keys; it knows no terminal. `app.py` shows the topmost one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from shannot.tui.cells import Line
from shannot.tui.pager import Pager

if TYPE_CHECKING:
    from shannot.tui.pager import Found


class Asks(Protocol):
    """What the application does for a view (`app.py`)."""

    def push(self, view: View) -> None:
        """Show this view over the present one."""

    def pop(self) -> None:
        """Back to the view below; the end where there is none."""

    def leave(self) -> None:
        """The end, whatever is open."""

    def say(self, text: str, style: str = "plain") -> None:
        """One line at the bottom, until the next key."""

    def ask_line(self, question: str, answered: Callable[[str], None]) -> None:
        """Let a line be typed; `answered` is not called where Escape ends it."""

    def interrupted(self, doing: str) -> bool:
        """Has a key been pressed that ends long work? That key does nothing else.

        doing: what is said where it takes a while."""


class View(Protocol):
    """One screen."""

    def title(self) -> str:
        """Safe text for the top line."""

    def place(self) -> str:
        """Where in it the reader is, for the right end of the top line."""

    def hint(self) -> str:
        """The keys that matter most here."""

    def key_list(self) -> Sequence[tuple[str, str]]:
        """All keys, with what each does."""

    def rows(self, columns: int, lines: int) -> list[Line]:
        """At most so many lines of at most so many columns."""

    def press(self, key: str, asks: Asks) -> None:
        """A key was pressed."""

    def heard(self) -> Sequence[int]:
        """Descriptors: `wake` is called when one of them can be read."""

    def wake(self, asks: Asks) -> None:
        """Something can be read, or the view is on top again."""


MOVING = (
    ("j k, arrows", "a line down, up"),
    ("space b, f, PgDn PgUp", "a page down, up"),
    ("d u", "half a page down, up"),
    ("g G, Home End", "the beginning, the end"),
    ("h l, left right", "sideways; long lines no longer wrap"),
    ("w", "wrap long lines, or not"),
    ("/ n N", "search, next, previous (capitals count where you type any)"),
    ("?", "this list"),
    ("q, Escape", "back"),
    ("Ctrl-C", "leave"),
)


def _toggle_wrap(pager: Pager) -> None:
    pager.wraps, pager.shift = not pager.wraps, 0
    pager.rearranged()


def _half(pager: Pager) -> int:
    return max(1, pager.height // 2)


_MOVES: Mapping[str, Callable[[Pager], None]] = {
    **dict.fromkeys(("j", "down", "ctrl-n", "enter"), lambda pager: pager.step(1)),
    **dict.fromkeys(("k", "up", "ctrl-p"), lambda pager: pager.step(-1)),
    **dict.fromkeys(("space", "f", "pagedown", "ctrl-f"), lambda pager: pager.page(pager.height)),
    **dict.fromkeys(("b", "pageup", "ctrl-b"), lambda pager: pager.page(-pager.height)),
    **dict.fromkeys(("d", "ctrl-d"), lambda pager: pager.page(_half(pager))),
    **dict.fromkeys(("u", "ctrl-u"), lambda pager: pager.page(-_half(pager))),
    **dict.fromkeys(("g", "home"), lambda pager: pager.home()),
    **dict.fromkeys(("G", "end"), lambda pager: pager.end()),
    **dict.fromkeys(("h", "left"), lambda pager: pager.scroll(-8)),
    **dict.fromkeys(("l", "right"), lambda pager: pager.scroll(8)),
    "w": _toggle_wrap,
}


class PagerView:
    """A view over a pager: going about and searching. Others build on it."""

    __slots__ = ("_pattern", "pager")

    def __init__(self, pager: Pager) -> None:
        self.pager = pager
        self._pattern = ""

    def hint(self) -> str:
        return "space page  / search  ? help  q back"

    def key_list(self) -> Sequence[tuple[str, str]]:
        return MOVING

    def place(self) -> str:
        return "end" if self.pager.at_end() else ""

    def rows(self, columns: int, lines: int) -> list[Line]:
        self.pager.resize(columns, lines)
        return self.pager.rows(self._find if self._pattern else None)

    def heard(self) -> Sequence[int]:
        return ()

    def wake(self, asks: Asks) -> None:
        """Nothing waits."""

    def press(self, key: str, asks: Asks) -> None:
        move = _MOVES.get(key)
        if move is not None:
            move(self.pager)
            return
        match key:
            case "/":
                asks.ask_line("/", lambda text: self._search(text, asks))
            case "n" | "N":
                self._again(asks, forward=key == "n")
            case "q" | "escape":
                asks.pop()

    def _search(self, text: str, asks: Asks) -> None:
        self._pattern = text
        if text:
            self._again(asks, forward=True)

    def _again(self, asks: Asks, forward: bool) -> None:
        """Go to the next line that has it; a key ends a long search."""
        if not self._pattern:
            asks.say("nothing was searched for yet: / begins")
            return
        before = self.pager.cursor
        for block, line in self.pager.positions(forward):
            if self._find(self.pager.text(block, line)):
                self.pager.goto((block, line, 0))
                asks.say("")
                after = self.pager.cursor
                if (after <= before) if forward else (after >= before):
                    asks.say("searched on from the other end")
                return
            if line == 0 and asks.interrupted("searching; any key ends it"):
                asks.say("the search was broken off")
                return
        asks.say(f"not found: {self._pattern}", "warn")

    def _find(self, text: str) -> Found:
        """Where the pattern stands in a text."""
        pattern = self._pattern
        if pattern == pattern.lower() and len(text.lower()) == len(text):
            text = text.lower()
        found: Found = []
        start = text.find(pattern)
        while start >= 0:
            found.append((start, start + len(pattern)))
            start = text.find(pattern, start + len(pattern))
        return found
