"""Rows of cells into what a terminal is sent: only the rows that differ from those it shows.

After every character that is not ASCII the cursor is put to where the next one belongs, so that a
terminal with another opinion on its width moves nothing else, not even in the same text. Lines
never wrap by themselves (`terminal.py` turns that off).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shannot.tui.cells import Line, clusters, width

# Style: (SGR parameters with colour, without). A style's second word adds to its first.
STYLES: Mapping[str, tuple[str, str]] = {
    "plain": ("", ""),
    "bar": ("7", "7"),
    "strong": ("1", "1"),
    "dim": ("2", ""),
    "add": ("32", ""),
    "del": ("31", ""),
    "hunk": ("36", ""),
    "warn": ("33", ""),
    "danger": ("1;31", "1"),
    "good": ("32", ""),
    "word": ("1;4", "1;4"),
    "match": ("7", "7"),
    "odd": ("35", ""),
    "here": ("1", "1"),
}


class Painter:
    """What the terminal shows now, and how to change it."""

    __slots__ = ("_colour", "_shown", "_size")

    def __init__(self, colour: bool) -> None:
        self._colour = colour
        self._shown: list[Line] = []
        self._size = (0, 0)

    def forget(self) -> None:
        """Nothing is known of what the terminal shows: paint all of it next time."""
        self._size = (0, 0)

    def paint(self, rows: Sequence[Line], size: tuple[int, int]) -> str:
        """The bytes (as text) that make the terminal show rows. size: (columns, lines)."""
        pieces: list[str] = []
        if size != self._size:
            pieces.append("\x1b[0m\x1b[2J")
            self._shown = []
            self._size = size
        for index, row in enumerate(rows):
            if index >= len(self._shown) or self._shown[index] != row:
                pieces.append(self._row(index + 1, row, size[0]))
        self._shown = list(rows)
        return "".join(pieces)

    def _row(self, number: int, row: Line, columns: int) -> str:
        pieces = [f"\x1b[{number};1H"]
        ascii_only = all(span.text.isascii() for span in row)
        if not ascii_only:
            pieces.append("\x1b[2K")  # a wide character must not outlive the half of it
        column, style = 0, ""
        for span in row:
            wanted = self.attributes(span.style)
            if wanted != style:
                pieces.append(f"\x1b[0{';' if wanted else ''}{wanted}m")
                style = wanted
            if span.text.isascii():
                pieces.append(span.text)
                column += len(span.text)
                continue
            for cluster in clusters(span.text):
                pieces.append(cluster)
                column += width(cluster)
                if not cluster.isascii() and column < columns:
                    pieces.append(f"\x1b[{number};{column + 1}H")
        if style:
            pieces.append("\x1b[0m")
        if column < columns:
            pieces.append("\x1b[K")
        return "".join(pieces)

    def attributes(self, style: str) -> str:
        """SGR parameters of a style, "" for none."""
        index = 0 if self._colour else 1
        found = (STYLES[word][index] for word in style.split())
        return ";".join(part for part in found if part)
