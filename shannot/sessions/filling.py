"""Directories that are made and filled: their mode and time come last, when all is in them.

Called by `apply.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import replace

from shannot.effects.model import Effect, MakeDirectory, MovePath, RunCommand
from shannot.sessions.steps import FileEffect


def parents(effects: Iterable[Effect]) -> frozenset[str]:
    """The directories in which effects change names."""
    paths = (effect.path for effect in effects if not isinstance(effect, RunCommand))
    return frozenset(os.path.dirname(path) for path in paths)


def relaxed(effect: FileEffect, filled: Container[str]) -> FileEffect:
    """A directory that its owner may not write to is made so that it can be filled first."""
    if isinstance(effect, MakeDirectory) and effect.path in filled and os.geteuid() != 0:
        return replace(effect, mode=effect.mode | 0o700)
    return effect


def unsettled(
    numbers: Iterable[int], effects: Mapping[int, Effect], is_done: Callable[[int], bool]
) -> Iterator[MakeDirectory]:
    """The directories made since the last command among these effects, the last one first.

    numbers: the last one first. Whoever comes next, a command or the end, must find the directories
    as recorded (`Steps.settle`). Worked out from the plan, so that an execution which was killed
    before that does it, too.
    """
    touched: set[str] = set()
    for number in numbers:
        effect = effects[number]
        if isinstance(effect, RunCommand):
            return
        if isinstance(effect, MakeDirectory) and is_done(number) and effect.path not in touched:
            yield effect
        touched.add(effect.source if isinstance(effect, MovePath) else effect.path)
