"""A question over the whole screen: everything that an answer means, and a key for each answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shannot.tui.effect_block import Rows
from shannot.tui.pager import Pager
from shannot.tui.rows import Row
from shannot.tui.view import MOVING, PagerView

if TYPE_CHECKING:
    from shannot.tui.view import Asks


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer."""

    key: str
    meaning: str
    act: Callable[[Asks], None]
    """Called with the question gone from the screen."""


class ConfirmView(PagerView):
    """The question, which must have been on the screen whole before it is answered.

    Escape, n and q change nothing.
    """

    __slots__ = ("_choices", "_title")

    def __init__(self, title: str, rows: Sequence[Row], choices: Sequence[Choice]) -> None:
        self._title = title
        self._choices = choices
        block = Rows(rows)
        super().__init__(Pager(1, lambda _: block))

    def title(self) -> str:
        return self._title

    def hint(self) -> str:
        answers = [f"{choice.key} {choice.meaning}" for choice in self._choices]
        return "  ".join([*answers, "n back"])

    def key_list(self) -> Sequence[tuple[str, str]]:
        own = [(choice.key, choice.meaning) for choice in self._choices]
        return [*own, ("n, q, Escape", "back; nothing is decided"), *MOVING[:-2]]

    def press(self, key: str, asks: Asks) -> None:
        for choice in self._choices:
            if key == choice.key:
                if not self.pager.is_seen(0):
                    asks.say("read it to its end first: space, or a larger screen", "danger")
                    return
                asks.pop()
                choice.act(asks)
                return
        if key == "n":
            asks.pop()
        else:
            super().press(key, asks)
