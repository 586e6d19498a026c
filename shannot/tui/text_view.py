"""A text, whole: the script with its line numbers, or what it wrote."""

from __future__ import annotations

from shannot.tui.cells import Span, spans
from shannot.tui.pager import Pager
from shannot.tui.rows import Row
from shannot.tui.view import PagerView


class _Text:
    """Lines that are made safe where they are looked at."""

    __slots__ = ("_digits", "_lines")

    def __init__(self, data: bytes, numbered: bool) -> None:
        text = data.decode("utf-8", "surrogateescape")
        self._lines = text.removesuffix("\n").split("\n")
        self._digits = len(str(len(self._lines))) if numbered else 0

    @property
    def is_folded(self) -> bool:
        return False

    def __len__(self) -> int:
        return len(self._lines)

    def row(self, index: int) -> Row:
        number = f"{index + 1:>{self._digits}} " if self._digits else ""
        more = " " * len(number)
        body = spans(self._lines[index], tabs=True)
        return Row(body, (Span(f"{number}| ", "dim"),), (Span(f"{more}: ", "dim"),))


class TextView(PagerView):
    """One text."""

    __slots__ = ("_text", "_title")

    def __init__(self, title: str, data: bytes, numbered: bool = False) -> None:
        """title: safe text."""
        self._title = title
        self._text = _Text(data, numbered)
        super().__init__(Pager(1, lambda _: self._text))

    def title(self) -> str:
        return self._title

    def place(self) -> str:
        line = self.pager.cursor[1] + 1
        return f"line {line} of {len(self._text)}"
