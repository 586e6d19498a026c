"""Changes: the difference between the layer and what was there at the last cut, as effects.

Theory of operation
-------------------
`cut` compares each changed directory with its `Base` name by name: what is new, gone, or other
than before. A new name whose node stood elsewhere, where nothing stands now, is a move; a whole
directory that moved is one effect, and what differs inside it is expressed at its new place. The
effects are then put in an order in which each can be done (`order.py`). Where moves wait for each
other (two names swapped) the cut is made again without them: contents are written instead.

Contents are hashed and saved as blobs while they are read, once per changed file. A file that the
script may still be writing is taken as it is at the cut.

Only loaded when something changed.
"""

from __future__ import annotations

import os
import stat
import time

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

from .base import Base, Bases, snapshot
from .node import Directory, File, Link, Node, is_clean
from .order import CycleError, Step, in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec import Blobs
    from .overlay import Overlay

_SETTLED = 20_000_000
"""Nanoseconds: a file written this recently may change again without its time showing it."""


class Cutter:
    """Cuts the changes of one run into pieces of the plan."""

    __slots__ = ("_bases", "_blobs", "_digests", "_located", "_mounts", "_overlay", "_snapshots")

    def __init__(self, mounts: Sequence[Node], overlay: Overlay, blobs: Blobs) -> None:
        self._mounts = [(node, node.mount.host or b"/") for node in mounts]
        self._overlay = overlay
        self._blobs = blobs
        self._bases = Bases(overlay.hidden, blobs)
        self._digests: dict[Node, tuple[int, int, str]] = {}  # ctime ns, size, sha256
        self._snapshots: dict[Node, Base] = {}
        self._located: dict[Node, bytes] = {}

    def cut(self) -> list[Effect]:
        """The effects since the last cut, in an order in which they can be done."""
        effects = self._effects()
        self._remember()
        return effects

    def pending(self) -> bool:
        """Would `cut` return anything?"""
        return bool(self._effects())

    def _effects(self) -> list[Effect]:
        """Moves that wait for each other are left out, and looked for again without them."""
        without: set[bytes] = set()
        while True:
            try:
                return self._compared(without)
            except CycleError as cycle:
                moved = {
                    os.fsencode(effect.source)
                    for effect in cycle.effects
                    if isinstance(effect, MovePath)
                }
                if moved <= without:
                    raise
                without |= moved

    def _compared(self, without: set[bytes]) -> list[Effect]:
        comparison = Comparison(self, without)
        for mounted, path in self._mounts:
            if not is_clean(mounted):
                comparison.compare(mounted, self._base_of(mounted), path)
        return in_order(comparison.steps())

    def _base_of(self, mounted: Node) -> Base | None:
        known = self._snapshots.get(mounted)
        if known is not None:
            return known
        if isinstance(mounted, Directory):
            original = mounted.original
            mode = original.st_mode if original is not None else mounted.mode
            base = Base(mounted.mount.host or b"/", mode, mounted.uid, mounted.gid, mounted.mtime_ns)
            base.lower = mounted.lower
            return base
        if mounted.origin is None:
            return None
        return self._bases.of_host(*mounted.origin)

    def _remember(self) -> None:
        digests = {node: (known[2], known[1]) for node, known in self._digests.items()}
        self._snapshots.clear()
        self._located.clear()
        for mounted, path in self._mounts:
            base = snapshot(mounted, b"" if path == b"/" else path, digests)
            self._snapshots[mounted] = base
            self._locate(base)

    def _locate(self, base: Base) -> None:
        if base.node is not None:
            self._located[base.node] = base.place
        for child in base.changed.values():
            if child is not None:
                self._locate(child)

    # -- for the comparison ----------------------------------------------------------------------

    @property
    def bases(self) -> Bases:
        return self._bases

    @property
    def overlay(self) -> Overlay:
        return self._overlay

    def located(self, node: Node) -> bytes | None:
        """Where the node stood at the last cut; None if nowhere."""
        known = self._located.get(node)
        if known is not None or node.origin is None:
            return known
        lower, name = node.origin
        return (b"" if lower.path == b"/" else lower.path) + b"/" + name

    def digest(self, node: File) -> tuple[str, int]:
        """(sha256, size) of a file of the layer, its contents saved."""
        if node.spool is None or not node.key:
            base = self._bases.of_host(*node.origin) if node.origin is not None else None
            return (self._bases.sha256(base), base.size) if base is not None else ("", 0)
        found = node.spool.stat(node.key)
        known = self._digests.get(node)
        if known is not None and known[:2] == (found.st_ctime_ns, found.st_size):
            return known[2], known[1]
        host_fd = node.spool.open(node.key, os.O_RDONLY)
        try:
            sha256, size = self._blobs.put_descriptor(host_fd)
        finally:
            os.close(host_fd)
        settled = time.time_ns() - found.st_ctime_ns > _SETTLED and not self._overlay.mapped
        self._digests[node] = (found.st_ctime_ns if settled else 0, size, sha256)
        return sha256, size

    def save_host(self, node: File) -> None:
        """Contents still on the host that a new name needs as a blob."""
        host_fd = self._overlay.open_file(node, os.O_RDONLY)
        try:
            self._blobs.put_descriptor(host_fd)
        finally:
            os.close(host_fd)


class Comparison:
    """One pass over what changed."""

    __slots__ = ("_created", "_cutter", "_deleted", "_first_names", "_steps", "_without")

    def __init__(self, cutter: Cutter, without: set[bytes]) -> None:
        self._cutter = cutter
        self._without = without  # sources that are not to be moved
        self._steps: list[Step] = []
        self._deleted: dict[bytes, Base] = {}
        self._created: list[tuple[Node, Base | None, bytes]] = []
        self._first_names: dict[Node, bytes] = {}

    def compare(self, node: Node | None, base: Base | None, path: bytes) -> None:
        """What makes `path` from what it was (`base`) into what it is (`node`)."""
        if node is None:
            if base is not None:
                self._deleted[path] = base
            return
        if base is None or stat.S_IFMT(base.mode) != stat.S_IFMT(node.mode):
            self._created.append((node, base, path))
            return
        if isinstance(node, Directory):
            self._mode(node, base, path)
            self._owner(node, base.uid, base.gid, path)
            self._entries(node, base, path)
        elif self._cutter.located(node) not in (None, base.place):
            self._created.append((node, base, path))  # when it is known what is gone
        elif isinstance(node, Link):
            if node.target != base.target:
                self._link(node, base, path)
        elif isinstance(node, File):
            self._file(node, base, path)

    def _entries(self, node: Directory, base: Base, path: bytes) -> None:
        for name in self._names(node, base):
            child = node.upper.get(name) if name in node.upper else node.seen.get(name)
            if child is None and name not in node.upper:
                child = self._cutter.overlay.child(node, name, 0)
            if isinstance(child, Directory) and child.fixed:
                continue  # a mount point: compared by itself
            below = self._cutter.bases.child(base, name)
            self.compare(child, below, (b"" if path == b"/" else path) + b"/" + name)

    def _names(self, node: Directory, base: Base) -> list[bytes]:
        names = set(node.upper) | set(base.changed)
        same = node.lower is not None and base.lower is not None
        if same and node.lower.path == base.lower.path:  # type: ignore[union-attr]  # not None
            names.update(
                name
                for name, child in node.seen.items()
                if isinstance(child, Directory) and child.dirty
            )
        else:
            names.update(name for name, _, _ in self._cutter.overlay.names(node, 0))
            names.update(self._cutter.bases.names(base))
        return sorted(names)

    # -- the second half: what is new or gone -----------------------------------------------------

    def steps(self) -> list[Step]:
        """Everything found, moves matched."""
        gone: set[bytes] = set()
        while self._created:
            created, self._created = self._created, []
            rest: list[tuple[Node, Base | None, bytes]] = []
            for node, base, path in created:
                source = self._moved_from(node, path)
                if source is None or not self._move(node, base, path, source, gone):
                    rest.append((node, base, path))
            for node, base, path in rest:
                self._create(node, base, path)
        for path, base in self._deleted.items():
            if path not in gone:
                self._delete(path, base, frozenset(gone))
        return self._steps

    def _moved_from(self, node: Node, path: bytes) -> bytes | None:
        """Where it stood before, if nothing stands there now."""
        source = self._cutter.located(node)
        if source is None or source == path or source in self._without:
            return None
        if node in self._first_names:
            return None
        while source not in self._deleted:
            above = source.rpartition(b"/")[0]
            if not above:
                return None
            if above in self._deleted:
                return self._cutter.located(node)
            source = above
        return self._cutter.located(node)

    def _move(
        self, node: Node, base: Base | None, path: bytes, source: bytes, gone: set[bytes]
    ) -> bool:
        if base is not None and (base.is_directory() or isinstance(node, Directory)):
            return False
        old = self._base_at(source)
        if old is None or stat.S_IFMT(old.mode) != stat.S_IFMT(node.mode) or source in gone:
            return False
        bases = self._cutter.bases
        replaced = bases.fingerprint(base) if base is not None else None
        entries = bases.entries(old, frozenset(gone), source) if old.is_directory() else []
        effect = MovePath(
            os.fsdecode(source),
            os.fsdecode(path),
            bases.fingerprint(old),
            replaced,
            tuple(entries),
        )
        gone.add(source)
        self._steps.append(Step(effect, vacates=source, occupies=path))
        self._first_names[node] = path
        if isinstance(node, Directory):
            self._mode(node, old, path)
            self._owner(node, old.uid, old.gid, path)
            self._entries(node, self._without_moved(old, source, gone), path)
        elif isinstance(node, File):
            self._file(node, old, path)
        return True

    def _without_moved(self, base: Base, path: bytes, gone: set[bytes]) -> Base:
        """The directory as it is once what moved out of it is gone."""
        for moved in gone:
            if moved.startswith(path + b"/"):
                *above, name = moved[len(path) + 1 :].split(b"/")
                directory: Base | None = base
                for part in above:
                    below = self._cutter.bases.child(directory, part) if directory else None
                    if directory is not None and below is not None:
                        directory.changed[part] = below
                    directory = below
                if directory is not None:
                    directory.changed[name] = None
        return base

    def _base_at(self, path: bytes) -> Base | None:
        """What stood at a path that is, or is below one that is, gone."""
        above = path
        names: list[bytes] = []
        while above not in self._deleted:
            above, _, name = above.rpartition(b"/")
            names.append(name)
            if not above:
                return None
        base: Base | None = self._deleted[above]
        for name in reversed(names):
            base = self._cutter.bases.child(base, name) if base is not None else None
        return base

    def _create(self, node: Node, base: Base | None, path: bytes) -> None:
        if base is not None and (base.is_directory() or isinstance(node, Directory)):
            self._delete(path, base, frozenset())
            base = None
        if isinstance(node, Directory):
            mtime_ns = node.mtime_ns if node.times_set else None
            effect = MakeDirectory(os.fsdecode(path), node.mode & 0o7777, mtime_ns)
            self._steps.append(Step(effect, occupies=path))
            self._new_owner(node, path)
            self._entries(node, Base(path, node.mode, node.uid, node.gid, 0), path)
        elif node in self._first_names or self._stays(node, path):
            self._hard_link(node, base, path)
        elif isinstance(node, Link):
            self._first_names[node] = path
            self._link(node, base, path)
            self._new_owner(node, path)
        elif isinstance(node, File):
            self._first_names[node] = path
            self._write(node, base, path)
            self._new_owner(node, path)

    def _stays(self, node: Node, path: bytes) -> bool:
        """A second name of a file that is still where it was."""
        before = self._cutter.located(node)
        if before is None or before == path or node.nlink < 2 or isinstance(node, Directory):
            return False
        if self._base_at(before) is not None:
            return False
        self._first_names[node] = before
        return True

    # -- effects ---------------------------------------------------------------------------------

    def _delete(self, path: bytes, base: Base, gone: frozenset[bytes]) -> None:
        bases = self._cutter.bases
        entries = tuple(bases.entries(base, gone, path)) if base.is_directory() else ()
        effect = DeletePath(os.fsdecode(path), bases.fingerprint(base), entries)
        self._steps.append(Step(effect, vacates=path))

    def _file(self, node: File, base: Base, path: bytes) -> None:
        if node.spool is None and base.node in (None, node):
            changed = base.source is None or base.source != node.origin and base.node is None
        else:
            changed = True
        first = self._first_names.setdefault(node, path)
        if changed and self._cutter.digest(node)[0] != self._cutter.bases.sha256(base):
            if first == path:
                self._write(node, base, path)
            else:  # a second name of the same file: replacing the first one left it behind
                self._hard_link(node, base, path)
                return
        else:
            self._mode(node, base, path)
            self._times(node, base, path)
        self._owner(node, base.uid, base.gid, path)

    def _write(self, node: File, base: Base | None, path: bytes) -> None:
        sha256, size = self._cutter.digest(node)
        if node.spool is None:
            self._cutter.save_host(node)
        before = self._cutter.bases.fingerprint(base) if base is not None else None
        after = Fingerprint("file", node.mode & 0o7777, sha256, size)
        effect = WriteFile(os.fsdecode(path), before, after, self._set_time(node))
        if base is None:
            self._steps.append(Step(effect, occupies=path))
        else:
            self._steps.append(Step(effect, touches=path))

    def _set_time(self, node: File) -> int | None:
        """The time that the script set, if it did not write after that."""
        if not node.times_set:
            return None
        if node.spool is not None and node.key:
            found = node.spool.stat(node.key)
            return node.mtime_ns if found.st_mtime_ns == node.mtime_ns else None
        return node.mtime_ns

    def _link(self, node: Link, base: Base | None, path: bytes) -> None:
        before = self._cutter.bases.fingerprint(base) if base is not None else None
        effect = MakeLink(os.fsdecode(path), os.fsdecode(node.target), before)
        if base is None:
            self._steps.append(Step(effect, occupies=path))
        else:
            self._steps.append(Step(effect, touches=path))

    def _hard_link(self, node: Node, base: Base | None, path: bytes) -> None:
        first = self._first_names[node]
        before = self._cutter.bases.fingerprint(base) if base is not None else None
        effect = MakeLink(os.fsdecode(path), os.fsdecode(first), before, hard=True)
        if base is None:
            self._steps.append(Step(effect, occupies=path, after=first))
        else:
            self._steps.append(Step(effect, touches=path, after=first))

    def _mode(self, node: Node, base: Base, path: bytes) -> None:
        before, after = base.mode & 0o7777, node.mode & 0o7777
        if before != after:
            self._steps.append(
                Step(ChangeMode(os.fsdecode(path), before, after), touches=path, after=path)
            )

    def _owner(self, node: Node, uid: int, gid: int, path: bytes) -> None:
        if (node.uid, node.gid) != (uid, gid):
            effect = ChangeOwner(os.fsdecode(path), (uid, gid), (node.uid, node.gid))
            self._steps.append(Step(effect, touches=path))

    def _new_owner(self, node: Node, path: bytes) -> None:
        identity = self._cutter.overlay.identity
        parent = node.parent
        gid = identity.gid
        if parent is not None and parent.mode & stat.S_ISGID:
            gid = parent.gid
        self._owner(node, identity.uid, gid, path)

    def _times(self, node: File, base: Base, path: bytes) -> None:
        if node.times_set and node.mtime_ns != base.mtime_ns:
            if self._set_time(node) is not None:
                effect = ChangeTimes(os.fsdecode(path), node.mtime_ns)
                self._steps.append(Step(effect, touches=path))
