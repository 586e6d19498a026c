"""Directories: opening and listing them, the current one, making and removing them."""

from __future__ import annotations

import os
import struct
from errno import EACCES, EBADF, EBUSY, EEXIST, EINVAL, ENOENT, ENOTDIR, ENOTEMPTY, ERANGE

from shannot.sandbox.vfs.lookup import NAME
from shannot.sandbox.vfs.node import Directory
from shannot.sandbox.vfs.rights import allows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.vfs.lookup import Lookup

    from .task import System, Task

_HEAD = struct.Struct("=QqHB")  # struct linux_dirent64: d_ino, d_off, d_reclen, d_type; then d_name
_PURGE_ABOVE = 4096


def open_directory(task: Task, node: Directory, flags: int) -> int:
    """A descriptor that stands for an open directory: an empty memfd, filled when it is listed."""
    if not flags & os.O_PATH and not allows(task.system.identity, node, 4):
        raise OSError(EACCES, "may not be listed")
    host_fd = os.memfd_create("directory", os.MFD_CLOEXEC)
    try:
        found = os.fstat(host_fd)
        directories = task.system.directories
        if len(directories) > _PURGE_ABOVE and len(directories) & 1023 == 0:
            forget_closed(task.system)
        key = (found.st_dev, found.st_ino)
        directories[key] = node
        if flags & os.O_PATH:
            task.system.overlay.path_only.add(key)
        return os.open(b"/proc/self/fd/%d" % host_fd, os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(host_fd)


def forget_closed(system: System) -> None:
    """Forget the nodes that nobody of the run has open any more."""
    alive = set()
    holders = (system.everybody or system.processes)()
    for pid in {*holders, os.getpid()}:  # ours are the descriptors of a child that has a pipe only
        try:
            for number in os.listdir(b"/proc/%d/fd" % pid):
                found = os.stat(b"/proc/%d/fd/%s" % (pid, number))
                alive.add((found.st_dev, found.st_ino))
        except OSError:
            continue
    directories = system.directories
    for key in [key for key in directories if key not in alive]:
        del directories[key]
    system.overlay.forget_opened(alive)


def getdents64(task: Task, number: int, size: int) -> bytes:
    """getdents64(2): the next records that fit in `size` bytes; empty at the end.

    The records lie in the memfd, so that its offset is the directory's: shared by dup and fork,
    moved by lseek, made anew when it is read from the start.
    """
    shared = task.descriptors.duplicate(number)
    try:
        node = _listed(task, shared)
        offset = os.lseek(shared, 0, os.SEEK_CUR)
        if offset == 0:
            _fill(shared, listing(task, node))
        records = os.pread(shared, min(size, 1 << 20), offset)
        end = _whole_records(records)
        if records and not end:
            raise OSError(EINVAL, "the buffer is too small")
        os.lseek(shared, offset + end, os.SEEK_SET)
        return records[:end]
    finally:
        os.close(shared)


def first_directory(lookup: Lookup, path: bytes) -> Directory:
    """Where the first process begins: the root, where it does not see its directory."""
    try:
        found = lookup.find(lookup.root, path, 0).node
    except OSError:
        found = None
    return found if isinstance(found, Directory) else lookup.root


def opened_directory(task: Task, found: os.stat_result) -> Directory:
    """The directory that an open file, of which `found` is the status, can list.

    Errors: EBADF, ENOTDIR.
    """
    key = (found.st_dev, found.st_ino)
    node = task.system.directories.get(key)
    if key in task.system.overlay.path_only:
        raise OSError(EBADF, "opened by O_PATH")
    if node is None:
        raise OSError(ENOTDIR, "not a directory")
    return node


def _listed(task: Task, shared: int) -> Directory:
    """The directory of our own duplicate: what the number means may change at any moment, and what
    is written must never be another file. Errors: EBADF, ENOTDIR, ENOENT."""
    node = opened_directory(task, os.fstat(shared))
    if node.removed:
        raise OSError(ENOENT, "the directory is gone")
    return node


def _fill(shared: int, records: bytes) -> None:
    """The child's descriptor is read-only: the memfd is written through one of our own."""
    host_fd = os.open(b"/proc/self/fd/%d" % shared, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    try:
        view = memoryview(records)
        while view:
            view = view[os.write(host_fd, view) :]
    finally:
        os.close(host_fd)


def _whole_records(records: bytes) -> int:
    """How many bytes of complete records stand at the start; none where the child's own offset
    points between them."""
    end = 0
    while end + 19 <= len(records):
        length = records[end + 16] | records[end + 17] << 8
        if length < _HEAD.size or end + length > len(records):
            break
        end += length
    return end


def listing(task: Task, node: Directory) -> bytes:
    """All entries as linux_dirent64 records; kept for a directory that cannot change."""
    if node.listing is not None:
        return node.listing
    parent = node.parent or node
    records: list[bytes] = []
    offset = 0
    pack = _HEAD.pack
    entries = [(b".", node.inode, 4), (b"..", parent.inode, 4)]
    entries += task.system.overlay.names(node, task.pid)
    for name, inode, kind in entries:
        length = (20 + len(name) + 7) & ~7
        offset += length
        head = pack(inode, offset, length, kind)
        records.append((head + name).ljust(length, b"\0"))
    encoded = b"".join(records)
    if node.mount.steady:
        node.listing = encoded
    return encoded


def getcwd(task: Task, size: int) -> bytes:
    """getcwd(2): the path with its NUL byte. Errors: ERANGE, ENOENT if it was removed."""
    if task.cwd.removed:
        raise OSError(ENOENT, "the directory is gone")
    path = task.cwd.path() + b"\0"
    if len(path) > size:
        raise OSError(ERANGE, "buffer too small")
    return path


def chdir(task: Task, path: bytes) -> int:
    node = task.existing(-100, path)
    return _enter(task, node)


def fchdir(task: Task, number: int) -> int:
    return _enter(task, task.directory(number))


def _enter(task: Task, node: object) -> int:
    if not isinstance(node, Directory):
        raise OSError(ENOTDIR, "not a directory")
    if not allows(task.system.identity, node, 1):
        raise OSError(EACCES, "may not be searched")
    if task.forks:
        task.system.settle(task)
    task.cwd = node
    return 0


def mkdirat(task: Task, dirfd: int, path: bytes, mode: int) -> int:
    found = task.find(dirfd, path, NAME)
    if found.node is not None or found.name in (b"", b".", b".."):
        raise OSError(EEXIST, "exists")
    sticky = mode & 0o1777
    task.system.overlay.make_directory(found.parent, found.name, sticky & ~task.umask)
    return 0


def rmdir(task: Task, dirfd: int, path: bytes) -> int:
    found = task.find(dirfd, path, NAME)
    if found.name == b".":
        raise OSError(EINVAL, "the last component is a dot")
    if found.name == b"..":
        raise OSError(ENOTEMPTY, "not empty")
    if not found.name:
        raise OSError(EBUSY, "the root")
    if found.node is None:
        raise OSError(ENOENT, "no such file or directory")
    task.system.overlay.remove(found.parent, found.name, found.node, rmdir=True)
    return 0
