"""One session: its head, its effects in order with what each changes, and the choice among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.errors import ShannotError
from shannot.tui.cells import Span
from shannot.tui.deciding import approve_or_execute, reject, roll_back
from shannot.tui.desk import moves_of
from shannot.tui.diff_rows import WIDE
from shannot.tui.effect_block import EffectBlock, Layout, Rows
from shannot.tui.head_rows import head_rows
from shannot.tui.pager import Pager
from shannot.tui.rows import Row
from shannot.tui.text_view import TextView
from shannot.tui.view import MOVING, PagerView
from shannot.workflows.approve import possible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.tui.cells import Line
    from shannot.tui.desk import Desk
    from shannot.tui.rows import Block
    from shannot.tui.view import Asks
    from shannot.workflows.review import Review

_OPEN = ("pending", "approved", "executing", "failed")
_KEPT = 64  # blocks, with their diffs, that are not made again


class SessionView(PagerView):
    """A session, reviewed. Block 0 is its head, the last one its end, between them the effects."""

    __slots__ = (
        "_blocks", "_folded", "_moves", "_room", "_side_by_side", "chosen", "desk", "possible",
        "review",
    )  # fmt: skip

    def __init__(self, desk: Desk, review: Review) -> None:
        self.desk = desk
        self.review = review
        self._moves = moves_of(review.session)
        self.possible = _possible(review)
        self.chosen = _chosen(review, self.possible)
        self._folded: set[int] = set()
        self._side_by_side: bool | None = None  # None: where the screen is wide
        self._room = 80
        self._blocks: dict[int, Block] = {}
        super().__init__(Pager(len(review.effects) + 2, self._block))

    # -- what is shown ---------------------------------------------------------------------------

    def title(self) -> str:
        return f"{self.review.session.id}  {self.review.session.state}"

    def place(self) -> str:
        total, current = len(self.review.effects), self.current()
        where = f"effect {current} of {total}" if current else f"{total} effects"
        return f"{where}, {len(self.chosen)} chosen" if self.possible else where

    def hint(self) -> str:
        match self.review.session.state:
            case "pending":
                return (
                    "space page  t toggle  a approve  x approve+execute  r reject  ? help  q back"
                )
            case "approved":
                return "space page  x execute  a approve anew  r reject  ? help  q back"
            case "executing" | "failed":
                return "space page  x execute the rest  R roll back  ? help  q back"
            case "executed" | "rolling-back":
                return "space page  R roll back  s script  o output  ? help  q back"
            case _:
                return "space page  s script  o output  ? help  q back"

    def key_list(self) -> Sequence[tuple[str, str]]:
        return (
            ("a", "approve the chosen effects"),
            ("x", "approve them and execute, or execute what was approved"),
            ("r", "reject the session, with a reason"),
            ("R", "roll back what was executed, after a look at what that means"),
            ("t", "choose this effect, or leave it out: [x] [ ]"),
            ("T", "choose all effects, or none"),
            ("] [", "the next effect, the one before"),
            ("Tab", "fold this effect away, with a count, or show it again"),
            ("z", "fold all effects away, or show all of them"),
            ("v", f"diffs side by side, or not (from {WIDE} columns on they are)"),
            ("s o e", "the script; what it wrote on stdout; on stderr"),
            *MOVING,
        )

    def rows(self, columns: int, lines: int) -> list[Line]:
        if columns != self._room:
            self._room = columns
            self._blocks.clear()
        return super().rows(columns, lines)

    def current(self) -> int:
        """The number of the effect that the cursor is in, 0 for none."""
        block = self.pager.cursor[0]
        return block if block <= len(self.review.effects) else 0

    def unseen(self) -> tuple[int, ...]:
        """Chosen effects that were not on the screen from their first line to their last."""
        return tuple(number for number in sorted(self.chosen) if not self.pager.is_seen(number))

    def _block(self, index: int) -> Block:
        if index not in self._blocks:
            if len(self._blocks) >= _KEPT:
                del self._blocks[next(iter(self._blocks))]
            self._blocks[index] = self._made(index)
        return self._blocks[index]

    def _made(self, index: int) -> Block:
        effects = self.review.effects
        if index == 0:
            waits = self.review.session.asking is not None
            live = waits and self.desk.is_live(self.review.session.id)
            return Rows([*head_rows(self.review, live), Row(())])
        if index > len(effects):
            text = f"end of the plan: {len(effects)} effect{'' if len(effects) == 1 else 's'}"
            return Rows([Row(()), Row((Span(text, "dim"),))])
        wide = self._room >= WIDE if self._side_by_side is None else self._side_by_side
        folded = index in self._folded
        layout = Layout(self._mark(index), folded, self._room - 1, wide, self._moves)
        return EffectBlock(self.desk, self.review.session, effects[index - 1], layout)

    def _mark(self, number: int) -> str:
        result = self.review.effects[number - 1].result
        if number not in self.possible:
            return " = " if result is None and self.possible else "   "
        return "[x]" if number in self.chosen else "[ ]"

    # -- keys ------------------------------------------------------------------------------------

    def press(self, key: str, asks: Asks) -> None:
        number = self.current()
        match key:
            case "t":
                self._toggle(number, asks)
            case "T":
                self.chosen = set() if self.chosen else set(self.possible)
                self._again_made()
            case "]" | "[":
                self._to_effect(self.pager.cursor[0], forward=key == "]")
            case "tab" | "enter":
                self._fold({number} if number else set())
            case "z":
                every = set(range(1, len(self.review.effects) + 1))
                self._fold(self._folded or every)
            case "v":
                wide = self._room >= WIDE if self._side_by_side is None else self._side_by_side
                self._side_by_side = not wide
                self._again_made()
            case "s" | "o" | "e":
                self._open_text(key, asks)
            case "a" | "x":
                approve_or_execute(self, asks, execute=key == "x")
            case "r":
                reject(self, asks)
            case "R":
                roll_back(self, asks)
            case _:
                super().press(key, asks)

    def _toggle(self, number: int, asks: Asks) -> None:
        if number not in self.possible:
            asks.say("there is nothing to choose here")
            return
        self.chosen ^= {number}
        self._again_made()

    def _to_effect(self, block: int, forward: bool) -> None:
        if forward:
            self.pager.goto((min(block + 1, len(self.review.effects) + 1), 0, 0))
        elif self.pager.cursor[1:] != (0, 0):
            self.pager.goto((block, 0, 0))
        else:
            self.pager.goto((max(block - 1, 0), 0, 0))

    def _fold(self, numbers: set[int]) -> None:
        self._folded = self._folded ^ numbers if numbers != self._folded else set()
        self._again_made()

    def _again_made(self) -> None:
        self._blocks.clear()
        self.pager.rearranged()

    def _open_text(self, key: str, asks: Asks) -> None:
        session = self.review.session
        try:
            if key == "s":
                data, name = self.desk.script(session), "script"
            else:
                name = "stdout" if key == "o" else "stderr"
                data = self.desk.contents(session, name)
        except ShannotError as error:
            asks.say(str(error), "danger")
            return
        asks.push(TextView(f"{session.id}  {name}", data, numbered=key == "s"))

    def wake(self, asks: Asks) -> None:
        """The session as it is now, after something may have been done about it."""
        try:
            review = self.desk.review(self.review.session.id)
        except ShannotError as error:
            asks.say(str(error), "danger")
            return
        if review.digest != self.review.digest:
            asks.pop()
            asks.push(SessionView(self.desk, review))
            if review.session.asking is not None:
                asks.say("the script waits for another decision", "strong")
            else:
                asks.say("the plan is another one by now: look at it again", "danger")
            return
        self.review = review
        self.possible = _possible(review)
        self.chosen &= self.possible
        self._again_made()


def _possible(review: Review) -> frozenset[int]:
    """What can be chosen: nothing of a session that is over."""
    if review.session.state not in _OPEN:
        return frozenset()
    return frozenset(possible(review.session))


def _chosen(review: Review, possible: frozenset[int]) -> set[int]:
    """What was approved before, else all that waits."""
    decision = review.session.decision
    if decision is not None and decision.digest is not None:
        return set(decision.effects) & possible
    return set(possible)
