"""Effects, diffs and words for people: lines of text, complete and escaped.

The words are those of `effects/wording.py`; everything else that comes from a plan, a path or a
child goes through `escape` here. Colour only repeats what a word or a sign says already.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shannot.effects.wording import describe
from shannot.escape import escape, is_visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shannot.effects.diff import Diff
    from shannot.effects.model import Effect

INDENT = " " * 6
_RED, _GREEN, _YELLOW, _CYAN, _BOLD = "31", "32", "33", "36", "1"


class Style:
    """Colour, where there is a terminal that wants it."""

    __slots__ = ("_colour",)

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and text else text

    def is_coloured(self) -> bool:
        return self._colour

    def danger(self, text: str) -> str:
        return self.paint(text, _RED)

    def strong(self, text: str) -> str:
        return self.paint(text, _BOLD)


def style_for(host_fd: int, environment: Mapping[str, str]) -> Style:
    """Colour on a terminal, without NO_COLOR (no-color.org: any value) and not TERM=dumb."""
    plain = bool(environment.get("NO_COLOR")) or environment.get("TERM", "dumb") == "dumb"
    try:
        return Style(not plain and os.isatty(host_fd))
    except OSError:
        return Style(False)


def effect_lines(
    number: int, effect: Effect, warnings: Sequence[str], diff: Diff | None, style: Style
) -> list[str]:
    """One effect whole: what it does, its details, its warnings, its diff.

    The first line begins with its number; the others are to stand below it, behind an `INDENT`.
    """
    verb, subject, details = describe(effect)
    lines = [f"{number:4}  {style.strong(f'{verb:<9}')} {subject}", *details]
    if warnings:
        lines += [style.danger(f"! {escape(warning)}") for warning in warnings]
    if diff is not None:
        lines += diff_lines(diff, style)
    return lines


def diff_lines(diff: Diff, style: Style) -> list[str]:
    """A diff with its signs, coloured where that is wanted; what was left off is said."""
    if not style.is_coloured() and is_visible("".join(diff.lines).replace("\t", "")):
        lines = [*diff.lines]  # nearly always, into a file or a pipe
    else:
        lines = _styled(diff.lines, style)
    if diff.omitted:
        lines.append(f"({diff.omitted} more lines: `shannot diff ID` shows them)")
    return lines


def _styled(plain: Sequence[str], style: Style) -> list[str]:
    lines: list[str] = []
    for line in plain:
        shown = escape(line, keep="\t")
        if line.startswith(("--- ", "+++ ")) and len(lines) < len(("---", "+++")):
            lines.append(style.strong(shown))
        elif line.startswith("@@"):
            lines.append(style.paint(shown, _CYAN))
        elif line.startswith("+"):
            lines.append(style.paint(shown, _GREEN))
        elif line.startswith("-"):
            lines.append(style.paint(shown, _RED))
        else:
            lines.append(shown)
    return lines
