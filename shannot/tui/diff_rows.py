"""A diff as rows: unified, or side by side where both halves fit, with the changed words marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shannot.tui.cells import Line, Span, length, padded, spans
from shannot.tui.rows import Row
from shannot.tui.words import changed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.effects.diff import Diff

_HEADER = 2  # lines that only repeat the path
_NEW, _OLD, _SAME = "    + | ", "    - | ", "      | "
_MORE = "      : "
_BETWEEN = " | "
_GUTTER = len(_SAME)
WIDE = 120
"""Columns from which a diff is shown side by side unless told otherwise."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row: a line of the diff, or two that belong together side by side."""

    kind: Literal["same", "old", "new", "hunk", "note", "pair"]
    line: int
    """In the diff, of the old side where there are two."""
    partner: int = -1
    """The line that it is compared with; -1 for none."""
    beside: bool = True
    """May it stand beside its partner? Not where one of them has no newline at its end."""


class DiffRows:
    """The rows of one diff, for a screen with so much room."""

    __slots__ = ("_entries", "_half", "_lines")

    def __init__(self, diff: Diff, room: int, side_by_side: bool) -> None:
        self._lines = diff.lines[_HEADER:] if diff.kind == "text" else diff.lines
        self._half = (room - _GUTTER - len(_BETWEEN)) // 2
        if diff.kind != "text":
            self._entries = [_Entry("note", index) for index in range(len(self._lines))]
        else:
            self._entries = _entries(self._lines)
            kinds = {entry.kind for entry in self._entries} - {"hunk", "note"}
            if side_by_side and self._half > 1 and len(kinds) > 1:  # a new file has one side only
                self._entries = self._paired(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def row(self, index: int) -> Row:
        entry = self._entries[index]
        text = self._lines[entry.line]
        match entry.kind:
            case "note":
                return Row(spans(text, "dim", tabs=True), (Span(_SAME),), (Span(_MORE, "dim"),))
            case "hunk":
                return Row(spans(text, "hunk"), (Span(_SAME),), (Span(_MORE, "dim"),))
            case "pair":
                return Row(self._pair(entry), (Span(_SAME),), (Span(_MORE, "dim"),))
            case "same":
                body = spans(text[1:], tabs=True)
                return Row(body, (Span(_SAME),), (Span(_MORE, "dim"),))
            case "old" | "new":
                style, gutter = ("del", _OLD) if entry.kind == "old" else ("add", _NEW)
                body = self._side(entry.line, entry.partner, style)
                return Row(body, (Span(gutter, style),), (Span(_MORE, "dim"),))

    def _side(self, line: int, partner: int, style: str) -> Line:
        """One line without its sign, what differs from its partner marked."""
        text = self._lines[line][1:]
        if partner < 0:
            return spans(text, style, tabs=True)
        ranges, _ = changed(text, self._lines[partner][1:])
        found: list[Span] = []
        at = column = 0
        for start, end in (*ranges, (len(text), len(text))):
            for piece, look in ((text[at:start], style), (text[start:end], f"{style} word")):
                part = spans(piece, look, tabs=True, column=column)
                column += length(part)
                found += part
            at = end
        return tuple(found)

    def _pair(self, entry: _Entry) -> Line:
        old = self._half_line(entry.line, entry.partner, "-")
        new = self._half_line(entry.partner, entry.line, "+")
        return (*padded(old, self._half), Span(_BETWEEN, "dim"), *new)

    def _half_line(self, line: int, partner: int, sign: str) -> Line:
        """The half of a pair: a line behind its sign; empty where there is none."""
        if line < 0:
            return ()
        if self._lines[line].startswith(" "):
            return (Span(" "), *spans(self._lines[line][1:], tabs=True))
        style = "del" if sign == "-" else "add"
        return (Span(sign, style), *self._side(line, partner, style))

    def _fits(self, line: int) -> bool:
        """Has it room in one half, behind its sign?"""
        if line < 0:
            return True
        text = self._lines[line]
        if text.isascii() and text.isprintable():  # nearly always, of some 100,000 lines
            return len(text) <= self._half
        return length(spans(text[1:], tabs=True)) < self._half

    def _paired(self, entries: Sequence[_Entry]) -> list[_Entry]:
        """Changed lines beside each other; where one does not fit, both stay below each other."""
        found: list[_Entry] = []
        for entry in entries:
            if entry.kind == "same" and self._fits(entry.line):
                found.append(_Entry("pair", entry.line, entry.line))
            elif entry.kind in ("old", "new") and not (
                entry.beside and self._fits(entry.line) and self._fits(entry.partner)
            ):
                found.append(entry)
            elif entry.kind == "old":
                found.append(_Entry("pair", entry.line, entry.partner))
            elif entry.kind == "new" and entry.partner < 0:
                found.append(_Entry("pair", -1, entry.line))
            elif entry.kind != "new":
                found.append(entry)
        return found


def _entries(lines: Sequence[str]) -> list[_Entry]:
    """Each line of a unified diff, in order; a removed line knows the added one in its place."""
    found: list[_Entry] = []
    index = 0
    while index < len(lines):
        sign = lines[index][:1]
        if sign in ("-", "+"):
            index = _change(lines, index, found)
        else:
            kind: Literal["same", "hunk", "note"] = "same"
            if sign != " ":
                kind = "hunk" if sign == "@" else "note"
            found.append(_Entry(kind, index))
            index += 1
    return found


def _change(lines: Sequence[str], start: int, found: list[_Entry]) -> int:
    """A run of removed lines and the added ones after it. Returns the index behind it."""
    old: list[int] = []
    new: list[int] = []
    index = start
    notes: list[tuple[int, int]] = []  # (after how many entries, the line): no newline at the end
    while index < len(lines) and lines[index][:1] in ("-", "+", "\\"):
        if lines[index].startswith("\\"):
            notes.append((len(old) + len(new), index))
        elif lines[index].startswith("-"):
            if new:
                break
            old.append(index)
        else:
            new.append(index)
        index += 1
    pairs = dict(zip(old, new, strict=False))
    back = {line: partner for partner, line in pairs.items()}
    beside = not notes
    entries = [_Entry("old", line, pairs.get(line, -1), beside) for line in old]
    entries += [_Entry("new", line, back.get(line, -1), beside) for line in new]
    for position, line in reversed(notes):
        entries.insert(position, _Entry("note", line))
    found += entries
    return index
