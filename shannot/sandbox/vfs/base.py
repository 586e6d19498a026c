"""What a path was at the last cut: the side that the layer is compared with (`changes.py`).

Before the first cut that is the host. After it, what the effects so far will have made of it:
a sparse tree of `Base` nodes, with the host below wherever nothing differs.
"""

from __future__ import annotations

import hashlib
import os
import stat
from errno import ENOENT, ENOTDIR

from shannot.effects.model import Entry, Fingerprint

from .node import Directory, File, Link, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..spec import Blobs
    from .hidden import Hidden
    from .host import HostDirectory

_PIECE = 1 << 20
_KEPT_BEFORE = 1 << 20
"""Bytes up to which the contents before a change are kept as well, for the diff of a review."""


class Base:
    """One path as it was. `lower` and `changed` are a directory's, `source` a host file's."""

    __slots__ = (
        "changed", "gid", "lower", "mode", "mtime_ns", "node", "place", "sha256", "size", "source",
        "target", "uid",
    )  # fmt: skip

    def __init__(self, place: bytes, mode: int, uid: int, gid: int, mtime_ns: int) -> None:
        self.place = place  # where it stood, as a path of the host
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.mtime_ns = mtime_ns
        self.size = 0
        self.sha256 = ""  # of a file's contents, once known
        self.target = b""
        self.source: tuple[HostDirectory, bytes] | None = None
        self.lower: HostDirectory | None = None
        self.changed: dict[bytes, Base | None] = {}
        self.node: Node | None = None  # that stood here; None where it was the host's alone

    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.mode)

    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)


class Bases:
    """Reads the previous state: children, names, fingerprints."""

    __slots__ = ("_blobs", "_hidden")

    def __init__(self, hidden: Hidden, blobs: Blobs) -> None:
        self._hidden = hidden
        self._blobs = blobs

    def of_host(self, lower: HostDirectory, name: bytes) -> Base | None:
        """What the host has; None where it has nothing, or nothing that shows."""
        try:
            found = lower.lstat(name)
        except OSError as error:
            if error.errno in (ENOENT, ENOTDIR):
                return None
            raise
        if self._hidden.hides(lower.path, name):
            return None
        place = (b"" if lower.path == b"/" else lower.path) + b"/" + name
        base = Base(place, found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns)
        base.size = found.st_size
        if base.is_directory():
            base.lower = lower.child(name)
        elif stat.S_ISLNK(found.st_mode):
            base.target = lower.read_link(name)
        base.source = (lower, name)
        return base

    def child(self, base: Base, name: bytes) -> Base | None:
        if name in base.changed:
            return base.changed[name]
        return self.of_host(base.lower, name) if base.lower is not None else None

    def names(self, base: Base) -> Iterator[bytes]:
        if base.lower is not None:
            for name, _, _ in base.lower.entries():
                if name not in base.changed and not self._hidden.hides(base.lower.path, name):
                    yield name
        for name, child in base.changed.items():
            if child is not None:
                yield name

    def fingerprint(self, base: Base) -> Fingerprint:
        if base.is_directory():
            return Fingerprint("directory", base.mode & 0o7777)
        if stat.S_ISLNK(base.mode):
            digest = hashlib.sha256(base.target).hexdigest()
            return Fingerprint("link", 0, digest, len(base.target))
        return Fingerprint("file", base.mode & 0o7777, self.sha256(base), base.size)

    def sha256(self, base: Base) -> str:
        """Of a file's contents; small ones are kept for the diff."""
        if not base.sha256 and base.source is not None:
            lower, name = base.source
            host_fd, _ = lower.open_file(name)
            try:
                base.sha256, base.size = self._hash(host_fd)
            finally:
                os.close(host_fd)
        return base.sha256

    def _hash(self, host_fd: int) -> tuple[str, int]:
        piece = os.read(host_fd, _KEPT_BEFORE + 1)
        if len(piece) <= _KEPT_BEFORE:
            return self._blobs.put_bytes(piece), len(piece)
        digest = hashlib.sha256()
        size = 0
        while piece:
            digest.update(piece)
            size += len(piece)
            piece = os.read(host_fd, _PIECE)
        return digest.hexdigest(), size

    def entries(self, base: Base, gone: frozenset[bytes], path: bytes) -> list[Entry]:
        """Everything below a directory, parents first, without what `gone` names (full paths)."""
        found: list[Entry] = []
        todo: list[tuple[bytes, Base]] = [(b"", base)]
        while todo:
            relative, directory = todo.pop()
            for name in sorted(self.names(directory), reverse=True):
                below = relative + b"/" + name if relative else name
                child = self.child(directory, name)
                if child is None or path + b"/" + below in gone:
                    continue
                if child.is_directory():
                    todo.append((below, child))
                found.append(Entry(os.fsdecode(below), self.fingerprint(child)))
        return sorted(found, key=lambda entry: entry.path.split("/"))


def snapshot(node: Node, place: bytes, digests: dict[Node, tuple[str, int]]) -> Base:
    """The layer's node as it is now, to compare with at the next cut."""
    base = Base(place, node.mode, node.uid, node.gid, node.mtime_ns)
    base.node = node
    if isinstance(node, File):
        base.source = node.origin if node.spool is None else None
        base.sha256, base.size = digests.get(node, ("", node.size))
    elif isinstance(node, Link):
        base.target = node.target
    elif isinstance(node, Directory):
        base.lower = node.lower
        for name, child in node.upper.items():
            if child is None:
                base.changed[name] = None
            elif not child.fixed if isinstance(child, Directory) else True:
                base.changed[name] = snapshot(child, place + b"/" + name, digests)
        for name, child in node.seen.items():
            if isinstance(child, Directory) and child.dirty:
                base.changed[name] = snapshot(child, place + b"/" + name, digests)
    return base
