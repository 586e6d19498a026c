"""The contents of the layer's files, hashed and saved as they are at a cut. Called by `changes.py`.

A file is read again only where it may have changed: its time and size are looked at. The child
writes natively, so a file that was written just before it was read, or that is mapped, is read
again at the next cut.
"""

from __future__ import annotations

import os
import time
from errno import EFBIG

from .node import File

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.spec import Blobs

    from .layer import Layer
    from .node import Node

_SETTLED = 20_000_000
"""Nanoseconds: a file written this recently may change again without its time showing it."""
_SMALL = 1 << 17
"""Bytes that are saved from memory: a third faster than by descriptor, for most files there are."""


class Contents:
    """Reads files of the layer. One per run."""

    __slots__ = ("_blobs", "_known", "_last", "_layer", "_left")

    def __init__(self, layer: Layer, blobs: Blobs) -> None:
        self._layer = layer
        self._blobs = blobs
        self._known: dict[File, tuple[int, int, str]] = {}  # ctime ns, size, sha256
        self._left = layer.capacity
        self._last = False

    def begin(self, last: bool) -> None:
        """A cut begins: it reads as many bytes as the layer may have, holes included.

        last: the script has ended, and all it started; the layer's files are done with after it.
        """
        self._left = self._layer.capacity
        self._last = last

    def save(self, node: File) -> tuple[str, int]:
        """(sha256, size) of what it holds now, which is in the blobs. Errors: OSError."""
        if node.spool is None:
            return self._put(self._layer.open_file(node, os.O_RDONLY))
        found = node.spool.stat(node.key)
        known = self._known.get(node)
        if known is not None and known[:2] == (found.st_ctime_ns, found.st_size):
            return known[2], known[1]
        sha256, size = self._put(node.spool.open(node.key, os.O_RDONLY), node)
        old = time.time_ns() - found.st_ctime_ns > _SETTLED
        settled = self._last or (old and not self._layer.mapped)
        if self._last:
            found = node.spool.stat(node.key)  # a second name is a change, too
        self._known[node] = (found.st_ctime_ns if settled else 0, size, sha256)
        return sha256, size

    def _put(self, host_fd: int, node: File | None = None) -> tuple[str, int]:
        """node: whose spooled file it is."""
        try:
            size = os.fstat(host_fd).st_size
            if size > self._left:
                raise OSError(EFBIG, "too large to be kept, holes included")
            self._left -= size
            head = os.pread(host_fd, _SMALL + 1, 0)
            if self._last and node is not None and node.spool is not None:
                # Making a file takes a hundred times as long as naming one, on some filesystems.
                found, size = _hash(host_fd, head)
                if self._blobs.link_file(node.spool.directory, node.key, found):
                    return found, size
            if len(head) <= _SMALL:
                return self._blobs.put_bytes(head), len(head)
            return self._blobs.put_descriptor(host_fd)
        finally:
            os.close(host_fd)


def _hash(host_fd: int, head: bytes) -> tuple[str, int]:
    """(sha256, size) of an open file of which the head was read."""
    import hashlib  # only at the end of a run

    digest = hashlib.sha256(head)
    size = len(head)
    while size > _SMALL and (piece := os.pread(host_fd, 1 << 20, size)):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def set_time(node: Node) -> int | None:
    """The modification time that the script set, if it did not write after that; in ns."""
    if not node.times_set:
        return None
    if isinstance(node, File) and node.spool is not None:
        if node.spool.stat(node.key).st_mtime_ns != node.mtime_ns:
            return None
    return node.mtime_ns
