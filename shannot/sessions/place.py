"""A name in a host directory, reached without following any symbolic link.

The way is walked name by name, each opened with O_NOFOLLOW relative to the one before, so that a
link planted anywhere in the path is refused. The open directory is what is then worked in: nothing
that happens to the path afterwards redirects the work.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from shannot.errors import RefusedError, UnsuccessfulError
from shannot.escape import escape

_WALK = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

# Not files: a write there is a command to the kernel.
_NO_FILES = ("/proc", "/sys", "/dev")
_FILES = "/dev/shm/"  # but for these, which a script may be shown


class ConflictError(UnsuccessfulError):
    """The host is not what it was when the plan was made. The message names path and change."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{escape(path)}: {what}")
        self.path = path


class Place:
    """The entry `name` of an open directory; it need not exist."""

    __slots__ = ("directory_fd", "name", "path")

    def __init__(self, directory_fd: int, name: str, path: str) -> None:
        self.directory_fd = directory_fd
        self.name = name
        self.path = path

    def look(self) -> os.stat_result | None:
        """lstat(2) of the entry, None where nothing stands there."""
        try:
            return os.lstat(self.name, dir_fd=self.directory_fd)
        except FileNotFoundError:
            return None

    def open(self, flags: int = READ) -> int:
        """A descriptor of the entry, never through a link."""
        return os.open(self.name, flags, dir_fd=self.directory_fd)

    def sibling(self, name: str) -> Place:
        """Another entry of the same directory."""
        return Place(self.directory_fd, name, f"{self.path.rpartition('/')[0]}/{name}")

    def sync(self) -> None:
        """The directory's entries reach the disk, where it can be read."""
        try:
            fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.directory_fd)
        except PermissionError:
            return
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


class Protected:
    """Directories in which nothing may be changed: shannot's own state and configuration."""

    __slots__ = ("_free", "_identities", "_paths")

    def __init__(self, directories: Iterable[str]) -> None:
        """directories: absolute paths; they need not exist, and links in them are resolved."""
        given = {os.path.normpath(path) for path in directories}
        self._paths = given | {os.path.realpath(path) for path in given}
        found = [os.stat(path) for path in self._paths if os.path.isdir(path)]
        self._identities = {(entry.st_dev, entry.st_ino) for entry in found}
        self._free: set[str] = set()  # directories in which no name is forbidden

    def is_free(self, directory: str) -> bool:
        """Was it found before that no name in the directory is forbidden?"""
        return directory in self._free

    def check(self, path: str) -> None:
        """Raise RefusedError where an effect at path would change what it must not."""
        directory = path.rpartition("/")[0]
        if directory in self._free:
            return  # nearly always
        self._check(path)
        # What holds a protected directory, at any depth, is to be looked at name by name.
        below = f"{directory}/"
        if not any(f"{root}/".startswith(below) for root in (*_NO_FILES, *self._paths)):
            self._free.add(directory)

    def _check(self, path: str) -> None:
        for root in _NO_FILES:
            if (path == root or path.startswith(f"{root}/")) and not path.startswith(_FILES):
                raise RefusedError(f"{escape(path)} is not a file's path; nothing is changed there")
        for root in self._paths:
            # A directory that holds ours must not be deleted or moved either.
            if f"{path}/".startswith(f"{root}/") or f"{root}/".startswith(f"{path}/"):
                raise RefusedError(f"{escape(path)} is shannot's own; a plan may not change it")

    def check_open(self, fd: int, path: str) -> None:
        """The same for an open directory, by whatever path (a bind mount) it was reached."""
        found = os.fstat(fd)
        if (found.st_dev, found.st_ino) in self._identities:
            raise RefusedError(f"{escape(path)} leads into shannot's own state or configuration")


def open_root() -> int:
    """A descriptor (O_PATH) of `/`."""
    return os.open("/", _WALK)


def open_directory(path: str) -> int:
    """A descriptor (O_PATH) of the directory at an absolute path, no link followed."""
    fd, walked = open_root(), ""
    for part in path.split("/"):
        if part:
            walked += f"/{part}"
            fd = _onward(fd, part, walked)
    return fd


@contextmanager
def open_below(top_fd: int, relative: str, path: str) -> Iterator[Place]:
    """The place at a relative path below an open directory; `path` is the whole one."""
    fd, walked = os.dup(top_fd), path.removesuffix(f"/{relative}")
    parts = relative.split("/")
    for part in parts[:-1]:
        walked += f"/{part}"
        fd = _onward(fd, part, walked)
    try:
        yield Place(fd, parts[-1], path)
    finally:
        os.close(fd)


def _onward(fd: int, name: str, path: str) -> int:
    """The directory `name` of the open one, which is closed."""
    try:
        return step_into(fd, name, path)
    finally:
        os.close(fd)


def step_into(fd: int, name: str, path: str) -> int:
    """A descriptor (O_PATH) of the directory `name` of the open one; `path` is its whole path."""
    try:
        return os.open(name, _WALK, dir_fd=fd)
    except FileNotFoundError:
        raise ConflictError(path, "the directory is not there")
    except NotADirectoryError:
        kind = "link" if stat.S_ISLNK(os.lstat(name, dir_fd=fd).st_mode) else "file"
        raise ConflictError(path, f"it is a {kind} now, not a directory")
    except OSError as error:
        raise ConflictError(path, f"it cannot be entered: {error.strerror}")
