"""Names: unlink, rename, link, symlink, mknod."""

from __future__ import annotations

import stat
from errno import EBUSY, EEXIST, EINVAL, EISDIR, ENAMETOOLONG, ENOENT, ENOTDIR, EPERM, EXDEV

from shannot.sandbox.vfs import renaming
from shannot.sandbox.vfs.lookup import NAME
from shannot.sandbox.vfs.node import Directory, File, Node

from . import directories

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.vfs.lookup import Found

    from .task import Task

AT_REMOVEDIR = 0x200
AT_SYMLINK_FOLLOW = 0x400
AT_EMPTY_PATH = 0x1000
_NO_NAMES = (b"", b".", b"..")
"""What `Found.name` is where the path ended in no name that could be made or removed."""


def unlinkat(task: Task, dirfd: int, path: bytes, flags: int) -> int:
    if flags & ~AT_REMOVEDIR:
        raise OSError(EINVAL, "unknown flags")
    if flags & AT_REMOVEDIR:
        return directories.rmdir(task, dirfd, path)
    found = task.find(dirfd, path, NAME)
    node = found.node
    if found.name in _NO_NAMES:
        raise OSError(EISDIR, "a directory")
    if node is None:
        raise OSError(ENOENT, "no such file or directory")
    if found.directory:
        raise OSError(EISDIR if isinstance(node, Directory) else ENOTDIR, "a slash at its end")
    task.system.overlay.remove(found.parent, found.name, node, rmdir=False)
    return 0


def renameat2(
    task: Task, old_dirfd: int, old: bytes, new_dirfd: int, new: bytes, flags: int
) -> int:
    if flags not in (0, renaming.NOREPLACE, renaming.EXCHANGE):
        raise OSError(EINVAL, "unknown flags")
    source = task.find_named(old_dirfd, old)
    target = task.find_named(new_dirfd, new)
    if source is not None and source.name in _NO_NAMES:
        raise OSError(EBUSY, "not a name")
    if target is not None and target.name in _NO_NAMES:
        raise OSError(EEXIST if flags & renaming.NOREPLACE else EBUSY, "not a name")
    if source is None:
        raise OSError(ENAMETOOLONG, "name too long")
    if source.node is None:
        raise OSError(ENOENT, "no such file or directory")
    if target is None:
        raise OSError(ENAMETOOLONG, "name too long")
    _check_slashes(source, target, flags)
    renaming.rename(
        task.system.overlay,
        renaming.Place(source.parent, source.name, source.node),
        renaming.Place(target.parent, target.name, target.node),
        flags,
    )
    return 0


def _check_slashes(source: Found, target: Found, flags: int) -> None:
    """`name/` is for directories. Errors: ENOTDIR, after those that Linux looks for first."""
    if flags & renaming.NOREPLACE and target.node is not None:
        raise OSError(EEXIST, "exists")
    if flags & renaming.EXCHANGE:
        if target.node is None:
            raise OSError(ENOENT, "nothing to exchange with")
        if target.directory and not isinstance(target.node, Directory):
            raise OSError(ENOTDIR, "not a directory")
    if not isinstance(source.node, Directory):
        if source.directory or (target.directory and not flags & renaming.EXCHANGE):
            raise OSError(ENOTDIR, "not a directory")


def linkat(task: Task, old_dirfd: int, old: bytes, new_dirfd: int, new: bytes, flags: int) -> int:
    if flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH):
        raise OSError(EINVAL, "unknown flags")
    node: Node | None
    if not old and flags & AT_EMPTY_PATH:
        node = task.node(old_dirfd)
    else:
        node = task.existing(old_dirfd, old, bool(flags & AT_SYMLINK_FOLLOW))
    target = _free_target(task, new_dirfd, new)
    if node is None:
        raise OSError(EXDEV, "no file")
    if node.nlink <= 0 and not isinstance(node, File):
        raise OSError(ENOENT, "the file is gone")  # only a descriptor leads to it
    task.system.overlay.make_hard_link(node, target.parent, target.name)
    return 0


def symlinkat(task: Task, target: bytes, dirfd: int, path: bytes) -> int:
    if not target:
        raise OSError(ENOENT, "empty target")
    found = _free_target(task, dirfd, path)
    task.system.overlay.make_symlink(found.parent, found.name, target)
    return 0


def _free_target(task: Task, dirfd: int, path: bytes) -> Found:
    found = task.find(dirfd, path, NAME)
    if found.node is not None or found.name in _NO_NAMES:
        raise OSError(EEXIST, "exists")
    if found.directory:
        raise OSError(ENOENT, "not a directory")
    return found


def mknodat(task: Task, dirfd: int, path: bytes, mode: int) -> int:
    """mknodat(2): an empty regular file, or a FIFO; devices and sockets are EPERM."""
    found = task.find(dirfd, path, NAME)
    if found.node is not None:
        raise OSError(EEXIST, "exists")
    kind = stat.S_IFMT(mode)
    mode = mode & 0o7777 & ~task.umask
    # whoever has no memory of its own to be woken in cannot wait for the other end
    if kind not in (0, stat.S_IFREG, stat.S_IFIFO) or (
        kind == stat.S_IFIFO and task.system.children
    ):
        raise OSError(EPERM, "not to be made")
    if found.directory:
        raise OSError(ENOENT, "not a directory")
    if kind == stat.S_IFIFO:
        from shannot.sandbox.vfs.fifo import make_fifo  # few scripts make one

        make_fifo(task.system.overlay, found.parent, found.name, mode)
    else:
        task.system.overlay.create(found.parent, found.name, mode)
    return 0
