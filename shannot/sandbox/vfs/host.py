"""Read-only access to host directories: every step by descriptor, never through a symbolic link.

A `HostDirectory` is one directory of the host. It is reached from its mount's root one component
at a time with O_NOFOLLOW, so that a link planted on the host meanwhile is an error and never
followed; links are resolved by the virtual tree alone (`lookup.py`).
"""

from __future__ import annotations

import os
import stat
from errno import EACCES, ELOOP, ENOENT

_DIRECTORY_FLAGS = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OPEN_DIRECTORIES = 256

TYPES = {
    stat.S_IFREG: 8,
    stat.S_IFDIR: 4,
    stat.S_IFLNK: 10,
    stat.S_IFCHR: 2,
    stat.S_IFIFO: 1,
}
"""S_IFMT to the d_type of getdents64(2), from dirent.h."""

PRIVATE_KEY = b"-----BEGIN "


class DescriptorCache:
    """Keeps the most recently opened host directories open, at most 256 of them."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: dict[HostDirectory, int] = {}

    def get(self, directory: HostDirectory) -> int:
        """The O_PATH descriptor of `directory`. Errors: those of openat(2)."""
        host_fd = self._open.get(directory)
        if host_fd is None:
            if len(self._open) >= _OPEN_DIRECTORIES:
                self._close_oldest()
            host_fd = self._open[directory] = directory.reopen()
        return host_fd

    def _close_oldest(self) -> None:
        for directory in list(self._open)[: _OPEN_DIRECTORIES // 2]:
            os.close(self._open.pop(directory))

    def close(self) -> None:
        while self._open:
            os.close(self._open.popitem()[1])


class HostDirectory:
    """One directory of the host below a mount's root."""

    __slots__ = ("_cache", "foreign", "name", "parent", "path")

    def __init__(
        self, path: bytes, cache: DescriptorCache, parent: HostDirectory | None, foreign: bool
    ) -> None:
        self.path = path
        self.name = path.rpartition(b"/")[2]
        self.parent = parent  # None for a mount's root
        self.foreign = foreign  # other users' private files are refused even to root
        self._cache = cache

    def reopen(self) -> int:
        if self.parent is None:
            return os.open(self.path, _DIRECTORY_FLAGS & ~os.O_NOFOLLOW)
        # taken before the open: making room may close what the cache holds
        above = self._cache.get(self.parent)
        return os.open(self.name, _DIRECTORY_FLAGS, dir_fd=above)

    def descriptor(self) -> int:
        return self._cache.get(self)

    def child(self, name: bytes) -> HostDirectory:
        base = b"" if self.path == b"/" else self.path
        return HostDirectory(base + b"/" + name, self._cache, self, self.foreign)

    def lstat(self, name: bytes) -> os.stat_result:
        """Of an entry. Errors: those of fstatat(2), EACCES for another user's private directory."""
        found = os.stat(name, dir_fd=self._cache.get(self), follow_symlinks=False)
        if self.foreign and found.st_uid and stat.S_ISDIR(found.st_mode) and not found.st_mode & 1:
            raise OSError(EACCES, "another user's directory")
        return found

    def stat(self) -> os.stat_result:
        return os.stat(self._cache.get(self))

    def open_file(self, name: bytes) -> tuple[int, os.stat_result]:
        """Open a regular file for reading. Returns the descriptor and what fstat says of it.

        Errors: those of openat(2); EACCES for what is no regular file, or another user's.
        """
        host_fd = os.open(name, _FILE_FLAGS, dir_fd=self._cache.get(self))
        found = os.fstat(host_fd)
        if not stat.S_ISREG(found.st_mode) or (
            self.foreign and found.st_uid and not found.st_mode & stat.S_IROTH
        ):
            os.close(host_fd)
            raise OSError(EACCES, "not a file that may be read")
        return host_fd, found

    def open_path(self, name: bytes) -> int:
        """An O_PATH descriptor of an entry, which reads nothing."""
        flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(name, flags, dir_fd=self._cache.get(self))

    def read_link(self, name: bytes) -> bytes:
        return os.readlink(name, dir_fd=self._cache.get(self))

    def writable(self, name: bytes = b".") -> bool:
        """May the caller write this entry (or the directory itself)? As access(2) sees it."""
        above = self._cache.get(self)
        return os.access(name, os.W_OK, dir_fd=above, effective_ids=True)

    def entries(self) -> list[tuple[bytes, int, int]]:
        """Every entry as (name, inode number, d_type). Errors: those of opening a directory."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        host_fd = os.open(b".", flags, dir_fd=self._cache.get(self))
        try:
            with os.scandir(host_fd) as listing:
                return [(os.fsencode(e.name), e.inode(), _type_of(e)) for e in listing]
        finally:
            os.close(host_fd)


def _type_of(entry: os.DirEntry[str]) -> int:
    if entry.is_symlink():
        return 10
    if entry.is_dir(follow_symlinks=False):
        return 4
    if entry.is_file(follow_symlinks=False):
        return 8
    return 0


def host_exists(path: bytes) -> bool:
    """Does the host have something at this path? Only for hints, never for a decision."""
    try:
        os.lstat(path)
    except OSError as error:
        return error.errno not in (ENOENT, ELOOP)
    except ValueError:
        return False
    return True


def begins_as_private_key(host_fd: int) -> bool:
    """Is this a PEM private key? Looked at when a file is opened, whatever its name."""
    head = os.pread(host_fd, 512, 0)
    if PRIVATE_KEY not in head:
        return False
    for line in head.splitlines():
        if line.startswith(PRIVATE_KEY) and b"PRIVATE KEY-----" in line:
            return True
    return False
