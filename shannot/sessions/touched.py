"""Which effects may share a batch: those that do not rest on one another. Called by `batch.py`.

The only bond that is allowed is the most frequent one: something new in a directory that the same
batch makes. It needs no comparison, for nothing can stand there; it is made in the nearest
directory that does, and moved in.
"""

from __future__ import annotations

from collections.abc import Callable

from shannot.effects.model import MakeDirectory, MakeLink, MovePath, WriteFile
from shannot.sessions.steps import FileEffect


class Touched:
    """The paths of the effects in one batch."""

    __slots__ = ("_above", "_made", "_paths")

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._above: set[str] = set()  # every directory that such a path is in
        self._made: set[str] = set()

    def add(self, effect: FileEffect) -> None:
        """One more."""
        for path in _paths(effect):
            self._paths.add(path)
            while (path := path.rpartition("/")[0]) and path not in self._above:
                self._above.add(path)
        if isinstance(effect, MakeDirectory):
            self._made.add(effect.path)

    def clear(self) -> None:
        """None any more."""
        self._paths.clear()
        self._above.clear()
        self._made.clear()

    def staging(self, path: str) -> str:
        """The nearest directory of a path that is there before the batch."""
        directory = path.rpartition("/")[0]
        while directory in self._made:
            directory = directory.rpartition("/")[0]
        return directory or "/"

    def allows(self, effect: FileEffect, is_plain: Callable[[str], bool]) -> bool:
        """May it join them? is_plain: does a directory give nothing to what is made in it?"""
        for path in _paths(effect):
            if path in self._paths or path in self._above:
                return False
            nearest = self._nearest(path)
            if nearest is None:
                continue
            if nearest not in self._made or not _is_new(effect):
                return False
            if nearest != path.rpartition("/")[0] or not is_plain(self.staging(path)):
                return False
        return True

    def _nearest(self, path: str) -> str | None:
        """The nearest directory of a path that one of them touches."""
        if not self._made and not self._paths:
            return None
        while path := path.rpartition("/")[0]:
            if path in self._paths:
                return path
        return None


def _is_new(effect: FileEffect) -> bool:
    """Does it make something where nothing is, of nothing that is elsewhere?"""
    match effect:
        case WriteFile(before=None) | MakeDirectory() | MakeLink(before=None, hard=False):
            return True
        case _:
            return False


def _paths(effect: FileEffect) -> tuple[str, ...]:
    match effect:
        case MovePath(source=other) | MakeLink(hard=True, target=other):
            return (other, effect.path)
        case _:
            return (effect.path,)
