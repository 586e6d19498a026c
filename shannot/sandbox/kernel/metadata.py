"""What is known of a file: stat, access, link target, mode, owner, times, its filesystem."""

from __future__ import annotations

import os
import stat
import time
from errno import EACCES, EBADF, EFAULT, EINVAL, ENOENT, EOPNOTSUPP, EPERM, EROFS

from shannot.sandbox.vfs.node import Directory, Fifo, File, Link, MagicLink, Node
from shannot.sandbox.vfs.rights import allows, may_own, may_write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .task import Task

AT_SYMLINK_NOFOLLOW = 0x100
AT_EMPTY_PATH = 0x1000
_AT_STAT = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | 0x800  # AT_NO_AUTOMOUNT
_UTIME_NOW = (1 << 30) - 1
_UTIME_OMIT = (1 << 30) - 2
Stat = tuple[int, ...]


def newfstatat(task: Task, dirfd: int, path: bytes, flags: int) -> Stat | bytes:
    """newfstatat(2); bytes are the struct itself, kept from an earlier call.

    It is kept where nothing can change it, and of a file that is the host's until the host says
    otherwise (`Node.renew`), which is asked each time.
    """
    if flags & ~_AT_STAT:
        raise OSError(EINVAL, "unknown flags")
    if not path and flags & AT_EMPTY_PATH:
        return fstat(task, dirfd) if dirfd != -100 else task.system.overlay.stat(task.cwd)
    node = task.existing(dirfd, path, not flags & AT_SYMLINK_NOFOLLOW)
    if node.packed is not None:
        return node.packed
    values = task.system.overlay.stat(node)
    pack = task.system.pack_stat
    if pack is None:
        return values
    if node.mount.steady or (type(node) is File and node.original is None and node.spool is None):
        node.packed = pack(values)
        return node.packed
    return values


def fstat(task: Task, number: int) -> Stat:
    found = task.descriptors.stat(number)
    key = (found.st_dev, found.st_ino)
    system = task.system
    overlay = system.overlay
    node = system.directories.get(key) or overlay.opened.get(key)
    if node is not None:
        return overlay.stat(node, None if key in overlay.path_only else found)
    return (
        found.st_dev, found.st_ino, found.st_nlink, found.st_mode, found.st_uid, found.st_gid,
        found.st_rdev, found.st_size, found.st_blocks,
        found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns,
    )  # fmt: skip


def faccessat2(task: Task, dirfd: int, path: bytes, mode: int, flags: int) -> int:
    """faccessat2(2); real and effective identity are the same here."""
    if mode & ~7 or flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | 0x200):
        raise OSError(EINVAL, "unknown mode")
    if not path and flags & AT_EMPTY_PATH:
        opened = task.node(dirfd)
        if opened is None:
            return 0
        node = opened
    else:
        node = task.existing(dirfd, path, not flags & AT_SYMLINK_NOFOLLOW)
    if isinstance(node, MagicLink):
        return 0
    if not allows(task.system.identity, node, mode & 5):
        raise OSError(EACCES, "not allowed")
    if mode & 2:
        if isinstance(node, File | Directory | Fifo):
            may_write(task.system.identity, node)
        elif not stat.S_ISCHR(node.mode):
            raise OSError(EROFS, "read-only")
    return 0


def readlinkat(task: Task, dirfd: int, path: bytes, size: int) -> bytes:
    """readlinkat(2): the target, cut at `size`."""
    if size <= 0:
        raise OSError(EINVAL, "no buffer")
    node: Node | None
    if path or dirfd == -100:
        node = task.existing(dirfd, path, follow=False)
    else:
        node = task.node(dirfd)
    if isinstance(node, Link):
        return node.target[:size]
    if isinstance(node, MagicLink):
        return node.read(task.pid)[:size]
    raise OSError(EINVAL if path else ENOENT, "not a link")


def fchmodat2(task: Task, dirfd: int, path: bytes, mode: int, flags: int) -> int:
    if flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
        raise OSError(EINVAL, "unknown flags")
    if not path and flags & AT_EMPTY_PATH:
        return fchmod(task, dirfd, mode)
    return _chmod(task, task.existing(dirfd, path, not flags & AT_SYMLINK_NOFOLLOW), mode)


def fchmod(task: Task, number: int, mode: int) -> int:
    return _chmod(task, _opened(task, number), mode)


def _opened(task: Task, number: int) -> Node:
    found = task.descriptors.stat(number)
    node = task.system.opened(found)
    if (found.st_dev, found.st_ino) in task.system.overlay.path_only:
        raise OSError(EBADF, "opened by O_PATH")
    if node is None:
        regular = stat.S_ISREG(found.st_mode)
        raise OSError(EROFS if regular else EPERM, "not a file of the layer")
    return node


def _chmod(task: Task, node: Node, mode: int) -> int:
    if stat.S_ISLNK(node.mode):
        raise OSError(EOPNOTSUPP, "links have no mode")  # as Linux has it since 6.6
    identity = task.system.identity
    may_own(identity, node)
    mode &= 0o7777
    if mode & stat.S_ISGID and identity.uid and not identity.is_in(node.gid):
        mode &= ~stat.S_ISGID
    _take_over(task, node)
    node.mode = stat.S_IFMT(node.mode) | mode
    node.own_mode = True
    node.stamp()
    return 0


def _take_over(task: Task, node: Node) -> None:
    """Before its mode, owner or times change: they are the host's as they are now."""
    if isinstance(node, Directory) and node.lower is not None and node.original is None:
        node.adopt(node.lower.stat())
    task.system.overlay.own(node)


def fchownat(task: Task, dirfd: int, path: bytes, uid: int, gid: int, flags: int) -> int:
    if flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
        raise OSError(EINVAL, "unknown flags")
    if not path and flags & AT_EMPTY_PATH:
        return fchown(task, dirfd, uid, gid)
    return _chown(task, task.existing(dirfd, path, not flags & AT_SYMLINK_NOFOLLOW), uid, gid)


def fchown(task: Task, number: int, uid: int, gid: int) -> int:
    return _chown(task, _opened(task, number), uid, gid)


def _chown(task: Task, node: Node, uid: int, gid: int) -> int:
    identity = task.system.identity
    if identity.uid:
        if uid != -1 and (identity.uid != node.uid or uid != node.uid):
            raise OSError(EPERM, "not permitted")
        if gid != -1 and (
            identity.uid != node.uid or (gid != node.gid and not identity.is_in(gid))
        ):
            raise OSError(EPERM, "not permitted")
    if node.mount.mode == "ro":
        raise OSError(EROFS, "read-only")
    if uid == -1 and gid == -1 and not (node.mode & 0o6000 and stat.S_ISREG(node.mode)):
        node.stamp()
        return 0
    _take_over(task, node)
    node.own_mode = True
    if uid != -1:
        node.uid = uid & 0xFFFFFFFF
    if gid != -1:
        node.gid = gid & 0xFFFFFFFF
    if not isinstance(node, Directory):
        node.mode &= ~stat.S_ISUID
        if node.mode & stat.S_IXGRP:
            node.mode &= ~stat.S_ISGID
    node.stamp()
    return 0


Times = tuple[int, int, int, int]  # atime s, atime ns, mtime s, mtime ns


def utimensat(task: Task, dirfd: int, path: bytes | None, times: Times | None, flags: int) -> int:
    """utimensat(2); `path` None means the descriptor itself, `times` None means now."""
    if flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
        raise OSError(EINVAL, "unknown flags")
    now = time.time_ns()
    atime_ns = _time(times[0], times[1], now) if times else now
    mtime_ns = _time(times[2], times[3], now) if times else now
    if atime_ns is None and mtime_ns is None:
        return 0  # not even the path is looked at
    if path is None or (not path and flags & AT_EMPTY_PATH):
        if dirfd == -100:
            raise OSError(EFAULT if path is None else ENOENT, "no file")
        node = _opened(task, dirfd)
    else:
        node = task.existing(dirfd, path, not flags & AT_SYMLINK_NOFOLLOW)
    identity = task.system.identity
    to_now = times is None or times[1] == times[3] == _UTIME_NOW
    if to_now and identity.uid not in (0, node.uid):
        may_write(identity, node)
    else:
        may_own(identity, node)
    _take_over(task, node)
    _set_times(task, node, atime_ns, mtime_ns)
    if mtime_ns is not None:
        # `now` is worth saying of what is otherwise as the host has it: the rest is new anyway
        contents = isinstance(node, File) and node.spool is not None
        node.times_set = not to_now or (node.origin is not None and not contents)
    node.stamp()
    return 0


def _time(seconds: int, nanoseconds: int, now: int) -> int | None:
    if nanoseconds == _UTIME_NOW:
        return now
    if nanoseconds == _UTIME_OMIT:
        return None
    if not 0 <= nanoseconds < 1_000_000_000:
        raise OSError(EINVAL, "nanoseconds out of range")
    return seconds * 1_000_000_000 + nanoseconds


def _set_times(task: Task, node: Node, atime_ns: int | None, mtime_ns: int | None) -> None:
    old = task.system.overlay.stat(node) if not isinstance(node, File) or node.key else None
    before_atime, before_mtime = (old[9], old[10]) if old else (node.atime_ns, node.mtime_ns)
    node.atime_ns = before_atime if atime_ns is None else atime_ns
    node.mtime_ns = before_mtime if mtime_ns is None else mtime_ns
    if isinstance(node, File) and node.spool is not None and node.key:
        node.spool.set_times(node.key, node.atime_ns, node.mtime_ns)


def statfs(task: Task, path: bytes) -> tuple[int, ...]:
    return _statfs(task, task.existing(-100, path))


def fstatfs(task: Task, number: int) -> tuple[int, ...]:
    node = task.node(number)
    return _statfs(task, node if node is not None else task.system.lookup.root)


def _statfs(_task: Task, node: Node) -> tuple[int, ...]:
    """Of the host's filesystem below the node: bsize, blocks, bfree, bavail, files, ffree, flags,
    namemax."""
    host = node.mount.host or b"/"
    found = os.statvfs(host)
    flags = found.f_flag | (os.ST_RDONLY if node.mount.mode == "ro" else 0)
    return (
        found.f_bsize, found.f_blocks, found.f_bfree, found.f_bavail, found.f_files,
        found.f_ffree, flags, found.f_namemax,
    )  # fmt: skip


def umask(task: Task, mask: int) -> int:
    if task.forks:
        task.system.settle(task)
    before = task.umask
    task.umask = mask & 0o777
    return before
