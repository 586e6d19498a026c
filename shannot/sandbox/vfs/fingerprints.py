"""What effects say of things before and after: kind, mode, hash, size, and what a directory holds.

Called by `expression.py`.
"""

from __future__ import annotations

import hashlib
import os
import stat

from shannot.effects.model import Entry, Fingerprint, Unread
from shannot.effects.unread import kind_of, unread_directory

from .base import Base, Bases, UnplannedError
from .host import begins_as_private_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.effects.model import UnreadKind
    from shannot.sandbox.spec import Blobs

ENTRIES_MAX = 200_000
"""What one deleted or moved directory may hold; more would not be reviewed by anybody."""
_PIECE = 1 << 20
_KEPT_BEFORE = 1 << 20
"""Bytes up to which the contents before a change are kept as well, for the diff of a review."""


class Fingerprints:
    """Reads what stands in the base, each file once. Errors of the host are OSError."""

    __slots__ = ("_bases", "_blobs", "_entries_max")

    def __init__(self, bases: Bases, blobs: Blobs, entries_max: int = ENTRIES_MAX) -> None:
        self._bases = bases
        self._blobs = blobs
        self._entries_max = entries_max

    def of(self, base: Base, keep: bool = False) -> Fingerprint:
        """`keep`: its contents, if they are short, go to the blobs, for the diff of a review."""
        if base.is_directory():
            return Fingerprint("directory", base.mode & 0o7777)
        if stat.S_ISLNK(base.mode):
            digest = hashlib.sha256(base.target).hexdigest()
            return Fingerprint("link", 0, digest, len(base.target))
        if not base.is_file():
            raise UnplannedError("it is neither a file, a directory nor a link")
        sha256 = self.sha256(base, keep)
        return Fingerprint("file", base.mode & 0o7777, sha256, base.size)

    def sha256(self, base: Base, keep: bool = False) -> str:
        """Of a file's contents."""
        if base.origin is not None and not base.sha256:
            lower, name = base.origin
            host_fd, _ = lower.open_file(name)
            try:
                base.sha256, base.size = self._hash(host_fd, keep)
            finally:
                os.close(host_fd)
        return base.sha256

    def _hash(self, host_fd: int, keep: bool) -> tuple[str, int]:
        piece = os.read(host_fd, _KEPT_BEFORE + 1)
        if keep and len(piece) <= _KEPT_BEFORE and not begins_as_private_key(host_fd):
            return self._blobs.put_bytes(piece), len(piece)
        digest = hashlib.sha256(piece)
        size = len(piece)
        while piece and size > _KEPT_BEFORE:
            piece = os.read(host_fd, _PIECE)
            digest.update(piece)
            size += len(piece)
        return digest.hexdigest(), size

    def entries(self, base: Base) -> tuple[Entry, ...]:
        """Everything below a directory that is to go, parents first.

        UnplannedError where that is too much, or what the script could not read or did not remove
        is among it.
        """
        entries, unread = self.moved(base)
        if unread:
            raise UnplannedError(f"it holds a {unread[0].kind} that the script cannot read")
        if not self._bases.all_seen(base):
            raise UnplannedError("it holds what came while the script ran")
        return entries

    def moved(self, base: Base) -> tuple[tuple[Entry, ...], tuple[Unread, ...]]:
        """Everything below a directory, parents first, and what is there besides, unread.

        UnplannedError where that is too much.
        """
        found: list[Entry] = []
        unread: list[Unread] = []
        todo: list[tuple[bytes, Base]] = [(b"", base)]
        while todo:
            relative, directory = todo.pop()
            for name in self._bases.names(directory):
                below = relative + b"/" + name if relative else name
                child = self._bases.child(directory, name)
                if child is None:
                    continue
                if child.is_directory():
                    todo.append((below, child))
                fingerprint = self._readable(child)
                if fingerprint is None:
                    unread.append(Unread(os.fsdecode(below), kind_of(child.mode)))
                else:
                    found.append(Entry(os.fsdecode(below), fingerprint))
                self._bound(len(found) + len(unread))
            for name, mode in self._bases.unshown(directory):
                below = relative + b"/" + name if relative else name
                unread.append(self._unshown(directory, below, name, mode))
        found.sort(key=lambda entry: entry.path.split("/"))
        unread.sort(key=lambda entry: entry.path.split("/"))
        return tuple(found), tuple(unread)

    def _readable(self, base: Base) -> Fingerprint | None:
        """None for what can only be moved: a pipe, or a file that this user may not read."""
        if not (base.is_directory() or base.is_file() or stat.S_ISLNK(base.mode)):
            return None
        try:
            return self.of(base)
        except PermissionError:
            return None

    def _unshown(self, directory: Base, path: bytes, name: bytes, mode: int) -> Unread:
        """Something hidden. Of a directory the names are looked at, and not told."""
        kind = kind_of(mode)
        if kind != "directory" or directory.lower is None:
            return Unread(os.fsdecode(path), kind)
        found: list[tuple[str, UnreadKind]] = []
        todo = [(b"", directory.lower.child_of(name, directory.lower.lstat(name)))]
        while todo:
            relative, hidden = todo.pop()
            for inner, inner_mode in hidden.kinds():
                below = relative + b"/" + inner if relative else inner
                found.append((os.fsdecode(below), kind_of(inner_mode)))
                if stat.S_ISDIR(inner_mode):
                    todo.append((below, hidden.child_of(inner, hidden.lstat(inner))))
            self._bound(len(found))
        return unread_directory(os.fsdecode(path), found)

    def _bound(self, count: int) -> None:
        if count > self._entries_max:
            raise UnplannedError(f"it holds more than {self._entries_max} files")
