"""Names: unlink, rename, link, symlink, readlink."""

from __future__ import annotations

from errno import EBUSY, EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, EPERM

from ..vfs.node import Directory, File, Link, MagicLink, Node
from . import directories

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..vfs.lookup import Found
    from .task import Task

AT_REMOVEDIR = 0x200
AT_SYMLINK_FOLLOW = 0x400
AT_EMPTY_PATH = 0x1000


def unlinkat(task: Task, dirfd: int, path: bytes, flags: int) -> int:
    if flags & ~AT_REMOVEDIR:
        raise OSError(EINVAL, "unknown flags")
    if flags & AT_REMOVEDIR:
        return directories.rmdir(task, dirfd, path)
    found = task.find(dirfd, path, follow=False)
    if found.node is None:
        raise OSError(ENOENT, "no such file or directory")
    if isinstance(found.node, Directory):
        raise OSError(EISDIR, "a directory")
    if found.directory:
        raise OSError(ENOTDIR, "not a directory")
    task.system.overlay.remove(found.parent, found.name, found.node, rmdir=False)
    return 0


def renameat2(
    task: Task, old_dirfd: int, old: bytes, new_dirfd: int, new: bytes, flags: int
) -> int:
    source = task.find(old_dirfd, old, follow=False)
    target = task.find(new_dirfd, new, follow=False)
    special = (b"", b".", b"..")
    if source.name in special or target.name in special:
        raise OSError(EBUSY, "not a name")
    if source.node is None:
        raise OSError(ENOENT, "no such file or directory")
    if not isinstance(source.node, Directory) and (source.directory or target.directory):
        raise OSError(ENOTDIR, "not a directory")
    task.system.overlay.rename(
        (source.parent, source.name, source.node), (target.parent, target.name, target.node), flags
    )
    return 0


def linkat(
    task: Task, old_dirfd: int, old: bytes, new_dirfd: int, new: bytes, flags: int
) -> int:
    if flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH):
        raise OSError(EINVAL, "unknown flags")
    node: Node | None
    if not old and flags & AT_EMPTY_PATH:
        node = task.node(old_dirfd)
    else:
        node = task.existing(old_dirfd, old, bool(flags & AT_SYMLINK_FOLLOW))
    target = _free_target(task, new_dirfd, new)
    if node is None or isinstance(node, Directory):
        raise OSError(EPERM, "no hard link to this")
    if isinstance(node, File) and node.nlink <= 0 and (not node.key or node.times_set):
        raise OSError(ENOENT, "the file is gone")
    task.system.overlay.make_hard_link(node, target.parent, target.name)
    return 0


def symlinkat(task: Task, target: bytes, dirfd: int, path: bytes) -> int:
    if not target:
        raise OSError(ENOENT, "empty target")
    found = _free_target(task, dirfd, path)
    task.system.overlay.make_symlink(found.parent, found.name, target)
    return 0


def _free_target(task: Task, dirfd: int, path: bytes) -> Found:
    found = task.find(dirfd, path, follow=False)
    if found.node is not None or found.name in (b"", b".", b".."):
        raise OSError(EEXIST, "exists")
    if found.directory:
        raise OSError(ENOENT, "not a directory")
    return found


def readlinkat(task: Task, dirfd: int, path: bytes, size: int) -> bytes:
    """readlinkat(2): the target, cut at `size`."""
    if size <= 0:
        raise OSError(EINVAL, "no buffer")
    node: Node | None
    if path:
        node = task.existing(dirfd, path, follow=False)
    else:
        node = task.node(dirfd)
    if isinstance(node, Link):
        return node.target[:size]
    if isinstance(node, MagicLink):
        return node.read(task.pid)[:size]
    raise OSError(EINVAL if path else ENOENT, "not a link")
