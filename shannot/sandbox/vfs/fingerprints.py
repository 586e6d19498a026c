"""What effects say of things before and after: kind, mode, hash, size, and what a directory holds.

Called by `expression.py`.
"""

from __future__ import annotations

import hashlib
import os
import stat

from shannot.effects.model import Entry, Fingerprint

from .base import Base, Bases, UnplannedError
from .host import begins_as_private_key

TYPE_CHECKING = False
if TYPE_CHECKING:
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
        """Everything below a directory, parents first. UnplannedError where that is too much."""
        found: list[Entry] = []
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
                found.append(Entry(os.fsdecode(below), self.of(child)))
                if len(found) > self._entries_max:
                    raise UnplannedError(f"it holds more than {self._entries_max} files")
        return tuple(sorted(found, key=lambda entry: entry.path.split("/")))
