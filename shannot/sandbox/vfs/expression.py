"""Each change as an effect, applied to the base at once, so that what comes next finds it done.

Called by `order.py`, which decides when.
"""

from __future__ import annotations

import os
import stat

from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    ChangeTimes,
    DeletePath,
    Effect,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    WriteFile,
)

from .base import Base, Bases, UnplannedError, made
from .contents import Contents, set_time
from .doors import Doors
from .fingerprints import Fingerprints
from .node import Directory, File, Link, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .base import Place
    from .rights import Identity

PATH_MAX = 4095  # bytes; a longer path cannot be passed to a system call


class DifferenceFound(Exception):  # noqa: N818 - not an error: the answer to `pending`
    """There would be an effect."""


class Expression:
    """Makes the effects of one cut. With `only_ask` the first one is `DifferenceFound` instead."""

    __slots__ = ("_bases", "_contents", "_doors", "_identity", "_only_ask", "_prints", "effects")

    def __init__(
        self,
        bases: Bases,
        prints: Fingerprints,
        contents: Contents,
        identity: Identity,
        only_ask: bool,
    ) -> None:
        self._bases = bases
        self._prints = prints
        self._contents = contents
        self._identity = identity
        self._only_ask = only_ask
        self._doors = Doors(bases, identity, self._set_mode)
        self.effects: list[Effect] = []

    def path(self, place: Place) -> str:
        """Errors: UnplannedError where it is too long."""
        path = self._bases.path(*place)
        if not 1 < len(path) <= PATH_MAX:
            raise UnplannedError("no effect can have such a path")
        return os.fsdecode(path)

    def _add(self, effect: Effect) -> None:
        self._ask()
        self.effects.append(effect)

    def _ask(self) -> None:
        if self._only_ask:
            raise DifferenceFound

    def _fingerprint(self, base: Base | None) -> Fingerprint | None:
        return self._prints.of(base, keep=True) if base is not None else None

    # -- names -----------------------------------------------------------------------------------

    def move(self, source: Place, place: Place, replaced: Base | None) -> None:
        self._ask()
        base = self._bases.child(*source)
        if base is None:
            raise UnplannedError("what was to be moved is gone")
        entries, unread = self._prints.moved(base) if base.is_directory() else ((), ())
        before = self._prints.of(base)
        to_replace = self._fingerprint(replaced)
        paths = self.path(source), self.path(place)
        self._doors.open(source[0])
        self._doors.open(place[0])
        if base.is_directory() and source[0] is not place[0]:
            self._doors.open(base)  # its `..` changes
            before = self._prints.of(base)
        self._add(MovePath(*paths, before, to_replace, entries, unread))
        if replaced is not None:
            self._bases.delete(*place)
        self._bases.take(*source)
        self._bases.put(*place, base)

    def delete(self, place: Place, base: Base) -> None:
        self._ask()
        if base.is_directory():
            entries = self._prints.entries(base)
            if self._doors.open_below(base):
                entries = self._prints.entries(base)
            before = self._prints.of(base)
        else:
            entries = ()
            before = self._prints.of(base, keep=True)
        self._doors.open(place[0])
        self._add(DeletePath(self.path(place), before, entries))
        self._bases.delete(*place)

    def make(self, node: Node, place: Place, replaced: Base | None) -> Base:
        """Something new. `replaced` is a file or a link that the effect takes the place of."""
        if replaced is not None and replaced.links > 1 and not isinstance(node, Link):
            self.delete(place, replaced)
            replaced = None
        base = made(node, self._identity.uid, self._group(place))
        self._doors.open(place[0])
        if isinstance(node, Directory):
            self._doors.made(base)
            base.mtime_ns = set_time(node)
            mode = node.mode & 0o7777
            self._add(MakeDirectory(self.path(place), mode, base.mtime_ns))
        elif isinstance(node, Link):
            target = os.fsdecode(node.target)
            self._add(MakeLink(self.path(place), target, self._fingerprint(replaced)))
        elif isinstance(node, File):
            if replaced is not None and replaced.is_file():
                base.uid, base.gid = replaced.uid, replaced.gid  # `execute` keeps the owner
            self._write(node, base, place, self._fingerprint(replaced))
        if replaced is not None:
            self._bases.delete(*place)
        self._bases.put(*place, base)
        self._bases.bind(base, node)
        self._owner(node, base, place)
        if isinstance(node, Link):
            self._times(node, base, place)
        return base

    def link(self, base: Base, place: Place, replaced: Base | None) -> None:
        """A second name of a file."""
        before = self._fingerprint(replaced)
        self._doors.open(place[0])
        self._add(MakeLink(self.path(place), self.path(base.places[0]), before, hard=True))
        if replaced is not None:
            self._bases.delete(*place)
        self._bases.put(*place, base)
        base.links += 1

    def _group(self, place: Place) -> int:
        above = place[0]
        return above.gid if above.mode & stat.S_ISGID else self._identity.gid

    # -- what stands at a name -------------------------------------------------------------------

    def update(self, node: Node, base: Base, place: Place) -> None:
        """Contents, mode, owner and times."""
        if isinstance(node, File) and self._has_other_contents(node, base):
            self._rewrite(node, base, place)
        if not isinstance(node, Link):
            self._set_mode(base, node.mode & 0o7777)
        self._owner(node, base, place)
        self._times(node, base, place)

    def same_contents(self, node: Node, base: Base) -> bool:
        """Of two files, or of two links."""
        if isinstance(node, Link):
            return node.target == base.target
        return isinstance(node, File) and not self._has_other_contents(node, base)

    def _has_other_contents(self, node: File, base: Base) -> bool:
        if node.spool is None and base.origin is not None and base.node is node:
            return False  # still the host's
        return self._contents.save(node)[0] != self._prints.sha256(base, keep=True)

    def _rewrite(self, node: File, base: Base, place: Place) -> None:
        """Writing replaces the file, so its other names are taken away and made again."""
        before = self._prints.of(base, keep=True)
        others = [other for other in base.places if other != place]
        for other in others:
            self._doors.open(other[0])
            self._add(DeletePath(self.path(other), before))
            self._bases.take(*other)
            base.links -= 1
        self._doors.open(place[0])
        self._write(node, base, place, before, base.links - 1)
        for other in others:
            self.link(base, other, None)

    def _write(
        self, node: File, base: Base, place: Place, before: Fingerprint | None, others: int = 0
    ) -> None:
        sha256, size = self._contents.save(node)
        mode = node.mode & 0o7777
        mtime_ns = set_time(node)
        after = Fingerprint("file", mode, sha256, size)
        self._add(WriteFile(self.path(place), before, after, mtime_ns, others))
        base.sha256, base.size, base.mode, base.mtime_ns = sha256, size, node.mode, mtime_ns
        base.origin = None

    def _set_mode(self, base: Base, after: int) -> None:
        before = base.mode & 0o7777
        if before != after:
            others = base.links - 1 if base.is_file() else 0
            self._add(ChangeMode(self.path(base.places[0]), before, after, others))
            base.mode = stat.S_IFMT(base.mode) | after

    def _owner(self, node: Node, base: Base, place: Place) -> None:
        before, after = (base.uid, base.gid), (node.uid, node.gid)
        if before != after:
            others = base.links - 1 if base.is_file() else 0
            self._add(ChangeOwner(self.path(place), before, after, others))
            base.uid, base.gid = after

    def _times(self, node: Node, base: Base, place: Place) -> None:
        wanted = set_time(node)
        if wanted is not None and wanted != base.mtime_ns:
            self._add(ChangeTimes(self.path(place), wanted))
            base.mtime_ns = wanted

    def open_directory(self, node: Directory, base: Base) -> None:
        """A mode that lets its owner work in it comes before that work."""
        if node.mode & 0o300 == 0o300 and base.places:
            self._set_mode(base, node.mode & 0o7777)

    def close_directory(self, node: Directory, base: Base) -> None:
        """Mode, owner and times of a directory, once all below it is done."""
        place = base.places[0] if base.places else None
        if place is not None:
            self._set_mode(base, node.mode & 0o7777)
            self._owner(node, base, place)
            self._times(node, base, place)

    def close_all(self) -> None:
        """Nothing more comes in this cut."""
        self._doors.close()
