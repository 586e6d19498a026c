"""Nodes: what a name in the virtual tree stands for, in the layer or still on the host.

A node that came from the host keeps where it came from (`origin`) and what it was there; the
layer's changes are laid over it. The same object serves every name of a file, so hard links,
renames and open files need no further bookkeeping.
"""

from __future__ import annotations

import os
import stat
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from .host import HostDirectory
    from .spool import Spool


class Mount:
    """A part of the tree with one rule for changes, and one host directory it maps, or none."""

    __slots__ = ("device", "host", "mode", "open_names", "steady")

    def __init__(
        self,
        mode: Literal["ro", "cow", "private"],
        host: bytes | None,
        *,
        steady: bool = False,
        device: int = 0,
        open_names: bool = False,
    ) -> None:
        self.mode = mode  # ro: EROFS. cow: changes become effects. private: changes vanish
        self.host = host
        self.steady = steady  # does not change during a run: what was looked up is kept
        self.device = device  # st_dev of what is made here
        self.open_names = open_names  # hidden names show: the user's configuration named it


class Node:
    """What every kind of node has: the part of `struct stat` that the layer decides.

    Times are nanoseconds. `mode` is the whole st_mode.
    """

    __slots__ = (
        "__weakref__", "atime_ns", "ctime_ns", "device", "gid", "inode", "mode", "mount",
        "mtime_ns", "name", "nlink", "origin", "original", "own_mode", "packed", "parent",
        "times_set", "uid",
    )  # fmt: skip

    def __init__(self, mount: Mount, mode: int, inode: int, uid: int, gid: int) -> None:
        self.mount = mount
        self.mode = mode
        self.inode = inode
        self.device = mount.device
        self.uid = uid
        self.gid = gid
        self.nlink = 1
        self.atime_ns = self.mtime_ns = self.ctime_ns = 0
        self.parent: Directory | None = None  # of the name it was last seen or put under
        self.name = b""
        self.origin: tuple[HostDirectory, bytes] | None = None
        self.original: os.stat_result | None = None  # as the host had it when it was changed
        self.own_mode = True  # mode and owner are the layer's; False: the host decides on access
        self.packed: bytes | None = None  # its struct stat, as long as it holds
        self.times_set = False  # the script set the modification time itself

    def adopt(self, found: os.stat_result) -> None:
        """Take over what the host says of it."""
        self.packed = None
        self.mode = found.st_mode
        self.inode = found.st_ino
        self.device = found.st_dev
        self.uid = found.st_uid
        self.gid = found.st_gid
        self.nlink = found.st_nlink
        self.atime_ns = found.st_atime_ns
        self.mtime_ns = found.st_mtime_ns
        self.ctime_ns = found.st_ctime_ns

    def renew(self, found: os.stat_result) -> bool:
        """Is this still what the host has under the name? Then take over what changed of it."""
        if found.st_ino != self.inode or found.st_mode != self.mode:
            return False
        if found.st_dev != self.device:
            return False
        if found.st_ctime_ns != self.ctime_ns:  # nothing changes without this one
            self.adopt(found)
        return True

    def stamp(self) -> None:
        """Changed now."""
        self.ctime_ns = time.time_ns()

    def begin(self) -> None:
        """Made now."""
        self.atime_ns = self.mtime_ns = self.ctime_ns = time.time_ns()

    def path(self) -> bytes:
        """Where it is, or was last, in the virtual tree."""
        parts: list[bytes] = []
        node: Node = self
        while node.parent is not None and node.parent is not node:
            parts.append(node.name)
            node = node.parent
        return b"/" + b"/".join(reversed(parts))


class File(Node):
    """A regular file: contents on the host until it is opened for writing, then in the spool."""

    __slots__ = ("blocks", "inspected", "key", "size", "spool")

    def __init__(self, mount: Mount, mode: int, inode: int, uid: int, gid: int) -> None:
        super().__init__(mount, stat.S_IFREG | mode & 0o7777, inode, uid, gid)
        self.size = self.blocks = 0  # on the host; in the spool they are the spool file's
        self.spool: Spool | None = None
        self.key = b""  # name of its spool file; empty once its last name is gone
        self.inspected = -1  # st_ctime_ns of what is known not to be a private key

    def adopt(self, found: os.stat_result) -> None:
        super().adopt(found)
        self.size = found.st_size
        self.blocks = found.st_blocks


class Link(Node):
    """A symbolic link."""

    __slots__ = ("target",)

    def __init__(self, mount: Mount, target: bytes, inode: int, uid: int, gid: int) -> None:
        super().__init__(mount, stat.S_IFLNK | 0o777, inode, uid, gid)
        self.target = target
        self.begin()


class Device(Node):
    """One of the harmless character devices: opening it opens the host's."""

    __slots__ = ("host_path", "rdev")

    def __init__(self, mount: Mount, host_path: bytes, found: os.stat_result) -> None:
        super().__init__(mount, found.st_mode, found.st_ino, found.st_uid, found.st_gid)
        self.adopt(found)
        self.host_path = host_path
        self.rdev = found.st_rdev


class Opaque(Node):
    """A FIFO of the host: listed and described, never opened."""

    __slots__ = ("rdev", "size")

    def __init__(self, mount: Mount, found: os.stat_result) -> None:
        super().__init__(mount, found.st_mode, found.st_ino, found.st_uid, found.st_gid)
        self.adopt(found)
        self.rdev = found.st_rdev
        self.size = found.st_size


class Fifo(Node):
    """A FIFO that the script made; `key` is its name in the spool, while it has any."""

    __slots__ = ("key", "spool")

    def __init__(self, mount: Mount, mode: int, spool: Spool) -> None:
        super().__init__(mount, stat.S_IFIFO | mode & 0o7777, 0, 0, 0)
        self.spool = spool
        self.key = b""


class Generated(Node):
    """A synthetic file: its contents are made at every open, for the task that opens it."""

    __slots__ = ("contents",)

    def __init__(
        self, mount: Mount, contents: Callable[[int], bytes], inode: int, mode: int = 0o444
    ) -> None:
        super().__init__(mount, stat.S_IFREG | mode, inode, 0, 0)
        self.begin()
        self.contents = contents  # takes the process id of who opens it


class MagicLink(Node):
    """A link of /proc whose target depends on who reads it; `node` is where it leads, if known."""

    __slots__ = ("follow", "read")

    def __init__(
        self,
        mount: Mount,
        inode: int,
        read: Callable[[int], bytes],
        follow: Callable[[int], Node | None],
    ) -> None:
        super().__init__(mount, stat.S_IFLNK | 0o777, inode, 0, 0)
        self.begin()
        self.read = read
        self.follow = follow


class Directory(Node):
    """A directory: the layer's entries over the host's.

    `upper` holds what the layer has under a name, None where it took the name away (a whiteout);
    `seen` what was looked up on the host and is still as the host has it.
    """

    __slots__ = ("dirty", "fixed", "listing", "lower", "removed", "seen", "upper")

    def __init__(self, mount: Mount, mode: int, inode: int, uid: int, gid: int) -> None:
        super().__init__(mount, stat.S_IFDIR | mode & 0o7777, inode, uid, gid)
        self.nlink = 2
        self.begin()
        self.upper: dict[bytes, Node | None] = {}
        self.seen: dict[bytes, Node | None] = {}  # None: known not to be there (steady mounts)
        self.lower: HostDirectory | None = None
        self.fixed = False  # a mount point or a directory on the way to one: EBUSY
        self.dirty = False  # something at or below it differs from the host
        self.removed = False  # rmdir took it away while somebody is still in it
        self.listing: bytes | None = None  # encoded entries of a steady directory

    def lookup(self, _name: bytes, _pid: int) -> Node | None:
        """An entry that no layer knows; synthetic directories make theirs here."""
        return None

    def extra_names(self, _pid: int) -> list[tuple[bytes, int, int]]:
        """Entries, as (name, inode, d_type), that exist only while somebody looks."""
        return []


def node_of_host(
    directory: Directory, lower: HostDirectory, name: bytes, found: os.stat_result
) -> Node:
    """What the host has under a name of a directory that maps one of its own."""
    kind = stat.S_IFMT(found.st_mode)
    mount = directory.mount
    node: Node
    if kind == stat.S_IFREG:
        node = File(mount, 0, 0, 0, 0)
    elif kind == stat.S_IFDIR:
        node = Directory(mount, 0, 0, 0, 0)
        node.lower = lower.child_of(name, found)
    elif kind == stat.S_IFLNK:
        node = Link(mount, lower.read_link(name), 0, 0, 0)
    else:
        node = Opaque(mount, found)
    node.adopt(found)
    node.own_mode = False
    node.origin = (lower, name)
    node.parent = directory
    node.name = name
    return node


def host_path(node: Node) -> bytes:
    """Where the host has it, or will have it once the plan is executed; where it stands in the
    virtual tree if that is no part of the host's, like /tmp."""
    parts: list[bytes] = []
    while node.parent is not None and node.parent is not node:
        mapped_file = node.origin is not None and node.mount is not node.parent.mount
        if mapped_file or (isinstance(node, Directory) and _is_mapped(node)):
            break
        parts.append(node.name)
        node = node.parent
    if isinstance(node, Directory):
        start = node.lower.path if node.lower is not None else b""
    elif node.origin is not None:
        lower, name = node.origin
        start = lower.path.rstrip(b"/") + b"/" + name
    else:
        start = b""
    return b"/".join((start.rstrip(b"/"), *reversed(parts))) or b"/"


def _is_mapped(directory: Directory) -> bool:
    """Is it the top of what a mount maps?"""
    return directory.lower is not None and directory.origin is None


def is_clean(node: Node) -> bool:
    """Is it, with everything below it, as the host has it?"""
    return node.original is None and not (isinstance(node, Directory) and node.dirty)
