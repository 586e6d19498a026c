"""What is done with an open file by its number: reading, writing, moving, duplicating.

Only where the child's descriptors are ours (`piped.py`); under seccomp the kernel does all this.
"""

from __future__ import annotations

import fcntl
import os
import select
import stat
from errno import EBADF, EFBIG, EINVAL, EIO, EISDIR, ENOTTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .piped import PipedTask

READ_MAX = 8 << 20
"""Bytes of one read: more is a short read, which read(2) may always give."""
WRITE_MAX = 0x7FFF_F000  # MAX_RW_COUNT of linux/fs.h
_PIPE_BUF = 4096  # linux/limits.h: so much can be written without waiting, where any can
_STATUS_FLAGS = os.O_APPEND | os.O_NONBLOCK


def read(task: PipedTask, number: int, count: int) -> bytes:
    """read(2). Waits for a pipe or terminal as long as the child lives. Errors: EBADF, EISDIR."""
    table = task.table
    host_fd = table.host(number)
    if number in table.waiting:
        _wait(task, host_fd, select.POLLIN)
    data = os.read(host_fd, min(count, READ_MAX))
    if not data and count:
        _require_no_directory(task, host_fd)
    return data


def pread(task: PipedTask, number: int, count: int, offset: int) -> bytes:
    host_fd = task.table.host(number)
    if offset < 0:
        raise OSError(EINVAL, "negative offset")
    data = os.pread(host_fd, min(count, READ_MAX), offset)
    if not data and count:
        _require_no_directory(task, host_fd)
    return data


def _require_no_directory(task: PipedTask, host_fd: int) -> None:
    found = os.fstat(host_fd)
    key = (found.st_dev, found.st_ino)
    if key in task.system.overlay.path_only:
        raise OSError(EBADF, "opened by O_PATH")
    if key in task.system.directories:
        raise OSError(EISDIR, "a directory")


def _wait(task: PipedTask, host_fd: int, events: int) -> None:
    """Errors: EIO where the child is gone."""
    if _is_at_once(host_fd, os.O_WRONLY):
        return
    if not task.wait(host_fd, events, None):
        raise OSError(EIO, "the caller is gone")


def write(task: PipedTask, number: int, data: bytes) -> int:
    """write(2): all of it, unless the other end of a pipe goes away or does not want to wait."""
    table = task.table
    host_fd = table.host(number)
    if number in table.waiting:
        return _write_waiting(task, host_fd, data)
    _require_room(task, host_fd, len(data))
    return os.write(host_fd, data)


def _write_waiting(task: PipedTask, host_fd: int, data: bytes) -> int:
    if _is_at_once(host_fd, os.O_RDONLY):
        return os.write(host_fd, data)
    done = 0
    while done < len(data):
        if not task.wait(host_fd, select.POLLOUT, None):
            raise OSError(EIO, "the caller is gone")
        try:
            done += os.write(host_fd, data[done : done + _PIPE_BUF])
        except OSError:
            if done:  # the next call is told
                break
            raise
    return done


def _is_at_once(host_fd: int, other: int) -> bool:
    """Is the host's own answer the right one: the child wants no waiting, or has the `other` end of
    a pipe (its access mode), where what would be waited for never comes?"""
    flags = fcntl.fcntl(host_fd, fcntl.F_GETFL)
    return bool(flags & os.O_NONBLOCK) or flags & os.O_ACCMODE == other


def pwrite(task: PipedTask, number: int, data: bytes, offset: int) -> int:
    host_fd = task.table.host(number)
    if offset < 0:
        raise OSError(EINVAL, "negative offset")
    if offset + len(data) > task.system.limits.overlay:
        raise OSError(EFBIG, "beyond what the layer may hold")
    return os.pwrite(host_fd, data, offset)


def _require_room(task: PipedTask, host_fd: int, size: int) -> None:
    """RLIMIT_FSIZE, which is not ours. Errors: EFBIG, ESPIPE never: only what has an offset."""
    try:
        offset = os.lseek(host_fd, 0, os.SEEK_CUR)
    except OSError:
        return
    if offset + size > task.system.limits.overlay:
        raise OSError(EFBIG, "beyond what the layer may hold")


def lseek(task: PipedTask, number: int, offset: int, whence: int) -> int:
    host_fd = task.table.host(number)
    if not 0 <= whence <= 4:
        raise OSError(EINVAL, "no such origin")
    return os.lseek(host_fd, offset, whence)


def ftruncate(task: PipedTask, number: int, length: int) -> int:
    host_fd = task.table.host(number)
    if length < 0:
        raise OSError(EINVAL, "negative length")
    if length > task.system.limits.overlay:
        raise OSError(EFBIG, "beyond what the layer may hold")
    os.ftruncate(host_fd, length)
    return 0


def fallocate(task: PipedTask, number: int, offset: int, length: int) -> int:
    host_fd = task.table.host(number)
    if offset < 0 or length <= 0:
        raise OSError(EINVAL, "no such range")
    if offset + length > task.system.limits.overlay:
        raise OSError(EFBIG, "beyond what the layer may hold")
    os.posix_fallocate(host_fd, offset, length)
    return 0


def close(task: PipedTask, number: int) -> int:
    task.table.close(number)
    return 0


def dup(task: PipedTask, number: int, cloexec: bool) -> int:
    copy = os.dup(task.table.host(number))
    return task.open(copy, cloexec)


def dup2(task: PipedTask, number: int, target: int, cloexec: bool) -> int:
    table = task.table
    host_fd = table.host(number)
    if target == number:
        return target
    waits = number in table.waiting
    table.put(target, os.dup(host_fd), not cloexec)
    if waits:
        table.waiting.add(target)
    return target


def pipe(task: PipedTask, flags: int) -> tuple[int, int]:
    """pipe2(2): numbers of the reading and the writing end. Errors: EINVAL, EMFILE."""
    if flags & ~(os.O_CLOEXEC | os.O_NONBLOCK):
        raise OSError(EINVAL, "unknown flags")
    reader, writer = os.pipe2(os.O_CLOEXEC | flags)
    cloexec = bool(flags & os.O_CLOEXEC)
    try:
        first = task.open(reader, cloexec)
    except OSError:
        os.close(writer)
        raise
    try:
        return first, task.open(writer, cloexec)
    except OSError:
        task.table.close(first)
        raise


def isatty(task: PipedTask, number: int) -> int:
    """isatty(3): 1. Errors: ENOTTY, EBADF, which the row makes 0: -1 would be true as well."""
    found = task.table.stat(number)
    if (found.st_dev, found.st_ino) not in task.system.terminals:
        raise OSError(ENOTTY, "not a terminal")
    return 1


def get_status_flags(task: PipedTask, number: int) -> int:
    return fcntl.fcntl(task.table.host(number), fcntl.F_GETFL)


def set_status_flags(task: PipedTask, number: int, flags: int) -> int:
    """F_SETFL of fcntl(2): only whether it appends and whether it waits."""
    host_fd = task.table.host(number)
    before = fcntl.fcntl(host_fd, fcntl.F_GETFL)
    fcntl.fcntl(host_fd, fcntl.F_SETFL, before & ~_STATUS_FLAGS | flags & _STATUS_FLAGS)
    return 0


def lockf(task: PipedTask, number: int, command: int, length: int) -> int:
    """lockf(3) of a child that is alone: it has every lock that it asks for. Errors: EBADF."""
    host_fd = task.table.host(number)
    if not 0 <= command <= 3:
        raise OSError(EINVAL, "no such command")
    if command in (1, 2) and fcntl.fcntl(host_fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(EBADF, "not open for writing")
    del length
    return 0


def sendfile(task: PipedTask, target: int, source: int, offset: int | None, count: int) -> int:
    """sendfile(2), by reading and writing. The caller moves an offset of its own."""
    out, origin = task.table.host(target), task.table.host(source)
    if not stat.S_ISREG(os.fstat(origin).st_mode):
        raise OSError(EINVAL, "only from a file")
    size = min(count, READ_MAX)
    if target in task.table.waiting:
        size = min(size, _PIPE_BUF)
    start = os.lseek(origin, 0, os.SEEK_CUR) if offset is None else offset
    if start < 0:
        raise OSError(EINVAL, "negative offset")
    data = os.pread(origin, size, start)
    if fcntl.fcntl(out, fcntl.F_GETFL) & os.O_APPEND:
        raise OSError(EINVAL, "the target appends")
    done = write(task, target, data)
    if offset is None:
        os.lseek(origin, start + done, os.SEEK_SET)
    return done


def sync(task: PipedTask, number: int) -> int:
    """fsync(2), fdatasync(2): the layer is not to survive anything. Errors: EBADF, EINVAL."""
    if stat.S_ISFIFO(task.table.stat(number).st_mode):
        raise OSError(EINVAL, "a pipe")
    return 0
