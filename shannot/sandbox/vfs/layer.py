"""The layer: what the script made or changed, and the contents it holds in the spool.

The lower half of the overlay (`overlay.py`, which finds names and changes them).
"""

from __future__ import annotations

import os
import stat
import time
from errno import EACCES, EDQUOT, ENOENT, ENOSPC

from .host import begins_as_private_key
from .node import Directory, Fifo, File, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .hidden import Hidden
    from .rights import Identity
    from .spool import Spool

_FIRST_INODE = 1 << 40
"""Numbers of what is made in the layer, above any that a usual filesystem hands out."""

_SETTLED = 1_000_000_000
"""Nanoseconds after which a change of contents cannot leave the time of the last one."""

OPENED_MAX = 10_000
"""Nodes known by their open files before those that nobody has open are looked for."""


class Layer:
    """What the layer owns. One per run."""

    __slots__ = (
        "_next_inode", "_private", "capacity", "covered", "hidden", "identity", "limit", "made",
        "mapped", "on_full", "opened", "opened_max", "path_only", "rearranged", "scaffolds",
        "spool_",
    )  # fmt: skip

    def __init__(
        self, identity: Identity, hidden: Hidden, private: bytes, limit: int, capacity: int
    ) -> None:
        self.identity = identity
        self.hidden = hidden
        self.limit = limit  # names of the layer's own at once
        self.on_full: Callable[[], None] = lambda: None  # called where one more is refused
        self.capacity = capacity  # bytes that a host file may bring along
        self.made = 0
        self.covered: dict[bytes, dict[bytes, int]] = {}
        """By directory of the host and name: S_IFMT of what the script saw there when the layer
        covered it, 0 for nothing. What a cut finds may have come meanwhile."""
        self.opened: dict[tuple[int, int], Node] = {}
        """(st_dev, st_ino) of what a descriptor of the child refers to: which node that is."""
        self.opened_max = OPENED_MAX
        self.path_only: set[tuple[int, int]] = set()
        """Those of `opened`, and of open directories, that O_PATH gave: they stand for the node."""
        self.rearranged = 0
        """Grows before a directory is moved, removed or closed: what led through it may not."""
        self.mapped = False  # a file is or was mapped shared: its times say nothing of its contents
        self.scaffolds = 0  # numbers of what the tree itself is made of, from 1
        self.spool_: Spool | None = None
        self._private = private
        self._next_inode = _FIRST_INODE

    # -- owning ----------------------------------------------------------------------------------

    def own(self, node: Node, found: os.stat_result | None = None) -> None:
        """Make a node of the host the layer's own, before its first change.

        `found`: what the host says of it, where that is known. Errors: those of fstatat(2).
        """
        parent = node.parent
        node.packed = None
        if isinstance(node, Directory):
            self.rearranged += 1
        if node.original is None:
            if node.origin is not None:
                lower, name = node.origin
                node.original = lower.lstat(name) if found is None else found
            elif isinstance(node, Directory) and node.lower is not None:
                node.original = node.lower.stat()
            if parent is not None and parent.seen.get(node.name) is node:
                self.cover(parent, node.name, node)
        if parent is not None:
            self.soil(parent)

    def cover(self, directory: Directory, name: bytes, node: Node | None) -> None:
        """The layer has this under the name from now on, instead of what the host has."""
        if name not in directory.upper and directory.lower is not None:
            was = directory.seen.pop(name, None)
            kind = 0 if was is None else stat.S_IFMT(was.mode)
            self.covered.setdefault(directory.lower.path, {})[name] = kind
        directory.upper[name] = node

    def soil(self, directory: Directory) -> None:
        """Something in this directory differs from the host now."""
        while not directory.dirty:
            directory.dirty = True
            if directory.parent is None:
                return
            directory = directory.parent

    def touch(self, directory: Directory) -> None:
        """An entry came or went: the directory's times say so."""
        if directory.original is None:
            if directory.lower is not None and not directory.own_mode:
                directory.adopt(directory.lower.stat())
            self.own(directory)
        self.soil(directory)
        directory.mtime_ns = directory.ctime_ns = time.time_ns()
        directory.times_set = False

    def put(self, directory: Directory, name: bytes, node: Node) -> None:
        """Give a node this name."""
        self.touch(directory)
        node.parent = directory
        node.name = name
        self.cover(directory, name, node)

    def take_away(self, directory: Directory, name: bytes) -> None:
        """Nothing has this name any more: a whiteout, where the host has something under it."""
        self.touch(directory)
        self.cover(directory, name, None)
        if not has_entry(directory, name):
            del directory.upper[name]
            if directory.lower is not None:
                self.covered.get(directory.lower.path, {}).pop(name, None)

    def prepare(self, node: Node, directory: Directory) -> None:
        """A node that is made in this directory: number, owner, times. Errors: EDQUOT.

        A directory with the set-group-id bit hands on its group, inode(7), and to directories the
        bit as well.
        """
        self.count()
        self._next_inode += 1
        node.inode = self._next_inode
        node.device = directory.device
        identity = self.identity
        node.uid, node.gid = identity.uid, identity.gid
        if directory.mode & stat.S_ISGID:
            node.gid = directory.gid
            if isinstance(node, Directory):
                node.mode |= stat.S_ISGID
            elif node.mode & 0o2010 == 0o2010 and identity.uid and not identity.is_in(node.gid):
                node.mode &= ~stat.S_ISGID
        node.begin()

    def count(self) -> None:
        """One name more of the layer's own. Errors: EDQUOT."""
        if self.made >= self.limit:
            self.on_full()
            raise OSError(EDQUOT, "too many names in the layer")
        self.made += 1

    # -- contents --------------------------------------------------------------------------------

    @property
    def spool(self) -> Spool:
        if self.spool_ is None:
            from .spool import Spool  # many scripts write nothing

            self.spool_ = Spool(self._private + b"/spool", self.limit)
        return self.spool_

    def open_lower(self, node: File) -> int:
        """Open the host's file for reading. Errors: EACCES for a private key, and openat(2)'s."""
        return self._open_lower(node)[0]

    def _open_lower(self, node: File) -> tuple[int, os.stat_result]:
        host_fd, found = self._open_host(node)
        return self._judged(node, host_fd, found), found

    def _open_host(self, node: File) -> tuple[int, os.stat_result]:
        if node.origin is None:
            raise OSError(ENOENT, "no such file")
        lower, name = node.origin
        return lower.open_file(name, node.mount.steady)

    def _judged(self, node: File, host_fd: int, found: os.stat_result) -> int:
        """Its descriptor. Errors: EACCES for a private key, and the descriptor is closed."""
        mount = node.mount
        if node.inspected != found.st_ctime_ns:
            if not mount.open_names and begins_as_private_key(host_fd):
                os.close(host_fd)
                raise OSError(EACCES, "a private key")
            if time.time_ns() - found.st_ctime_ns > _SETTLED:
                node.inspected = found.st_ctime_ns
        if not mount.steady:
            self.opened[found.st_dev, found.st_ino] = node
        return host_fd

    def open_known(self, node: File) -> int | None:
        """Open a file of the host for reading, where it still is the file that was looked up.

        None where it is another one now, or none: whoever asks looks it up again, and hears why.
        Saves the lstat that would come before. Errors: EACCES for a private key.
        """
        try:
            host_fd, found = self._open_host(node)
        except OSError:
            return None
        if not node.renew(found):
            os.close(host_fd)
            return None
        return self._judged(node, host_fd, found)

    def open_file(self, node: File, flags: int) -> int:
        """A new open file of the node, for reading or, after `make_writable`, for writing."""
        if node.spool is not None:
            return node.spool.open(node.key, flags)
        return self._open_lower(node)[0]

    def make_writable(self, node: File, keep: bool) -> None:
        """Bring the contents into the spool: copied if `keep`, else empty.

        Errors: `open_lower`'s; ENOSPC for a file of the host above the limit.
        """
        if node.spool is not None:
            if not keep:
                os.close(node.spool.open(node.key, os.O_WRONLY | os.O_TRUNC))
            return
        source, found = self._open_lower(node)
        try:
            if keep and found.st_blocks * 512 > self.capacity:
                raise OSError(ENOSPC, "too large for the layer")
            key, target = self.spool.create()
            try:
                if keep:
                    from .spool import copy_contents  # as above

                    copy_contents(source, target)
                if node.original is None:
                    node.adopt(found)
                self.own(node, found)
                if keep:
                    os.utime(target, ns=(node.atime_ns, node.mtime_ns))
                self._register(node, key, target)
            finally:
                os.close(target)
        finally:
            os.close(source)

    def new_file(self, directory: Directory, mode: int) -> File:
        """A file without a name, empty, in the spool, which might stand in this directory."""
        node = File(directory.mount, mode, 0, 0, 0)
        self.prepare(node, directory)
        key, host_fd = self.spool.create()
        self._register(node, key, host_fd)
        os.close(host_fd)
        return node

    def _register(self, node: File, key: bytes, host_fd: int) -> None:
        node.spool = self.spool
        node.key = key
        found = os.fstat(host_fd)
        self.opened[found.st_dev, found.st_ino] = node

    def discard(self, node: File | Fifo) -> None:
        """The contents go with the last name, except for whoever has them open."""
        if node.spool is not None and node.key:
            node.spool.discard(node.key)
            node.key = b""

    def forget_opened(self, alive: set[tuple[int, int]]) -> None:
        """No descriptor but these, by (st_dev, st_ino), is open in any process of the run."""
        for key in [key for key in self.opened if key not in alive]:
            node = self.opened[key]
            if not isinstance(node, File) or node.spool is None:
                del self.opened[key]
            elif node.nlink <= 0:  # unlinked, or made by O_TMPFILE and never named
                del self.opened[key]
                if node.key:
                    self.discard(node)
                    self.made -= 1
        self.path_only &= alive
        self.opened_max = max(OPENED_MAX, 2 * len(self.opened))

    def close(self) -> None:
        if self.spool_ is not None:
            self.spool_.close()


def has_entry(directory: Directory, name: bytes) -> bool:
    """Does the host have anything under this name, shown or not?"""
    if directory.lower is None:
        return False
    try:
        directory.lower.lstat(name)
    except OSError as error:
        return error.errno != ENOENT
    return True
