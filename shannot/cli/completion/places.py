"""What the three shells' scripts share: the places of a command line, and quoting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shannot.cli.outline import Argument, Outline


def places(outlines: Sequence[Outline]) -> Iterator[Outline]:
    """Every command, each followed by its parts."""
    for each in outlines:
        yield each
        yield from places(each.parts)


def value_kind(argument: Argument) -> str:
    """What completes the value; `rest`: this option, and every word after it, is the script's."""
    if argument.flags and argument.many and argument.kind == "text":
        return "rest"
    return argument.kind


def quoted(word: str) -> str:
    """For any of the shells: in single quotes, unless it needs none."""
    if word and all(c.isalnum() or c in "-_./:" for c in word) and word.isascii():
        return word
    return "'" + word.replace("'", "'\\''") + "'"
