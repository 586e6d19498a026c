"""Open files: openat, truncate, memfd_create, and how a node becomes a host descriptor."""

from __future__ import annotations

import os
import stat
from errno import EACCES, EEXIST, EFBIG, EINVAL, EISDIR, ELOOP, ENOTDIR, EOPNOTSUPP, EPERM

from shannot.sandbox.vfs.lookup import FOLLOW, NO_FOLLOW
from shannot.sandbox.vfs.node import Device, Directory, Fifo, File, Generated, Link, MagicLink, Node
from shannot.sandbox.vfs.rights import allows, may_change, may_write

from . import directories
from .answers import CONTINUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.sandbox.vfs.lookup import Found
    from shannot.sandbox.vfs.node import Mount

    from .task import Task

_ACCESS = os.O_ACCMODE
_KEPT = os.O_ACCMODE | os.O_APPEND | os.O_NONBLOCK | os.O_SYNC | os.O_DSYNC
"""Flags of open(2) that the new open file itself keeps; the rest concerns the path walk."""
_TMPFILE = 0o20000000  # __O_TMPFILE, without O_DIRECTORY
_NOT_PLAIN = (
    os.O_ACCMODE | os.O_CREAT | os.O_TRUNC | os.O_DIRECTORY | os.O_PATH
    | os.O_APPEND | os.O_SYNC | os.O_DSYNC | os.O_NONBLOCK
)  # fmt: skip
"""What makes more of openat(2) than reading from an existing file."""
_MODE = 0o7777


def openat(task: Task, dirfd: int, path: bytes, flags: int, mode: int) -> int:
    """openat(2). Returns a host descriptor for the child. Errors: those of the manual page."""
    if flags & os.O_PATH:
        flags &= os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    elif flags & _TMPFILE:
        return _open_temporary(task, dirfd, path, flags, mode)
    if not flags & _NOT_PLAIN and path[:1] == b"/":
        host_fd = _open_known(task, path)
        if host_fd is not None:
            return host_fd
    if not flags & os.O_CREAT:
        return open_node(task, task.existing(dirfd, path, not flags & os.O_NOFOLLOW), flags)
    if flags & os.O_DIRECTORY:
        raise OSError(EINVAL, "O_CREAT with O_DIRECTORY")
    exclusive = flags & os.O_EXCL
    if path[-1:] == b"/":
        found = task.find_named(dirfd, path)
    else:
        follow = NO_FOLLOW if flags & os.O_NOFOLLOW or exclusive else FOLLOW
        found = task.find(dirfd, path, follow)
    if found is None or (found.directory and found.name not in (b"", b".", b"..")):
        raise OSError(EISDIR, "a slash at its end")
    node = found.node
    if node is None:
        return _create(task, found, flags, mode)
    if exclusive:
        raise OSError(EEXIST, "exists")
    return open_node(task, node, flags)


def open_node(task: Task, node: Node, flags: int) -> int:
    """Open what a path led to."""
    if isinstance(node, File) and not flags & (os.O_PATH | os.O_DIRECTORY):
        return _open_file(task, node, flags)
    if isinstance(node, Directory):
        if flags & (_ACCESS | os.O_CREAT | os.O_TRUNC):
            raise OSError(EISDIR, "a directory")
        return directories.open_directory(task, node, flags)
    if flags & os.O_DIRECTORY:
        raise OSError(ENOTDIR, "not a directory")
    if flags & os.O_PATH:
        return _stand_in(task, node)
    if isinstance(node, Link | MagicLink):
        raise OSError(ELOOP, "a symbolic link")
    if isinstance(node, Generated):
        if flags & _ACCESS != os.O_RDONLY:
            raise OSError(EACCES, "read-only")
        return sealed(node.contents(task.pid))
    return _open_special(task, node, flags)


def _open_special(task: Task, node: Node, flags: int) -> int:
    if isinstance(node, Device):
        return os.open(node.host_path, flags & _KEPT | os.O_CLOEXEC | os.O_NOCTTY)
    if isinstance(node, Answering):
        return node.open(task, flags)
    if isinstance(node, OpenFile):
        return _reopen(task, node, flags)
    if isinstance(node, Fifo):
        from .fifos import open_fifo  # few scripts make one

        return open_fifo(task, node, flags)
    raise OSError(EACCES, "not a file that may be opened")


class Answering(Node):
    """A file that takes requests: each opening is given to `open`, with the task and the flags."""

    __slots__ = ("open",)

    def __init__(self, mount: Mount, answer: Callable[[Task, int], int], inode: int) -> None:
        super().__init__(mount, stat.S_IFREG | 0o666, inode, 0, 0)
        self.begin()
        self.open = answer  # returns a host descriptor for the child


class OpenFile(Node):
    """An open file reached through /proc/PID/fd: opening it again opens the same inode."""

    __slots__ = ("number", "owner")

    def __init__(self, task: Task, number: int, found: os.stat_result) -> None:
        super().__init__(task.system.lookup.root.mount, found.st_mode, 0, 0, 0)
        self.adopt(found)
        self.owner = task
        self.number = number


def _reopen(task: Task, node: OpenFile, flags: int) -> int:
    """Judged and opened by one duplicate of ours: another thread may give the number to another
    file at any moment, and a file of the host must never be opened for writing."""
    shared = node.owner.descriptors.duplicate(node.number)
    try:
        link = b"/proc/self/fd/%d" % shared
        found = os.fstat(shared)
        key = (found.st_dev, found.st_ino)
        known = task.system.overlay.opened.get(key)
        if isinstance(known, File):  # its last name is gone: only the descriptor leads to it
            if flags & _ACCESS != os.O_RDONLY:
                if known.spool is None:
                    raise OSError(EACCES, "a file of the host")
                may_write(task.system.identity, known)
            return os.open(link, flags & (_KEPT | os.O_TRUNC) | os.O_CLOEXEC)
        if stat.S_ISFIFO(found.st_mode):
            if key == task.system.stdin_key and flags & _ACCESS != os.O_RDONLY:
                raise OSError(EACCES, "the caller's own pipe")
            return _reopen_pipe(link, flags)
        if os.readlink(link).startswith(b"/memfd:child:"):  # no file of the host can be one
            return os.open(link, flags & _KEPT | os.O_CLOEXEC)
        raise OSError(EACCES, "may not be opened again")
    finally:
        os.close(shared)


def _reopen_pipe(link: bytes, flags: int) -> int:
    """Without waiting for its other end. Errors: ENXIO where nobody reads what would be written."""
    host_fd = os.open(link, flags & _KEPT | os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(host_fd, not flags & os.O_NONBLOCK)
    return host_fd


def _open_file(task: Task, node: File, flags: int) -> int:
    overlay = task.system.overlay
    if len(overlay.opened) > overlay.opened_max:
        directories.forget_closed(task.system)
    access = flags & _ACCESS
    if access == os.O_RDONLY and not flags & os.O_TRUNC:
        if node.original is not None or node.spool is not None:
            _require_reading(task, node)  # else the host does
        return overlay.open_file(node, flags & _KEPT)
    if access != os.O_WRONLY:
        _require_reading(task, node)
    may_write(task.system.identity, node)
    key = (node.device, node.inode)
    was_read = node.spool is None and key in overlay.opened
    overlay.make_writable(node, keep=not flags & os.O_TRUNC)
    if was_read:
        task.system.replace(task, node, key)
    if flags & os.O_TRUNC:
        node.stamp()
        node.times_set = False
    return overlay.open_file(node, flags & _KEPT)


def _open_known(task: Task, path: bytes) -> int | None:
    """Open for reading what was looked up before; None where `find` has to be asked."""
    overlay = task.system.overlay
    node = task.system.lookup.seen(path)
    if node is None or len(overlay.opened) > overlay.opened_max:
        return None
    return overlay.open_known(node)


def _require_reading(task: Task, node: File) -> None:
    if not allows(task.system.identity, node, 4):
        raise OSError(EACCES, "may not be read")


def _create(task: Task, found: Found, flags: int, mode: int) -> int:
    overlay = task.system.overlay
    node = overlay.create(found.parent, found.name, mode & _MODE & ~task.umask)
    return overlay.open_file(node, flags & _KEPT)


def _open_temporary(task: Task, dirfd: int, path: bytes, flags: int, mode: int) -> int:
    if flags & _ACCESS == os.O_RDONLY or not flags & os.O_DIRECTORY:
        raise OSError(EINVAL, "O_TMPFILE must be writable")
    directory = task.existing(dirfd, path, not flags & os.O_NOFOLLOW)
    if not isinstance(directory, Directory):
        raise OSError(ENOTDIR, "not a directory")
    overlay = task.system.overlay
    may_change(task.system.identity, directory)
    node = overlay.new_file(directory, mode & _MODE & ~task.umask)
    node.nlink = 0
    node.times_set = bool(flags & os.O_EXCL)  # may never get a name
    return overlay.open_file(node, flags & _KEPT)


def _stand_in(task: Task, node: Node) -> int:
    """For O_PATH: an empty file that stands for the node, and is neither read nor written.

    A descriptor of O_PATH itself cannot be handed over, seccomp_unotify(2).
    """
    host_fd = os.memfd_create("stand-in", os.MFD_CLOEXEC)
    try:
        found = os.fstat(host_fd)
        overlay = task.system.overlay
        key = (found.st_dev, found.st_ino)
        overlay.opened[key] = node
        overlay.path_only.add(key)
        return os.open(b"/proc/self/fd/%d" % host_fd, _ACCESS | os.O_CLOEXEC)
    finally:
        os.close(host_fd)


def sealed(contents: bytes) -> int:
    """A read-only descriptor of these contents, which nobody can change."""
    host_fd = os.memfd_create("generated", os.MFD_CLOEXEC)
    try:
        view = memoryview(contents)
        while view:
            view = view[os.write(host_fd, view) :]
        return os.open(b"/proc/self/fd/%d" % host_fd, os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(host_fd)


def truncate(task: Task, path: bytes, length: int) -> int:
    """truncate(2)."""
    if length < 0:
        raise OSError(EINVAL, "negative length")
    if length > task.system.limits.overlay:
        raise OSError(EFBIG, "longer than the layer may be")  # RLIMIT_FSIZE, which is not ours
    node = task.existing(-100, path)
    if isinstance(node, Directory):
        raise OSError(EISDIR, "a directory")
    if not isinstance(node, File):
        raise OSError(EACCES if isinstance(node, Generated) else EINVAL, "not a regular file")
    host_fd = _open_file(task, node, os.O_WRONLY)
    try:
        os.ftruncate(host_fd, length)
    finally:
        os.close(host_fd)
    return 0


def memfd_create(_task: Task, name: bytes, flags: int) -> int:
    """memfd_create(2): a host memfd, made by us so that its name tells whose it is."""
    if flags & ~(os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING) & ~0x18 or len(name) > 249:
        raise OSError(EINVAL, "unknown flags")
    shown = os.fsdecode(b"child:" + name[:200])
    return os.memfd_create(shown, flags & ~os.MFD_CLOEXEC | os.MFD_CLOEXEC)


def unsupported(*_ignored: object) -> int:
    """Extended attributes and the like: not kept by the layer."""
    raise OSError(EOPNOTSUPP, "not supported")


def not_permitted(*_ignored: object) -> int:
    raise OSError(EPERM, "not permitted")


def mmap_shared(task: Task, _flags: int, number: int) -> int:
    """mmap(2) of a shared file: stores through it leave no other trace, so remember that."""
    task.descriptors.stat(number)
    task.system.overlay.mapped = True
    return CONTINUE
