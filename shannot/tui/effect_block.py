"""One effect as a block of rows: whether it is chosen, what it does, what is dangerous, its diff.

Made when it comes on the screen, and with it its diff: a plan of 10,000 effects opens at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.effects.model import RunCommand
from shannot.effects.wording import describe
from shannot.errors import ShannotError
from shannot.policy.danger import level
from shannot.tui.cells import Span, spans
from shannot.tui.diff_rows import DiffRows
from shannot.tui.rows import Row, lined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shannot.sessions.model import EffectResult, Session
    from shannot.tui.desk import Desk, Moves
    from shannot.workflows.review import ReviewedEffect

_FACT = "      | "
_WARNING, _GRAVE = "    ! | ", "   !! | "
_INPUT = "   in | "
_RESULT = "   => | "
_OUT, _ERR = "  out | ", "  err | "
_VERB = 9  # columns of the longest verb


class EffectBlock:
    """Rows of one effect. Folded, it is its head, its warnings and a count of the rest."""

    __slots__ = ("_diff", "_mark", "_reviewed", "_rows", "is_folded")

    def __init__(
        self, desk: Desk, session: Session, reviewed: ReviewedEffect, layout: Layout
    ) -> None:
        """layout: as the screen has it now."""
        self._reviewed = reviewed
        self._mark = layout.mark
        self.is_folded = layout.is_folded
        self._rows = list(_warnings(reviewed))
        if reviewed.result is not None:
            self._rows.append(_result(reviewed.result))
        details = [*_output(desk, session, reviewed), *_details(desk, session, reviewed)]
        self._diff: DiffRows | None = None
        problem = ""
        try:
            diff = desk.diff(session, reviewed.number, layout.moves)
            if diff is not None and diff.kind != "same":
                self._diff = DiffRows(diff, layout.room, layout.side_by_side)
        except ShannotError as error:
            problem = str(error)
        if problem:
            details.append(lined(spans(problem, "danger"), _FACT))
        hidden = len(details) + (len(self._diff) if self._diff else 0)
        if self.is_folded and hidden:
            self._diff = None
            lines = f"{hidden} line{'' if hidden == 1 else 's'} folded away: Tab shows them"
            self._rows.append(Row((Span(lines, "dim"),), (Span("    + | "),)))
        else:
            self._rows += details

    def __len__(self) -> int:
        return 1 + len(self._rows) + (len(self._diff) if self._diff else 0)

    def row(self, index: int) -> Row:
        """One of its lines."""
        if index == 0:
            return head_row(self._reviewed, self._mark)
        if index <= len(self._rows) or self._diff is None:
            return self._rows[index - 1]
        return self._diff.row(index - 1 - len(self._rows))


class Layout:
    """How an effect is to be shown."""

    __slots__ = ("is_folded", "mark", "moves", "room", "side_by_side")

    def __init__(
        self, mark: str, is_folded: bool, room: int, side_by_side: bool, moves: Moves
    ) -> None:
        self.mark = mark
        self.is_folded = is_folded
        self.room = room
        self.side_by_side = side_by_side
        self.moves = moves


def _warnings(reviewed: ReviewedEffect) -> Iterator[Row]:
    """What must not be overlooked: of the effect, and of each command in its shell line."""
    for warning in reviewed.warnings:
        yield lined(spans(warning, "danger"), _WARNING, "danger")
    for danger in reviewed.dangers:
        grave = level((danger,)) == "danger"
        text = f"{danger.text}: {danger.command}"
        yield lined(spans(text, "danger"), _GRAVE if grave else _WARNING, "danger")


def head_row(reviewed: ReviewedEffect, mark: str) -> Row:
    """`[x]   3 ! write     /etc/hosts`"""
    verb, subject, _ = describe(reviewed.effect)
    warned = reviewed.warnings or reviewed.dangers
    sign = "!!" if level(reviewed.dangers) == "danger" else "! " if warned else "  "
    gutter = (
        Span(f"{mark} {reviewed.number:>5} "),
        Span(sign, "danger"),
        Span(" "),
    )
    size = sum(len(span.text) for span in gutter)
    # The verb belongs to what is searched, and on a narrow screen to what wraps.
    body = (Span(f"{verb:<{_VERB}} ", "strong"), *spans(subject, "strong"))
    return Row(body, gutter, (Span(f"{':':>{size - 1}} ", "dim"),))


def _details(desk: Desk, session: Session, reviewed: ReviewedEffect) -> list[Row]:
    """What there is to know of it besides its diff; of a command what it reads as well."""
    _, _, details = describe(reviewed.effect)
    rows = [lined(spans(detail), _FACT) for detail in details]
    if isinstance(reviewed.effect, RunCommand) and reviewed.effect.stdin_sha256 is not None:
        try:
            data = desk.stdin(session, reviewed.effect)
        except ShannotError as error:
            data = str(error).encode("utf-8", "surrogateescape")
        rows += text_rows(data, _INPUT)
    return rows


def _output(desk: Desk, session: Session, reviewed: ReviewedEffect) -> list[Row]:
    """What is kept of what a command has printed, and how much there was of it."""
    result = reviewed.result
    if result is None:
        return []
    rows: list[Row] = []
    streams = (("stdout", result.stdout_size, _OUT), ("stderr", result.stderr_size, _ERR))
    for name, size, gutter in streams:
        if not size:
            continue
        style = "plain" if gutter == _OUT else "warn"
        try:
            data = desk.contents(session, f"output/{result.number}.{name}")
        except ShannotError as error:
            rows.append(lined(spans(str(error), "danger"), gutter))
            continue
        rows += text_rows(data, gutter, style)
        if len(data) < size:
            text = f"(only the first {len(data)} of {size} bytes are kept)"
            rows.append(lined(spans(text, "danger"), gutter))
    return rows


def text_rows(data: bytes | None, gutter: str, style: str = "plain") -> list[Row]:
    """Bytes as lines behind a gutter of ours."""
    if data is None:
        return [Row((Span("(too long to be shown)", "danger"),), (Span(gutter),))]
    text = data.decode("utf-8", "surrogateescape").removesuffix("\n")
    return [lined(spans(line, style, tabs=True), gutter, style) for line in text.split("\n")]


def _result(result: EffectResult) -> Row:
    """What became of it."""
    style = "good" if result.state == "done" else "danger"
    return lined(spans(result.text(), style), _RESULT, style)


class Rows:
    """A block of rows that are there already."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    @property
    def is_folded(self) -> bool:
        return False

    def __len__(self) -> int:
        return max(1, len(self._rows))

    def row(self, index: int) -> Row:
        return self._rows[index] if self._rows else Row(())
