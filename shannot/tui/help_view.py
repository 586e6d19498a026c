"""The keys of a view, all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.tui.cells import Span, spans
from shannot.tui.effect_block import Rows
from shannot.tui.pager import Pager
from shannot.tui.rows import Row
from shannot.tui.view import PagerView

if TYPE_CHECKING:
    from shannot.tui.view import View

_KEY = 22  # columns


class HelpView(PagerView):
    """What the keys of the view below do."""

    __slots__ = ("_view",)

    def __init__(self, view: View) -> None:
        self._view = view
        block = Rows([
            Row(spans(meaning), (Span(f" {key:<{_KEY}} ", "strong"),), (Span(" " * (_KEY + 2)),))
            for key, meaning in view.key_list()
        ])  # fmt: skip
        super().__init__(Pager(1, lambda _: block))

    def title(self) -> str:
        return f"keys: {self._view.title()}"
