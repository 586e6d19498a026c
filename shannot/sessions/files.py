"""Files of the state directory: read as if an enemy had written them, written atomically.

A file here is a plain file with one name, of the expected owner, that no one else can write.
"""

from __future__ import annotations

import os
import stat

from shannot.effects.document import MalformedError, NotOursError
from shannot.errors import ShannotError
from shannot.escape import escape

_CHUNK = 1 << 20
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_directory(path: str, owner: int, dir_fd: int | None = None, shown: str = "") -> int:
    """A descriptor of a directory that belongs to owner, is no link, and only owner can write."""
    shown = shown or path
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(path, flags, dir_fd=dir_fd)
    try:
        _check_owner(os.fstat(fd), owner, shown)
    except BaseException:
        os.close(fd)
        raise
    return fd


def open_file(name: str, dir_fd: int, owner: int, limit: int, shown: str) -> int:
    """A descriptor for reading, checked as the head of this module says; FileNotFoundError."""
    try:
        fd = os.open(name, READ, dir_fd=dir_fd)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise MalformedError(f"{escape(shown)} cannot be read: {error.strerror}") from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise MalformedError(f"{escape(shown)} is not a plain file")
        _check_owner(found, owner, shown)
        if found.st_size > limit:
            raise MalformedError(f"{escape(shown)} is larger than {limit} bytes")
    except BaseException:
        os.close(fd)
        raise
    return fd


def check_directory(found: os.stat_result, owner: int, shown: str) -> None:
    """The same of a directory that was only looked at, with lstat(2)."""
    if not stat.S_ISDIR(found.st_mode):
        raise MalformedError(f"{escape(shown)} is not a directory, or a link")
    _check_owner(found, owner, shown)


def _check_owner(found: os.stat_result, owner: int, shown: str) -> None:
    if found.st_uid != owner:
        raise NotOursError(f"{escape(shown)} belongs to user {found.st_uid}, not to user {owner}")
    if found.st_mode & 0o022:
        told = "can be written by others; chmod go-w it if you trust it"
        raise NotOursError(f"{escape(shown)} {told}")


def read(name: str, dir_fd: int, owner: int, limit: int, shown: str) -> bytes:
    """The contents of such a file, at most limit bytes. FileNotFoundError where there is none."""
    fd = open_file(name, dir_fd, owner, limit, shown)
    try:
        pieces: list[bytes] = []
        left = limit + 1
        while left > 0 and (piece := os.read(fd, min(left, _CHUNK))):
            pieces.append(piece)
            left -= len(piece)
        if left <= 0:
            raise MalformedError(f"{escape(shown)} is larger than {limit} bytes")
        return b"".join(pieces)
    finally:
        os.close(fd)


def is_at(fd: int, path: str) -> bool:
    """Does the open directory still stand there?"""
    try:
        return os.path.samestat(os.fstat(fd), os.lstat(path))
    except FileNotFoundError:
        return False


def write_all(fd: int, data: bytes | memoryview) -> None:
    written = os.write(fd, data) if data else 0
    if written == len(data):
        return
    view = memoryview(data)[written:]
    while view:
        view = view[os.write(fd, view) :]


def write_new(name: str, dir_fd: int, data: bytes) -> None:
    """A new file of mode 0600; FileExistsError. Not synced."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, 0o600, dir_fd=dir_fd)
    try:
        write_all(fd, data)
    finally:
        os.close(fd)


def lay_out(name: str, dir_fd: int, data: bytes) -> None:
    """A file of mode 0644 that others read, in a directory where they may write. OSError.

    They can exchange what stands under any name there: nothing is opened or changed by one that is
    not new, and a rename follows no link; in a sticky directory it goes over nobody else's file.
    """
    hidden = f".new-{os.urandom(8).hex()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(hidden, flags, 0o600, dir_fd=dir_fd)
    try:
        os.fchmod(fd, 0o644)
        write_all(fd, data)
        os.rename(hidden, name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    except OSError:
        try:
            os.unlink(hidden, dir_fd=dir_fd)
        except OSError:
            pass  # it has its name already, or is gone
        raise
    finally:
        os.close(fd)


def replace(name: str, dir_fd: int, data: bytes) -> None:
    """The file holds data from one moment to the next, also across a crash."""
    temporary = f".{name}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(temporary, flags, 0o600, dir_fd=dir_fd)
    try:
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(temporary, name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    os.fsync(dir_fd)


def make_private(path: str) -> None:
    """The directory exists with mode 0700, those above it as well where they were missing.

    ShannotError where it cannot be made.
    """
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            pass
    except OSError as error:
        raise ShannotError(
            f"cannot make the state directory {escape(path)}: {error.strerror};"
            " set XDG_STATE_HOME to a directory that can be written"
        ) from error
