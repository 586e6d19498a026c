"""Logical lines and the blocks they come in: what views make, and `pager.py` shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from shannot.tui.cells import Line, Span, length


@dataclass(frozen=True, slots=True)
class Row:
    """One logical line: what stands at its left in every part of it, and what may be long."""

    body: Line
    gutter: Line = ()
    more: Line = ()
    """In place of the gutter where the line goes on; as wide."""
    size: int = field(init=False, compare=False)
    """Columns of the body."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", length(self.body))


def lined(body: Line, gutter: str, style: str = "plain") -> Row:
    """A row behind a gutter of ours, which a colon takes the place of where the line goes on."""
    more = f"{':':>{len(gutter) - 1}} " if len(gutter) > 1 else " " * len(gutter)
    return Row(body, (Span(gutter, style),), (Span(more, "dim"),))


class Block(Protocol):
    """Some lines that belong together."""

    @property
    def is_folded(self) -> bool:
        """Is some of it folded away? Then nobody has seen it whole."""

    def __len__(self) -> int:
        """At least one."""

    def row(self, index: int) -> Row:
        """One of them."""
