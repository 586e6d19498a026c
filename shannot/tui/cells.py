"""Lines of safe text that know how many columns they take: the only thing a screen is made of.

Everything from outside enters through `spans`. What comes out of it shows as itself, takes the
room that is counted here, and stands where it was put: control, invisible and right-to-left
characters are spelt out (`escape.py`), and so are combining marks beyond two, which would reach
into the lines above. A tab is spelt as well, and filled up to the next stop.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from shannot.escape import is_visible, spell

TAB = 8  # columns
MAX_MARKS = 2  # combining marks on one character; Vietnamese needs two
_LONG = 1024  # characters of a span, so that a part of a long line is found without all of it
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_JOINING = (
    range(0x1160, 0x1200),
    range(0xD7B0, 0xD800),
    range(0x1F1E6, 0x1F200),
)
"""Jamo, and the letters of flags: terminals differ on whether they join those."""


@dataclass(frozen=True, slots=True)
class Span:
    """Safe text in one style."""

    text: str
    style: str = "plain"
    size: int = field(init=False, compare=False, repr=False)
    """Columns that it takes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", width(self.text))


Line = tuple[Span, ...]


def spans(text: str, style: str = "plain", tabs: bool = False, column: int = 0) -> Line:
    """Text from anywhere, made safe; what is spelt out stands in the style `STYLE odd`.

    tabs: fill each tab up to the next stop. column: where the text begins, for that.
    """
    if text.isascii() and text.isprintable():
        return (Span(text, style),) if text else ()
    found: list[Span] = []
    run: list[str] = []
    run_is_odd = False
    marks = MAX_MARKS  # a mark at the beginning has nothing to stand on
    for character in text:
        marks = marks + 1 if _is_mark(character) else 0
        is_odd = marks > MAX_MARKS or not _shows_as_itself(character)
        shown = spell(character) if is_odd else character
        if is_odd:
            marks = MAX_MARKS
        column += width(shown)
        if tabs and character == "\t":
            fill = -column % TAB
            shown, column = shown + " " * fill, column + fill
        if run and (is_odd != run_is_odd or (len(run) >= _LONG and marks == 0)):
            found.append(Span("".join(run), f"{style} odd" if run_is_odd else style))
            run = []
        run_is_odd = is_odd
        run.append(shown)
    if run:
        found.append(Span("".join(run), f"{style} odd" if run_is_odd else style))
    return tuple(found)


def width(text: str) -> int:
    """Columns that safe text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def clusters(text: str) -> Iterator[str]:
    """Safe text in pieces whose place can be told: runs of ASCII, and each other character with
    the marks on it."""
    start = 0
    for index, character in enumerate(text):
        if index and (not text[index - 1].isascii() or not character.isascii()):
            if not _is_mark(character):
                yield text[start:index]
                start = index
    if text:
        yield text[start:]


def length(line: Line) -> int:
    """Columns of a whole line."""
    return sum(span.size for span in line)


def text_of(line: Line) -> str:
    """The line without its styles."""
    return "".join(span.text for span in line)


def cut(line: Line, start: int, room: int) -> tuple[Line, int]:
    """The part of a line from the column `start`, at most `room` columns, and its end.

    Marks stay with what they stand on. A wide character that does not fit whole is left to the
    next part, which begins with it and so may take one column more than `room`: none is lost.
    """
    parts: list[Span] = []
    column, end = 0, start
    for span in line:
        size = span.size
        if column + size <= start:
            column += size
            continue
        text, column, end, full = _cut_text(span.text, column, start, start + room)
        if text:
            parts.append(Span(text, span.style))
        if full:
            break
    return tuple(parts), end


def _cut_text(text: str, column: int, start: int, stop: int) -> tuple[str, int, int, bool]:
    """(what lies between two columns, the column after it all, the end, was there too much?)"""
    if text.isascii():
        first = max(0, start - column)
        piece = text[first : stop - column]
        end = column + first + len(piece)
        return piece, end, end, end < column + len(text)
    piece = ""
    for character in text:
        size = _width(character)
        if column + size > stop:
            return piece, column, max(column, start), True
        if column + size > start and (size or column > start):
            piece += character
        column += size
    return piece, column, max(column, start), False


def restyled(line: Line, ranges: Iterable[tuple[int, int]], style: str) -> Line:
    """The line with these ranges of its text, ascending and apart, in another style.

    style: `STYLE`, or ` MARK` to be added to what stands there.
    """
    borders = list(ranges)
    if not borders:
        return line
    found: list[Span] = []
    position = 0
    for span in line:
        end = position + len(span.text)
        at = position
        for first, last in borders:
            if last <= at or first >= end:
                continue
            if first > at:
                found.append(Span(span.text[at - position : first - position], span.style))
                at = first
            upto = min(last, end)
            changed = span.style + style if style.startswith(" ") else style
            found.append(Span(span.text[at - position : upto - position], changed))
            at = upto
        if at < end:
            found.append(Span(span.text[at - position :], span.style))
        position = end
    return tuple(found)


def padded(line: Line, room: int, style: str = "plain") -> Line:
    """The line in exactly this many columns: cut, or filled with spaces."""
    shown, end = cut(line, 0, room)
    return (*shown, Span(" " * (room - end), style)) if end < room else shown


def _shows_as_itself(character: str) -> bool:
    if character.isascii():
        return character.isprintable()
    return (
        is_visible(character)
        and unicodedata.bidirectional(character) not in _RIGHT_TO_LEFT
        and not any(ord(character) in joining for joining in _JOINING)
        and unicodedata.category(character) != "Me"  # drawn around, in who knows how many columns
    )


def _is_mark(character: str) -> bool:
    return not character.isascii() and unicodedata.category(character) == "Mn"


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if _is_mark(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
