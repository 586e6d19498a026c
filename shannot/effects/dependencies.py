"""What a choice of effects leaves out that the chosen ones rest on: pure, from the plan alone.

Called before a part of a plan is approved. It names what is certain not to work (a file in a
directory that is not made) and what is likely not to (a command that is given a file that is not
written). What a command needs besides is for nobody to know from here.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shannot.effects.model import DeletePath, Effect, MakeLink, MovePath, RunCommand
from shannot.effects.plan import Plan, waiting
from shannot.effects.warnings import changed_paths, named_paths


@dataclass(frozen=True, slots=True)
class Gap:
    """A chosen effect that rests on one that was left out."""

    number: int
    missing: int
    """The number of the one that was left out."""
    reason: str
    """Why, in words that follow both numbers."""
    certain: bool
    """It will be a conflict, unless somebody else does what is left out."""

    def __str__(self) -> str:
        verb = "needs" if self.certain else "may need"
        return (
            f"effect {self.number} {verb} effect {self.missing}, which is left out: {self.reason}"
        )


def find_gaps(plan: Plan, chosen: Collection[int]) -> tuple[Gap, ...]:
    """Each chosen effect with the last one before it that it rests on and that is not chosen."""
    picked = frozenset(chosen)
    left_out = frozenset(waiting(plan)) - picked
    if not left_out:
        return ()
    known = _LeftOut()
    gaps: list[Gap] = []
    for number, effect in enumerate(plan.effects, 1):
        if number in picked:
            gaps += _of_effect(number, effect, known)
        elif number in left_out:
            known.add(number, effect)
    return tuple(gaps)


def closure(plan: Plan, chosen: Collection[int]) -> tuple[int, ...]:
    """The chosen effects and all that they certainly rest on, ascending."""
    found = set(chosen)
    while missing := {gap.missing for gap in find_gaps(plan, found) if gap.certain}:
        found |= missing
    return tuple(sorted(found))


class _LeftOut:
    """The paths that effects left out so far would have changed."""

    __slots__ = ("_above", "_paths")

    def __init__(self) -> None:
        self._paths: dict[str, int] = {}
        self._above: dict[str, int] = {}

    def add(self, number: int, effect: Effect) -> None:
        for path in changed_paths(effect):
            self._paths[path] = number
            while path != "/" and self._above.get(path) != number:
                self._above[path] = number
                path = posixpath.dirname(path)

    def at(self, path: str) -> int | None:
        """Who would have changed the path itself."""
        return self._paths.get(path)

    def at_or_above(self, path: str) -> int | None:
        """Who would have changed it or a directory that it is in: the nearest one."""
        while path != "/":
            if path in self._paths:
                return self._paths[path]
            path = posixpath.dirname(path)
        return None

    def below(self, path: str) -> int | None:
        """Who would have changed it, or something in it."""
        return self._above.get(path)


def _of_effect(number: int, effect: Effect, known: _LeftOut) -> Iterator[Gap]:
    if isinstance(effect, RunCommand):
        yield from _of_command(number, effect, known)
        return
    for path in _paths(effect):
        missing = known.at(path)
        if missing is not None:
            yield Gap(number, missing, "what it finds at its path is left there by that", True)
            return
        missing = known.at_or_above(posixpath.dirname(path))
        if missing is not None:
            yield Gap(number, missing, "the directory that it works in comes from that", True)
            return
    if isinstance(effect, DeletePath | MovePath):
        top = effect.path if isinstance(effect, DeletePath) else effect.source
        missing = known.below(top)
        if missing is not None:
            yield Gap(number, missing, "that changes what is in the directory", True)


def _paths(effect: Effect) -> tuple[str, ...]:
    """The paths at which an effect expects something, or nothing."""
    match effect:
        case RunCommand():
            return ()
        case MovePath(source=other) | MakeLink(hard=True, target=other):
            return (other, effect.path)
        case _:
            return (effect.path,)


def _of_command(number: int, command: RunCommand, known: _LeftOut) -> Iterator[Gap]:
    missing = known.at_or_above(command.executable)
    if missing is not None:
        yield Gap(number, missing, "that leaves the program which it runs", True)
    elif (missing := known.at_or_above(command.directory)) is not None:
        yield Gap(number, missing, "the directory that it runs in comes from that", True)
    else:
        found = {known.at_or_above(path) for path in named_paths(command)} - {None}
        for missing in sorted(number for number in found if number is not None):
            yield Gap(number, missing, "its words name what that changes", False)
