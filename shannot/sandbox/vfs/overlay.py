"""The overlay: the writable layer over the read-only host.

Theory of operation
-------------------
The tree is made of nodes. A `Directory` that maps a host directory looks names up there, one
lstat each, and remembers the node it made (`seen`). The first change to a node makes it the
layer's own: it moves from its directory's `seen` to `upper`, which overrides the host, and what
the host had is kept in `original`. A removed name is a whiteout, None in `upper`. Contents are
copied to the spool when a file is first opened for writing. A directory is never copied: renamed,
it keeps reading through the host directory it came from.

Every change marks the directories above it `dirty`, so that `changes.py` finds what differs from
the host without walking what does not.

Errors are those of the system call on a plain directory, raised as OSError.
"""

from __future__ import annotations

import os
import stat
import time
from errno import EACCES, EBUSY, EDQUOT, EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM
from errno import EROFS, EXDEV

from .host import TYPES, begins_as_private_key
from .node import Directory, File, Link, Mount, Node, Opaque
from .spool import Spool, copy_contents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .hidden import Hidden
    from .host import HostDirectory

_FIRST_INODE = 1 << 40
"""Numbers of what is made in the layer, above any that a usual filesystem hands out."""


class Identity:
    """Who the script is: the numbers it sees, and those its files get."""

    __slots__ = ("gid", "groups", "uid")

    def __init__(self, uid: int, gid: int, groups: frozenset[int]) -> None:
        self.uid = uid
        self.gid = gid
        self.groups = groups

    def permits(self, node: Node, want: int) -> bool:
        """Does the mode allow `want` (4 read, 2 write, 1 search)? As for the kernel, root may."""
        if self.uid == 0:
            return want != 1 or stat.S_ISDIR(node.mode) or bool(node.mode & 0o111)
        if node.uid == self.uid:
            return (node.mode >> 6) & want == want
        if node.gid == self.gid or node.gid in self.groups:
            return (node.mode >> 3) & want == want
        return node.mode & want == want


class Overlay:
    """The layer and what it knows of the host below. One per run."""

    __slots__ = (
        "_next_inode", "_private", "hidden", "identity", "limit", "made", "mapped", "opened",
        "scaffolds", "spool_",
    )  # fmt: skip

    def __init__(self, identity: Identity, hidden: Hidden, private: bytes, limit: int) -> None:
        self.identity = identity
        self.hidden = hidden
        self.limit = limit  # names that may be made
        self.made = 0
        self.opened: dict[tuple[int, int], Node] = {}
        """(st_dev, st_ino) of what a descriptor of the child refers to: which node that is."""
        self.mapped = False  # a file is or was mapped shared: its times say nothing of its contents
        self.scaffolds = 0  # numbers of what the tree itself is made of, from 1
        self.spool_: Spool | None = None
        self._private = private
        self._next_inode = _FIRST_INODE

    # -- finding -----------------------------------------------------------------------------

    def child(self, directory: Directory, name: bytes, pid: int) -> Node | None:
        """The node under `name`, None where there is none. Errors: EACCES, EIO, ENAMETOOLONG."""
        upper = directory.upper
        if name in upper:
            return upper[name]
        lower = directory.lower
        if lower is None:
            return directory.lookup(name, pid)
        seen = directory.seen
        if name in seen:
            node = seen[name]
            if directory.mount.steady or type(node) is Directory:
                return node
        else:
            node = None
        try:
            found = lower.lstat(name)
        except OSError as error:
            if error.errno != ENOENT:
                raise
            if directory.mount.steady:
                seen[name] = None
            return None
        if self.hidden.hides(lower.path, name, directory.mount.open_names):
            return None
        if node is not None and found.st_ino == node.inode and found.st_mode == node.mode:
            node.adopt(found)
            return node
        node = seen[name] = self._node_of(directory, lower, name, found)
        return node

    def _node_of(
        self, directory: Directory, lower: HostDirectory, name: bytes, found: os.stat_result
    ) -> Node:
        kind = stat.S_IFMT(found.st_mode)
        mount = directory.mount
        node: Node
        if kind == stat.S_IFREG:
            node = File(mount, 0, 0, 0, 0)
        elif kind == stat.S_IFDIR:
            node = Directory(mount, 0, 0, 0, 0)
            node.lower = lower.child(name)
        elif kind == stat.S_IFLNK:
            node = Link(mount, lower.read_link(name), 0, 0, 0)
        else:
            node = Opaque(mount, found)
        node.adopt(found)
        node.origin = (lower, name)
        node.parent = directory
        node.name = name
        return node

    def names(self, directory: Directory, pid: int) -> list[tuple[bytes, int, int]]:
        """Everything in a directory as (name, inode, d_type), without `.` and `..`."""
        listed: list[tuple[bytes, int, int]] = []
        upper = directory.upper
        if directory.lower is not None:
            path = directory.lower.path
            hides = self.hidden.hides
            open_names = directory.mount.open_names
            for entry in directory.lower.entries():
                if entry[0] not in upper and not hides(path, entry[0], open_names):
                    listed.append(entry)
        for name, node in upper.items():
            if node is not None:
                listed.append((name, node.inode, TYPES.get(stat.S_IFMT(node.mode), 0)))
        listed.extend(directory.extra_names(pid))
        return listed

    def stat(self, node: Node, opened: os.stat_result | None = None) -> tuple[int, ...]:
        """What stat(2) says: dev, ino, nlink, mode, uid, gid, rdev, size, blocks, and times in ns.

        `opened` is what the host says of an open file of this node, if there is one.
        """
        size = blocks = rdev = 0
        atime_ns, mtime_ns, ctime_ns = node.atime_ns, node.mtime_ns, node.ctime_ns
        if isinstance(node, File):
            size = node.size
            blocks = -(-size // 512)
            if node.spool is not None:
                found = opened or node.spool.stat(node.key)
                size, blocks = found.st_size, found.st_blocks
                atime_ns, mtime_ns = found.st_atime_ns, found.st_mtime_ns
                ctime_ns = max(ctime_ns, found.st_ctime_ns)
        elif isinstance(node, Directory):
            size, blocks = 4096, 8
            if node.lower is not None and node.original is None and not node.mount.steady:
                node.adopt(node.lower.stat())
        elif isinstance(node, Link):
            size = len(node.target)
        else:
            rdev = getattr(node, "rdev", 0)
        return (
            node.device, node.inode, node.nlink, node.mode, node.uid, node.gid, rdev, size, blocks,
            atime_ns, mtime_ns, ctime_ns,
        )  # fmt: skip

    # -- contents ----------------------------------------------------------------------------

    @property
    def spool(self) -> Spool:
        if self.spool_ is None:
            self.spool_ = Spool(self._private + b"/spool", self.limit)
        return self.spool_

    def open_lower(self, node: File) -> int:
        """Open the host's file for reading. Errors: EACCES for a private key, and openat(2)'s."""
        if node.origin is None:
            raise OSError(ENOENT, "no such file")
        lower, name = node.origin
        host_fd, found = lower.open_file(name)
        if not node.mount.steady:
            if not node.mount.open_names and begins_as_private_key(host_fd):
                os.close(host_fd)
                raise OSError(EACCES, "a private key")
            self.opened[found.st_dev, found.st_ino] = node
        return host_fd

    def open_file(self, node: File, flags: int) -> int:
        """A new open file of the node, for reading or, after `make_writable`, for writing."""
        if node.spool is not None:
            return node.spool.open(node.key, flags)
        return self.open_lower(node)

    def make_writable(self, node: File, keep: bool) -> None:
        """Bring the contents into the spool: copied if `keep`, else empty."""
        if node.spool is not None:
            if not keep:
                self._truncate(node)
            return
        source = self.open_lower(node)
        try:
            self.own(node)
            spool = self.spool
            key, target = spool.create()
            try:
                if keep:
                    copy_contents(source, target)
                    os.utime(target, ns=(node.atime_ns, node.mtime_ns))
                self._register(node, spool, key, target)
            finally:
                os.close(target)
        finally:
            os.close(source)

    def _truncate(self, node: File) -> None:
        os.close(self.open_file(node, os.O_WRONLY | os.O_TRUNC))

    def _register(self, node: File, spool: Spool, key: bytes, host_fd: int) -> None:
        node.spool = spool
        node.key = key
        found = os.fstat(host_fd)
        self.opened[found.st_dev, found.st_ino] = node

    # -- changing ----------------------------------------------------------------------------

    def may_change(self, directory: Directory) -> None:
        """May names in this directory be made and removed? Errors: EROFS, EACCES, ENOENT."""
        if directory.mount.mode == "ro":
            raise OSError(EROFS, "read-only")
        if directory.removed:
            raise OSError(ENOENT, "the directory is gone")
        if directory.lower is not None and directory.original is None:
            if not directory.lower.writable():
                raise OSError(EACCES, "the directory may not be written")
        elif not self.identity.permits(directory, 3):
            raise OSError(EACCES, "the directory may not be written")

    def may_write(self, node: Node) -> None:
        """May this file be written? Errors: EROFS, EACCES."""
        if node.mount.mode == "ro":
            raise OSError(EROFS, "read-only")
        if node.origin is not None and node.original is None:
            lower, name = node.origin
            if not lower.writable(name):
                raise OSError(EACCES, "the file may not be written")
        elif not self.identity.permits(node, 2):
            raise OSError(EACCES, "the file may not be written")

    def may_own(self, node: Node) -> None:
        """May its mode and times be set by this user? Errors: EROFS, EPERM."""
        if node.mount.mode == "ro":
            raise OSError(EROFS, "read-only")
        if self.identity.uid not in (0, node.uid):
            raise OSError(EPERM, "not the owner")

    def own(self, node: Node) -> None:
        """Make a node of the host the layer's own, before its first change."""
        if node.original is None and node.origin is not None:
            lower, name = node.origin
            node.original = lower.lstat(name)
            if node.parent is not None and node.parent.seen.get(node.name) is node:
                node.parent.upper[node.name] = node
                del node.parent.seen[node.name]
        if node.parent is not None:
            self.soil(node.parent)

    def soil(self, directory: Directory) -> None:
        """Something in this directory differs from the host now."""
        while not directory.dirty:
            directory.dirty = True
            if directory.parent is None:
                return
            directory = directory.parent

    def _count(self) -> None:
        self.made += 1
        if self.made > self.limit:
            raise OSError(EDQUOT, "too many names in the layer")

    def _prepare(self, node: Node) -> None:
        self._next_inode += 1
        now = time.time_ns()
        node.inode = self._next_inode
        node.uid, node.gid = self.identity.uid, self.identity.gid
        node.atime_ns = node.mtime_ns = node.ctime_ns = now

    def _put(self, directory: Directory, name: bytes, node: Node) -> None:
        node.parent = directory
        node.name = name
        directory.upper[name] = node
        directory.seen.pop(name, None)
        self.touch(directory)

    def _take_away(self, directory: Directory, name: bytes) -> None:
        directory.seen.pop(name, None)
        if directory.lower is not None:
            directory.upper[name] = None
        else:
            directory.upper.pop(name, None)
        self.touch(directory)

    def touch(self, directory: Directory) -> None:
        """An entry came or went: the directory's times say so."""
        self.soil(directory)
        directory.mtime_ns = directory.ctime_ns = time.time_ns()

    def new_file(self, mount: Mount, mode: int) -> File:
        """A file without a name, empty, in the spool."""
        self._count()
        node = File(mount, mode, 0, 0, 0)
        self._prepare(node)
        spool = self.spool
        key, host_fd = spool.create()
        self._register(node, spool, key, host_fd)
        os.close(host_fd)
        return node

    def free_name(self, directory: Directory, name: bytes) -> None:
        """May something be made under this name? Errors: as `may_change`; EACCES if it is hidden."""
        self.may_change(directory)
        if directory.lower is not None and name not in directory.upper:
            hidden = self.hidden.hides(directory.lower.path, name, directory.mount.open_names)
            if hidden and _exists(directory.lower, name):
                raise OSError(EACCES, "the name is taken by something hidden")

    def create(self, directory: Directory, name: bytes, mode: int) -> File:
        """A new empty file. The name is known to be free."""
        self.free_name(directory, name)
        node = self.new_file(directory.mount, mode)
        self._put(directory, name, node)
        return node

    def make_directory(self, directory: Directory, name: bytes, mode: int) -> None:
        self.free_name(directory, name)
        self._count()
        node = Directory(directory.mount, mode, 0, 0, 0)
        self._prepare(node)
        directory.nlink += 1
        self._put(directory, name, node)

    def make_symlink(self, directory: Directory, name: bytes, target: bytes) -> None:
        self.free_name(directory, name)
        self._count()
        node = Link(directory.mount, target, 0, 0, 0)
        self._prepare(node)
        self._put(directory, name, node)

    def make_hard_link(self, node: Node, directory: Directory, name: bytes) -> None:
        """A second name. Errors: EPERM for a directory or what may not be opened, EXDEV."""
        if isinstance(node, Directory) or not isinstance(node, File | Link):
            raise OSError(EPERM, "no hard link to this")
        if node.mount is not directory.mount:
            raise OSError(EXDEV, "another filesystem")
        self.free_name(directory, name)
        self._count()
        self.own(node)
        if isinstance(node, File):
            self.make_writable(node, keep=True)
        node.nlink += 1
        node.stamp()
        self._put(directory, name, node)

    def remove(self, directory: Directory, name: bytes, node: Node, *, rmdir: bool) -> None:
        """unlink or rmdir. Errors: EISDIR, ENOTDIR, ENOTEMPTY, EBUSY, EPERM, and `may_change`'s."""
        if isinstance(node, Directory):
            if not rmdir:
                raise OSError(EISDIR, "a directory")
            if node.fixed:
                raise OSError(EBUSY, "a mount point")
        elif rmdir:
            raise OSError(ENOTDIR, "not a directory")
        self.may_change(directory)
        self._may_remove(directory, node)
        if isinstance(node, Directory):
            if self.names(node, 0) or self._hides_something(node):
                raise OSError(ENOTEMPTY, "not empty")
            node.removed = True
            node.nlink = 0
            directory.nlink -= 1
        self._take_away(directory, name)
        self.drop_name(node)

    def _may_remove(self, directory: Directory, node: Node) -> None:
        uid = self.identity.uid
        if directory.mode & stat.S_ISVTX and uid not in (0, node.uid, directory.uid):
            raise OSError(EPERM, "not the owner, in a directory with the sticky bit")

    def _hides_something(self, node: Directory) -> bool:
        return node.lower is not None and any(
            name not in node.upper for name, _, _ in node.lower.entries()
        )

    def drop_name(self, node: Node) -> None:
        """One name less; the contents go with the last one, except for whoever has it open."""
        if isinstance(node, Directory):
            return
        self.own_unnamed(node)
        node.nlink -= 1
        node.stamp()
        if node.nlink <= 0 and isinstance(node, File) and node.spool is not None:
            node.spool.discard(node.key)
            node.key = b""

    def own_unnamed(self, node: Node) -> None:
        """A node of the host lost its name: descriptors that refer to it keep its numbers."""
        if node.original is None and node.origin is not None:
            lower, name = node.origin
            node.original = lower.lstat(name)

    def rename(
        self, source: tuple[Directory, bytes, Node], target: tuple[Directory, bytes, Node | None],
        flags: int,
    ) -> None:  # fmt: skip
        """renameat2(2), RENAME_NOREPLACE (1) and RENAME_EXCHANGE (2) included."""
        old_directory, old_name, node = source
        new_directory, new_name, replaced = target
        self._check_rename(source, target, flags)
        if replaced is node:
            return
        if flags & 2 and replaced is not None:
            self.own(node)
            self.own(replaced)
            self._move(node, old_directory, new_directory)
            self._move(replaced, new_directory, old_directory)
            self._put(new_directory, new_name, node)
            self._put(old_directory, old_name, replaced)
            return
        self.own(node)
        if replaced is not None:
            if isinstance(replaced, Directory):
                replaced.removed = True
                new_directory.nlink -= 1
            self.drop_name(replaced)
        self._move(node, old_directory, new_directory)
        self._take_away(old_directory, old_name)
        self._put(new_directory, new_name, node)
        node.stamp()

    def _move(self, node: Node, old: Directory, new: Directory) -> None:
        if isinstance(node, Directory) and old is not new:
            old.nlink -= 1
            new.nlink += 1
        if node.mount is not new.mount:
            _remount(node, new.mount)

    def _check_rename(
        self, source: tuple[Directory, bytes, Node], target: tuple[Directory, bytes, Node | None],
        flags: int,
    ) -> None:  # fmt: skip
        old_directory, _, node = source
        new_directory, new_name, replaced = target
        if flags not in (0, 1, 2):
            raise OSError(EINVAL, "unknown flags")
        if flags & 1 and replaced is not None:
            raise OSError(EEXIST, "exists")
        if flags & 2 and replaced is None:
            raise OSError(ENOENT, "nothing to exchange with")
        if node.mount is not new_directory.mount and not _movable(node, new_directory.mount):
            raise OSError(EXDEV, "another filesystem")
        if isinstance(node, Directory):
            if node.fixed:
                raise OSError(EBUSY, "a mount point")
            if _is_below(new_directory, node):
                raise OSError(EINVAL, "into itself")
        if replaced is node:
            return
        self.may_change(old_directory)
        self.free_name(new_directory, new_name)
        self._may_remove(old_directory, node)
        if replaced is not None:
            self._check_replaced(node, new_directory, replaced, flags, old_directory)

    def _check_replaced(
        self, node: Node, directory: Directory, replaced: Node, flags: int, old: Directory
    ) -> None:
        self._may_remove(directory, replaced)
        if isinstance(replaced, Directory):
            if replaced.fixed:
                raise OSError(EBUSY, "a mount point")
            if flags & 2:
                if _is_below(old, replaced):
                    raise OSError(EINVAL, "into itself")
                return
            if not isinstance(node, Directory):
                raise OSError(EISDIR, "a directory")
            if self.names(replaced, 0) or self._hides_something(replaced):
                raise OSError(ENOTEMPTY, "not empty")
        elif isinstance(node, Directory) and not flags & 2:
            raise OSError(ENOTDIR, "not a directory")

    def close(self) -> None:
        if self.spool_ is not None:
            self.spool_.close()


def _exists(lower: HostDirectory, name: bytes) -> bool:
    try:
        lower.lstat(name)
    except OSError as error:
        return error.errno not in (ENOENT, ENOTDIR)
    return True


def _is_below(directory: Directory, node: Directory) -> bool:
    while True:
        if directory is node:
            return True
        if directory.parent is None or directory.parent is directory:
            return False
        directory = directory.parent


def _movable(node: Node, mount: Mount) -> bool:
    """May it change mounts? Where both lie on one device, and nothing is left on the host."""
    return (
        node.mount.mode == "private"
        and mount.mode in ("cow", "private")
        and node.mount.device == mount.device
        and _only_in_layer(node)
    )


def _only_in_layer(node: Node) -> bool:
    if node.origin is not None:
        return False
    if isinstance(node, Directory):
        if node.lower is not None:
            return False
        return all(below is None or _only_in_layer(below) for below in node.upper.values())
    return True


def _remount(node: Node, mount: Mount) -> None:
    node.mount = mount
    if isinstance(node, Directory):
        for below in node.upper.values():
            if below is not None:
                _remount(below, mount)
