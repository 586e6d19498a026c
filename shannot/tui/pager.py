"""A scrolling view of any length: blocks of lines, made only where they are looked at.

A position is (block, line, part): a line that is wider than the screen has several parts, unless
it is scrolled sideways instead. Nothing counts all lines of all blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shannot.tui.cells import Line, Span, cut, length, restyled, text_of, width
from shannot.tui.rows import Block, Row

_KEPT = 2000  # lines
_NARROW = 4  # columns: with fewer, the mark of a line that goes on leaves no room for it
Position = tuple[int, int, int]
Found = list[tuple[int, int]]


class Pager:
    """Where the reader is in a list of blocks."""

    __slots__ = (
        "_block", "_count", "_made", "_seen", "_whole", "cursor", "height", "room", "shift", "top",
        "wraps",
    )  # fmt: skip

    def __init__(self, count: int, block: Callable[[int], Block]) -> None:
        self._count = count
        self._block = block
        self.top: Position = (0, 0, 0)
        self.cursor: Position = (0, 0, 0)
        self.room, self.height = 80, 22
        self.wraps = True
        self.shift = 0  # columns to the left of the screen, where nothing wraps
        self._seen: dict[int, Position] = {}  # by block: the first that was not on the screen yet
        self._whole: set[int] = set()
        self._made: dict[tuple[int, int], Row] = {}

    # -- positions -------------------------------------------------------------------------------

    def row(self, position: Position) -> Row:
        return self._row(position[0], position[1])

    def _row(self, block: int, line: int) -> Row:
        """One line, made once for as long as it is near the screen."""
        key = (block, line)
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= _KEPT:
                self._made.clear()
            found = self._made[key] = self._block(block).row(line)
        return found

    def forget(self) -> None:
        """Blocks have changed: make their lines again."""
        self._made.clear()

    def _columns(self) -> int:
        return max(1, self.room - 1)  # the first one is the cursor's

    def _parts(self, block: int, line: int) -> int:
        """How many rows of the screen a line takes."""
        if not self.wraps:
            return 1
        row = self._row(block, line)
        room, size = self._body_room(row), row.size
        if size <= room:
            return 1
        return 1 + -(-(size - _first(room, size)) // _later(room))

    def _body_room(self, row: Row) -> int:
        return max(2, self._columns() - length(row.gutter))

    def after(self, position: Position) -> Position | None:
        """The next row of the screen; None at the end."""
        block, line, part = position
        if part + 1 < self._parts(block, line):
            return block, line, part + 1
        if line + 1 < len(self._block(block)):
            return block, line + 1, 0
        return (block + 1, 0, 0) if block + 1 < self._count else None

    def before(self, position: Position) -> Position | None:
        """The row above; None at the beginning."""
        block, line, part = position
        if part > 0:
            return block, line, min(part, self._parts(block, line)) - 1
        if line > 0:
            return block, line - 1, self._parts(block, line - 1) - 1
        return self._end_of(block - 1) if block > 0 else None

    def _end_of(self, block: int) -> Position:
        line = len(self._block(block)) - 1
        return block, line, self._parts(block, line) - 1

    def move(self, position: Position, rows: int) -> Position:
        """So many rows further, or as far as it goes."""
        step = self.after if rows > 0 else self.before
        for _ in range(abs(rows)):
            found = step(position)
            if found is None:
                break
            position = found
        return position

    # -- going about -----------------------------------------------------------------------------

    def resize(self, room: int, height: int) -> None:
        """The screen has so many columns and rows for this now."""
        before = self.room, self.height
        self.room, self.height = max(1, room), max(1, height)
        if self.room != before[0]:
            self.rearranged()
        elif self.height != before[1]:
            self.settle()

    def settle(self) -> None:
        """After lines have changed: keep both positions where lines are, the cursor in sight."""
        self.top, self.cursor = self._clamped(self.top), self._clamped(self.cursor)
        self._follow()

    def _clamped(self, position: Position) -> Position:
        block = min(position[0], self._count - 1)
        line = min(position[1], len(self._block(block)) - 1)
        return block, line, min(position[2], self._parts(block, line) - 1)

    def step(self, rows: int) -> None:
        """The cursor so many rows on; the screen follows."""
        self.cursor = self.move(self.cursor, rows)
        self._follow()

    def page(self, rows: int) -> None:
        """Screen and cursor so many rows on. The last page is a full one."""
        self.top = min(self.move(self.top, rows), self._last_top())
        self.cursor = self.move(self.cursor, rows)
        self._into_sight()

    def goto(self, position: Position) -> None:
        """Cursor there, at the top of the screen where that can be."""
        self.cursor = self._clamped(position)
        self.top = min(self.cursor, self._last_top())
        self._into_sight()

    def home(self) -> None:
        self.goto((0, 0, 0))

    def end(self) -> None:
        self.goto(self._end_of(self._count - 1))

    def _last_top(self) -> Position:
        return self.move(self._end_of(self._count - 1), -(self.height - 1))

    def at_end(self) -> bool:
        """Is the last row on the screen?"""
        return self.top >= self._last_top()

    def _follow(self) -> None:
        """Move the screen as little as possible to have the cursor on it."""
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor > self.move(self.top, self.height - 1):
            self.top = self.move(self.cursor, -(self.height - 1))

    def _into_sight(self) -> None:
        """Move the cursor as little as possible to have it on the screen."""
        bottom = self.move(self.top, self.height - 1)
        self.cursor = max(self.top, min(self.cursor, bottom))

    def scroll(self, columns: int) -> None:
        """Sideways; the lines no longer wrap."""
        self.wraps = False
        self.shift = max(0, self.shift + columns)
        self.rearranged()

    # -- showing ---------------------------------------------------------------------------------

    def rows(self, find: Callable[[str], Found] | None = None) -> list[Line]:
        """What stands on the screen now, marked what `find` finds; it counts as seen."""
        shown: list[Line] = []
        position: Position | None = self.top
        while position is not None and len(shown) < self.height:
            shown.append(self._shown(position, find))
            self._note(position)
            position = self.after(position)
        return shown

    def _note(self, position: Position) -> None:
        block = position[0]
        if block in self._whole or position > self._seen.get(block, (block, 0, 0)):
            return
        if not self._is_shown_whole(self.row(position)):
            return
        following = self.after(position)
        if following is not None and following[0] == block:
            self._seen[block] = max(following, self._seen.get(block, following))
        elif not self._block(block).is_folded:
            self._whole.add(block)

    def _is_shown_whole(self, row: Row) -> bool:
        """Does all of the line come on the screen, in one row or in several? Not where the screen
        is narrower than what stands before it, nor where it goes on beyond an edge."""
        if self._columns() - length(row.gutter) < min(_NARROW, row.size):
            return False
        return self.wraps or (self.shift == 0 and row.size <= self._body_room(row))

    def is_seen(self, block: int) -> bool:
        """Was every line of it on the screen, in order, none being folded away?"""
        return block in self._whole

    def rearranged(self) -> None:
        """The same is on other lines now: what was seen in part has to be seen again."""
        self._seen.clear()
        self.forget()
        self.settle()

    def _shown(self, position: Position, find: Callable[[str], Found] | None) -> Line:
        row = self.row(position)
        body = row.body
        if find is not None:
            body = restyled(body, find(text_of(body)), " match")
        mark = Span(">", "here") if position == self.cursor else Span(" ")
        room, size = self._body_room(row), row.size
        part = position[2]
        gutter = row.more if part and row.more else row.gutter
        if size <= room and (self.wraps or not self.shift):
            return (mark, *gutter, *body)
        tag = _tag(size)
        first = _first(room, size)
        if part == 0 or not self.wraps:
            start = 0 if self.wraps else self.shift
            piece, _ = cut(body, start, first - (start > 0))
            blank = " " * (first - length(piece))
            return (mark, *gutter, *piece, Span(blank), Span(tag, "dim"))
        piece, _ = cut(body, first + (part - 1) * _later(room), _later(room))
        return (mark, *gutter, Span("\\", "dim"), *piece)

    # -- searching -------------------------------------------------------------------------------

    def positions(self, forward: bool) -> Iterator[tuple[int, int]]:
        """All (block, line), from the one after the cursor round to the cursor's own."""
        block, line, _ = self.cursor
        first = len(self._block(block))
        if forward:
            yield from ((block, index) for index in range(line + 1, first))
        else:
            yield from ((block, index) for index in range(line - 1, -1, -1))
        for distance in range(1, self._count):
            other = (block + (distance if forward else -distance)) % self._count
            lines = range(len(self._block(other)))
            yield from ((other, index) for index in (lines if forward else reversed(lines)))
        if forward:
            yield from ((block, index) for index in range(line + 1))
        else:
            yield from ((block, index) for index in range(first - 1, line - 1, -1))

    def text(self, block: int, line: int) -> str:
        """What a search looks at."""
        return text_of(self._block(block).row(line).body)


def _tag(size: int) -> str:
    """Stands at the right of a line that is too long, with its length in columns."""
    return f" <{size}>"


def _first(room: int, size: int) -> int:
    """Columns of a long line in its first row: beside them stands the length."""
    return max(1, room - len(_tag(size)))


def _later(room: int) -> int:
    """And in each further one: a mark stands before them, and a wide character may begin early."""
    return max(1, room - 2)


def fit(text: str, room: int) -> str:
    """Text for a bar: cut with a mark where it is too long."""
    if width(text) <= room:
        return text
    piece, _ = cut((Span(text),), 0, max(0, room - 1))
    return text_of(piece) + ">"
