"""One simple command of a shell line: what `deep_reader.py` finds and `deny.py` examines."""

from __future__ import annotations

from dataclasses import dataclass

from shannot.policy.command_line import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Scopes = tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Simple:
    """One simple command of a line, quotes removed, known variables put in."""

    words: tuple[str, ...]
    targets: tuple[str, ...] = ()
    """Where its output is redirected to."""
    pipes: bool = False
    """Its output goes into the next command."""
    nested: tuple[Simple, ...] = ()
    """The commands of substitutions in its words."""
    scopes: Scopes = ()
    """The variables that it may use, the nearest first."""


def echoed(commands: Sequence[Simple]) -> str:
    """What an echo or printf among the commands would print, near enough; else nothing."""
    for simple in commands:
        if simple.words and name_of(simple.words[0]) in ("echo", "printf"):
            return " ".join(simple.words[1:])
    return ""
