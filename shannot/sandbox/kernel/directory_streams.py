"""Directory streams: opendir(3) and its family, for a child whose C library sends them to us."""

from __future__ import annotations

import os
from errno import EBADF, EINVAL, EMFILE

from shannot.sandbox.vfs.node import Directory

from . import directories, files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .piped import PipedTask
    from .task import Task

STREAMS_MAX = 512
Entry = tuple[bytes, int, int]  # name, inode, d_type


class DirectoryStream:
    """An open directory and how far it has been read."""

    __slots__ = ("_entries", "_node", "number", "place")

    def __init__(self, number: int, node: Directory) -> None:
        self.number = number  # the child's descriptor, closed with the stream
        self.place = 0
        self._node = node
        self._entries: list[Entry] | None = None

    def next(self, task: Task) -> Entry | None:
        """The next entry; None at the end, and where the directory is gone: so has it readdir(3),
        to which getdents64(2) says ENOENT."""
        if self._entries is None:
            node = self._node
            if node.removed:
                return None
            above = node.parent or node
            self._entries = [(b".", node.inode, 4), (b"..", above.inode, 4)]
            self._entries += task.system.overlay.names(node, task.pid)
        if self.place >= len(self._entries):
            return None
        self.place += 1
        return self._entries[self.place - 1]

    def rewind(self) -> None:
        """From the start, as the directory is then."""
        self.place = 0
        self._entries = None


def opendir(task: PipedTask, path: bytes) -> DirectoryStream:
    """Errors: openat(2)'s, ENOTDIR, EMFILE."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    host_fd = files.openat(task, -100, path, flags, 0)
    number = task.table.give(host_fd)
    try:
        return fdopendir(task, number)
    except OSError:
        task.table.close(number)
        raise


def fdopendir(task: PipedTask, number: int) -> DirectoryStream:
    """Errors: EBADF, ENOTDIR, EMFILE; EINVAL for one that has a stream already."""
    node = directories.opened_directory(task, task.descriptors.stat(number))
    if len(task.streams) >= STREAMS_MAX:
        raise OSError(EMFILE, "too many directory streams")
    if any(stream.number == number for stream in task.streams.values()):
        raise OSError(EINVAL, "it has a stream")
    return DirectoryStream(number, node)


def stream_at(task: PipedTask, address: int) -> DirectoryStream:
    """The stream that a DIR pointer of the child stands for. Errors: EBADF."""
    stream = task.streams.get(address)
    if stream is None:
        raise OSError(EBADF, "no directory stream")
    return stream
