"""Read-only access to host directories: every step by descriptor, never through a symbolic link.

A `HostDirectory` is one directory of the host. It is reached from its mount's root one component
at a time with O_NOFOLLOW, so that a link planted on the host meanwhile is an error and never
followed; links are resolved by the virtual tree alone (`lookup.py`).
"""

from __future__ import annotations

import fcntl
import os
import stat
from errno import EACCES, ELOOP, ENOENT, ENOMEM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

_DIRECTORY_FLAGS = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OPEN_DIRECTORIES = 256
ENTRIES_MAX = 1_000_000
"""Entries of one host directory that a listing holds."""

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

    __slots__ = ("opened",)

    def __init__(self) -> None:
        self.opened: dict[HostDirectory, int] = {}

    def get(self, directory: HostDirectory) -> int:
        """The O_PATH descriptor of `directory`. Errors: those of openat(2)."""
        host_fd = self.opened.get(directory)
        if host_fd is None:
            if len(self.opened) >= _OPEN_DIRECTORIES:
                self._close_oldest()
            host_fd = self.opened[directory] = directory.reopen()
        return host_fd

    def _close_oldest(self) -> None:
        for directory in list(self.opened)[: _OPEN_DIRECTORIES // 2]:
            os.close(self.opened.pop(directory))

    def close(self) -> None:
        while self.opened:
            os.close(self.opened.popitem()[1])


class HostDirectory:
    """One directory of the host below a mount's root."""

    __slots__ = ("_cache", "closed", "foreign", "name", "opened", "parent", "path")

    def __init__(
        self, path: bytes, cache: DescriptorCache, parent: HostDirectory | None, foreign: bool
    ) -> None:
        self.path = path
        self.name = path.rpartition(b"/")[2]
        self.parent = parent  # None for a mount's root
        self.foreign = foreign  # root reads other users' files only where everybody may
        self.closed = False  # foreign, and not everybody may enter
        self._cache = cache
        self.opened = cache.opened  # the descriptors of all that are open

    def reopen(self) -> int:
        if self.closed:
            raise OSError(EACCES, "another user's directory")
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

    def child_of(self, name: bytes, found: os.stat_result) -> HostDirectory:
        """`child`, closed where it is another user's and not everybody may enter."""
        below = self.child(name)
        below.closed = self.foreign and found.st_uid != 0 and not found.st_mode & stat.S_IXOTH
        return below

    def lstat(self, name: bytes) -> os.stat_result:
        """Of an entry. Errors: those of fstatat(2), EACCES in another user's private directory."""
        host_fd = self.opened.get(self)  # what `get` does first, without the call
        if host_fd is None:
            host_fd = self._cache.get(self)
        return os.stat(name, dir_fd=host_fd, follow_symlinks=False)

    def stat(self) -> os.stat_result:
        if self.closed and self.parent is not None:
            return self.parent.lstat(self.name)
        return os.stat(self._cache.get(self))

    def open_file(self, name: bytes, steady: bool = False) -> tuple[int, os.stat_result]:
        """Open a regular file for reading. Returns the descriptor and what fstat says of it.

        `steady`: nobody can have put something else, which opening would wait for, in its place.

        Errors: those of openat(2); EACCES for what is no regular file, or another user's.
        """
        flags = _FILE_FLAGS & ~os.O_NONBLOCK if steady else _FILE_FLAGS
        host_fd = os.open(name, flags, dir_fd=self._cache.get(self))
        found = os.fstat(host_fd)
        if not stat.S_ISREG(found.st_mode) or (
            self.foreign and found.st_uid and not found.st_mode & stat.S_IROTH
        ):
            os.close(host_fd)
            raise OSError(EACCES, "not a file that may be read")
        if not steady:  # blocking again: only opening it must not wait
            fcntl.fcntl(host_fd, fcntl.F_SETFL, 0)
        return host_fd, found

    def read_link(self, name: bytes) -> bytes:
        return os.readlink(name, dir_fd=self._cache.get(self))

    def allows(self, name: bytes, want: int) -> bool:
        """May the caller do `want` with an entry, or with `.`? As access(2) sees it.

        `want` is made of os.R_OK, os.W_OK and os.X_OK.
        """
        above = self._cache.get(self)
        return os.access(name, want, dir_fd=above, effective_ids=True, follow_symlinks=False)

    def is_read_only(self) -> bool:
        """Is the host's own filesystem mounted read-only here?"""
        return bool(os.statvfs(self._cache.get(self)).f_flag & os.ST_RDONLY)

    def entries(self) -> list[tuple[bytes, int, int]]:
        """Every entry as (name, inode number, d_type), sockets and devices left out.

        Errors: those of opening a directory; ENOMEM beyond a million entries.
        """
        host_fd = self._open_listing()
        try:
            with os.scandir(b"/proc/self/fd/%d" % host_fd) as listing:
                found = []
                for entry in listing:
                    kind = self._type_of(entry)
                    if kind:
                        found.append((entry.name, entry.inode(), kind))
                        if len(found) > ENTRIES_MAX:
                            raise OSError(ENOMEM, "too many entries")
                return found
        finally:
            os.close(host_fd)

    def kinds(self) -> list[tuple[bytes, int]]:
        """Every entry, whatever it is and whoever may see it, as (name, st_mode).

        Errors: as `entries`.
        """
        host_fd = self._open_listing()
        try:
            names = os.listdir(b"/proc/self/fd/%d" % host_fd)
        finally:
            os.close(host_fd)
        if len(names) > ENTRIES_MAX:
            raise OSError(ENOMEM, "too many entries")
        return [(name, self.lstat(name).st_mode) for name in names]

    def has_other_than(self, names: Container[bytes]) -> bool:
        """Is there any entry, whatever it is, under another name than these?"""
        host_fd = self._open_listing()
        try:
            with os.scandir(b"/proc/self/fd/%d" % host_fd) as listing:
                return any(entry.name not in names for entry in listing)
        finally:
            os.close(host_fd)

    def _open_listing(self) -> int:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        return os.open(b".", flags, dir_fd=self._cache.get(self))

    def _type_of(self, entry: os.DirEntry[bytes]) -> int:
        if entry.is_file(follow_symlinks=False):
            return 8
        if entry.is_dir(follow_symlinks=False):
            return 4
        if entry.is_symlink():
            return 10
        try:
            mode = self.lstat(entry.name).st_mode
        except OSError:
            return 0
        return 0 if never_shown(mode) else TYPES[stat.S_IFMT(mode)]


def never_shown(mode: int) -> bool:
    """Sockets and devices of the host are in no view. FIFOs are described, and never opened."""
    return stat.S_IFMT(mode) in (stat.S_IFSOCK, stat.S_IFCHR, stat.S_IFBLK)


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
        if line.lstrip(b"\xef\xbb\xbf \t").startswith(PRIVATE_KEY) and b"PRIVATE KEY-----" in line:
            return True
    return False
