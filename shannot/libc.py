"""The calls of libc that `os` does not offer: renameat2(2), syncfs(2), tee(2).

The first two have a fallback, because a filesystem or another libc may not know them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat

_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2  # linux/fs.h
_AT_FDCWD = -100  # linux/fcntl.h
_SPLICE_F_NONBLOCK = 2  # linux/splice.h
_LIBC = ctypes.CDLL(None, use_errno=True)


def rename_new(source: str, source_fd: int, target: str, target_fd: int) -> None:
    """Rename, never over anything: FileExistsError where something stands at the target."""
    names = os.fsencode(source), os.fsencode(target)
    try:
        failed = _LIBC.renameat2(source_fd, names[0], target_fd, names[1], _RENAME_NOREPLACE)
        code = ctypes.get_errno() if failed else 0
    except AttributeError:
        code = errno.ENOSYS
    if code in (errno.ENOSYS, errno.EINVAL):
        _rename_new_in_steps(source, source_fd, target, target_fd)
    elif code:
        raise OSError(code, os.strerror(code), target)


def exchange(path: str, other: str) -> bool:
    """Swap what stands at two paths in one step; False where the system or the filesystem cannot,
    and where there is any other error: rename(2) will meet it, and tell."""
    names = os.fsencode(path), os.fsencode(other)
    try:
        failed = _LIBC.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    except AttributeError:
        return False
    return not failed


def _rename_new_in_steps(source: str, source_fd: int, target: str, target_fd: int) -> None:
    """For old filesystems: link(2) fails where something stands; a directory leaves a short gap."""
    if stat.S_ISDIR(os.lstat(source, dir_fd=source_fd).st_mode):
        try:
            os.lstat(target, dir_fd=target_fd)
        except FileNotFoundError:
            os.rename(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd)
            return
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    os.link(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd, follow_symlinks=False)
    os.unlink(source, dir_fd=source_fd)


def tee(source: int, target: int) -> int:
    """Copy a byte from one pipe to another, and leave it where it is. Returns 0 at the end of the
    first, where nobody can write to it. Errors: BlockingIOError where nothing was written yet."""
    done: int = _LIBC.tee(source, target, 1, _SPLICE_F_NONBLOCK)
    if done < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return done


def sync_filesystem(fd: int) -> None:
    """Everything written to the filesystem of the open file reaches the disk.

    OSError where some of it cannot: EIO, ENOSPC (Linux 5.8 and later tell).
    """
    try:
        code = ctypes.get_errno() if _LIBC.syncfs(fd) else 0
    except AttributeError:
        code = errno.ENOSYS
    if code == errno.ENOSYS:
        os.sync()
    elif code:
        raise OSError(code, os.strerror(code))


def sync_below(directory: str | bytes) -> None:
    """As `sync_filesystem`, for what was written below a directory."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync_filesystem(fd)
    finally:
        os.close(fd)
