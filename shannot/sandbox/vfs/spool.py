"""The spool: where the contents of the layer's files are kept, as plain files of this run's own.

Named files rather than descriptors, so that the number of changed files is not bounded by
RLIMIT_NOFILE, and on the disk of the state directory, so that saving them is a copy within one
filesystem. The directory is private; the guardian removes it when the mediator is killed.
"""

from __future__ import annotations

import os
from errno import EINVAL, ENOSPC, ENOSYS, ENXIO, EOPNOTSUPP, EXDEV

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_PIECE = 1 << 26


class Spool:
    """A directory of numbered files. `limit` bounds how many there may be at once."""

    __slots__ = ("_kept", "_made", "directory", "limit", "path")

    def __init__(self, path: bytes, limit: int) -> None:
        """Make the directory `path`. Errors: mkdir(2)'s."""
        os.mkdir(path, 0o700)
        self.path = path
        self.directory = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self.limit = limit
        self._made = 0
        self._kept = 0

    def create(self) -> tuple[bytes, int]:
        """A new empty file: its name and a descriptor for both ways. Errors: ENOSPC."""
        if self._kept >= self.limit:
            raise OSError(ENOSPC, "too many files in the layer")
        self._kept += 1
        self._made += 1
        name = b"%d" % self._made
        return name, os.open(name, _CREATE, 0o600, dir_fd=self.directory)

    def create_fifo(self) -> bytes:
        """A new FIFO's name. Errors: ENOSPC."""
        if self._kept >= self.limit:
            raise OSError(ENOSPC, "too many files in the layer")
        name = b"%d" % (self._made + 1)
        os.mkfifo(name, 0o600, dir_fd=self.directory)
        self._kept += 1
        self._made += 1
        return name

    def open(self, name: bytes, flags: int) -> int:
        return os.open(name, flags | os.O_CLOEXEC, dir_fd=self.directory)

    def stat(self, name: bytes) -> os.stat_result:
        return os.stat(name, dir_fd=self.directory, follow_symlinks=False)

    def discard(self, name: bytes) -> None:
        """Forget a file; whoever has it open keeps it."""
        os.unlink(name, dir_fd=self.directory)
        self._kept -= 1

    def set_times(self, name: bytes, atime_ns: int, mtime_ns: int) -> None:
        os.utime(name, ns=(atime_ns, mtime_ns), dir_fd=self.directory, follow_symlinks=False)

    def disk_usage(self) -> int:
        """Bytes that the named files occupy now."""
        total = 0
        with os.scandir(self.path) as listing:
            for entry in listing:
                try:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                except FileNotFoundError:
                    continue
        return total

    def close(self) -> None:
        with os.scandir(self.path) as listing:
            for entry in listing:
                os.unlink(entry.path)
        os.close(self.directory)
        os.rmdir(self.path)


def copy_contents(source: int, target: int) -> None:
    """Copy all of one open file to another, empty one; holes stay holes."""
    size = os.fstat(source).st_size
    done = 0
    while done < size:
        try:
            start = os.lseek(source, done, os.SEEK_DATA)
        except OSError as error:
            if error.errno != ENXIO:  # no data after this offset
                raise
            break
        done = os.lseek(source, start, os.SEEK_HOLE)
        _copy_range(source, target, start, done)
    os.ftruncate(target, max(size, done))


def _copy_range(source: int, target: int, start: int, end: int) -> None:
    try:
        while start < end:
            count = os.copy_file_range(source, target, min(_PIECE, end - start), start, start)
            if not count:
                return
            start += count
    except OSError as error:
        if error.errno not in (EXDEV, EINVAL, EOPNOTSUPP, ENOSYS):
            raise
    while start < end:
        piece = os.pread(source, min(1 << 20, end - start), start)
        if not piece:
            return
        os.pwrite(target, piece, start)
        start += len(piece)
