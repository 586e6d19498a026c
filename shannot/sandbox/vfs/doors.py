"""Directories that their owner may not write to, opened for the effects that change names in them.

`execute` replaces files by renaming, as an ordinary user maybe; the script has changed the mode
itself, or wrote in place. Called by `expression.py`: what is opened is closed at the end of a cut.
"""

from __future__ import annotations

from .base import Base, Bases, UnplannedError
from .node import Directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .rights import Identity

_ENTER, _CHANGE = 0o100, 0o300


class Doors:
    """Those of one cut."""

    __slots__ = ("_bases", "_identity", "_made", "_opened", "_set_mode")

    def __init__(
        self, bases: Bases, identity: Identity, set_mode: Callable[[Base, int], None]
    ) -> None:
        """set_mode: makes the effect that gives a directory these permission bits."""
        self._bases = bases
        self._identity = identity
        self._set_mode = set_mode
        self._opened: dict[Base, int] = {}  # the mode it had
        self._made: set[Base] = set()

    def made(self, directory: Base) -> None:
        """New in this cut: `execute` fills it before it gets its mode (`apply.py`)."""
        self._made.add(directory)

    def open(self, directory: Base) -> None:
        """Names in it are about to change."""
        if self._identity.uid == 0:
            return
        above: list[Base] = []
        base = directory
        while base.places:
            base = base.places[0][0]
            above.append(base)
        for base in reversed(above):
            self._open(base, _ENTER)
        self._open(directory, _CHANGE)

    def open_below(self, directory: Base) -> bool:
        """It goes, with all that is in it. Did that take any effect?"""
        if self._identity.uid == 0:
            return False
        opened = False
        for below in self._filled(directory):
            opened = self._open(below, _CHANGE) or opened
        return opened

    def _filled(self, directory: Base) -> Iterator[Base]:
        todo = [directory]
        while todo:
            below = todo.pop()
            names = [self._bases.child(below, name) for name in self._bases.names(below)]
            if names:
                yield below
            todo += [child for child in names if child is not None and child.is_directory()]

    def _open(self, directory: Base, want: int) -> bool:
        if directory.mode & want == want or directory in self._made or not directory.places:
            return False
        if directory.uid != self._identity.uid:
            return False  # nor could the script
        self._opened.setdefault(directory, directory.mode & 0o7777)
        self._set_mode(directory, directory.mode & 0o7777 | 0o700)
        return True

    def close(self) -> None:
        """Whatever is still open gets the mode that it is to have."""
        for directory, mode in self._opened.items():
            node = directory.node
            wanted = node.mode & 0o7777 if isinstance(node, Directory) else mode
            try:
                if directory.places:
                    self._set_mode(directory, wanted)
            except UnplannedError:
                continue  # no effect can have its path, which was told already
