"""The overlay: the writable layer over the read-only host.

Theory of operation
-------------------
The tree is made of nodes. A `Directory` that maps a host directory looks names up there, one
lstat each, and remembers the node it made (`seen`). The first change to a node makes it the
layer's own: it moves from its directory's `seen` to `upper`, which overrides the host, and what
the host had is kept in `original`. A removed name is a whiteout, None in `upper`. Contents are
copied to the spool when a file is first opened for writing. A directory is never copied: renamed,
it keeps reading through the host directory it came from, and what is hidden there stays hidden,
because the rules look at the path on the host.

A file of the host with several names is one node under all of them (`linked`), so that a write
through one name is read through the others, as far as they are looked up.

Every change marks the directories above it `dirty`, so that `changes.py` finds what differs from
the host without walking what does not.

Errors are those of the system call on a plain directory, raised as OSError.

Known differences from a plain directory
----------------------------------------
- A file of the host that may be written but not read is EACCES: its contents before the change
  could not be reviewed.
- A descriptor opened for reading while a file was still the host's goes on reading the host's
  contents after the script has changed the file through another descriptor.
- Nothing of the host can be renamed to another mount (EXDEV, where one filesystem lies below both),
  and no hard link made across.
- Writing as an ordinary user clears no set-user-id bit before the plan is executed.
- What somebody else puts in the place of a directory is not noticed once that was looked up.
- Devices cannot be made, FIFOs are in no plan, and those of the host not opened. Names of hidden
  files of the host cannot be taken (EACCES), and a directory that holds one cannot be removed
  (ENOTEMPTY).
- Directories have a size of 4096 bytes; reading changes no access time.
"""

from __future__ import annotations

import stat
from errno import EACCES, EBUSY, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, EXDEV

from .host import TYPES, never_shown
from .layer import Layer, has_entry
from .node import Directory, Fifo, File, Link, Node, node_of_host
from .rights import may_change, may_link, may_remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os

    from .hidden import Hidden
    from .host import HostDirectory
    from .rights import Identity

_KNOWN_MAX = 100_000
"""Nodes of hosts that may change which are remembered before the clean ones are forgotten."""
_ABSENT_MAX = 20_000
"""Names that are known not to be there: a script may ask for any number of them."""


class Overlay(Layer):
    """The layer and what it knows of the host below. One per run."""

    __slots__ = ("_absent", "_known", "_known_max", "linked")

    def __init__(
        self,
        identity: Identity,
        hidden: Hidden,
        private: bytes,
        limit: int,
        capacity: int = 4 << 30,
    ) -> None:
        super().__init__(identity, hidden, private, limit, capacity)
        self.linked: dict[tuple[int, int], Node] = {}  # by (st_dev, st_ino), several names
        self._absent = 0  # names remembered of what is not there
        self._known = 0
        self._known_max = _KNOWN_MAX

    # -- finding ---------------------------------------------------------------------------------

    def child(self, directory: Directory, name: bytes, pid: int) -> Node | None:
        """The node under `name`, None where there is none. Errors: EACCES, EIO, ENAMETOOLONG."""
        upper = directory.upper
        if name in upper:
            return upper[name]
        lower = directory.lower
        if lower is None:
            return directory.lookup(name, pid)
        seen = directory.seen
        node = None
        if name in seen:
            node = seen[name]
            if directory.mount.steady or type(node) is Directory:
                return node
            if node is not None and node.original is not None:
                return self._changed_elsewhere(directory, name, node)
        try:
            found = lower.lstat(name)
        except OSError as error:
            if error.errno != ENOENT:
                raise
            if directory.mount.steady and self._absent < _ABSENT_MAX:
                self._absent += 1
                seen[name] = None
            return None
        if node is not None and node.renew(found):
            return node
        if self.hidden.hides(lower.path, name, directory.mount.open_names):
            return None
        return self._discover(directory, lower, name, found)

    def _changed_elsewhere(self, directory: Directory, name: bytes, node: Node) -> Node:
        """Another name of this file of the host was changed: this one is the layer's as well."""
        directory.seen[name] = node
        self.cover(directory, name, node)
        self.soil(directory)
        return node

    def _discover(
        self, directory: Directory, lower: HostDirectory, name: bytes, found: os.stat_result
    ) -> Node | None:
        """What the host has under a name that has not been looked up before."""
        mode = found.st_mode
        if never_shown(mode):
            return None
        mount = directory.mount
        if not mount.steady:
            self._known += 1
            if self._known > self._known_max:
                self._forget(directory)
        if found.st_nlink > 1 and not mount.steady and not stat.S_ISDIR(mode):
            key = (found.st_dev, found.st_ino)
            node = self.linked.get(key)
            if node is not None and node.mount is mount:
                if node.original is not None:
                    return self._changed_elsewhere(directory, name, node)
            else:
                node = self.linked[key] = node_of_host(directory, lower, name, found)
        else:
            node = node_of_host(directory, lower, name, found)
        directory.seen[name] = node
        return node

    def _forget(self, directory: Directory) -> None:
        root = directory
        while root.parent is not None and root.parent is not root:
            root = root.parent
        from .forget import forget_clean  # few runs look at so much

        self._known = forget_clean(root, self.linked)
        self._known_max = max(_KNOWN_MAX, 2 * self._known)

    def names(self, directory: Directory, pid: int) -> list[tuple[bytes, int, int]]:
        """Everything in a directory as (name, inode, d_type), without `.` and `..`."""
        listed: list[tuple[bytes, int, int]] = []
        upper = directory.upper
        rest = upper
        if directory.lower is not None:
            path = directory.lower.path
            hides = self.hidden.hides
            open_names = directory.mount.open_names
            rest = dict(upper)
            for entry in directory.lower.entries():
                name = entry[0]
                if name in rest:  # what the layer changed keeps its place in the order
                    _list(listed, name, rest.pop(name))
                elif not hides(path, name, open_names):
                    listed.append(entry)
        for name, node in rest.items():
            _list(listed, name, node)
        listed.extend(directory.extra_names(pid))
        return listed

    def is_empty(self, directory: Directory) -> bool:
        """Is there nothing in it, not even what is hidden?"""
        if any(node is not None for node in directory.upper.values()):
            return False
        return directory.lower is None or not directory.lower.has_other_than(directory.upper)

    def stat(self, node: Node, opened: os.stat_result | None = None) -> tuple[int, ...]:
        """What stat(2) says: dev, ino, nlink, mode, uid, gid, rdev, size, blocks, and times in ns.

        `opened` is what the host says of an open file of this node, if there is one.
        """
        size = blocks = rdev = 0
        atime_ns, mtime_ns, ctime_ns = node.atime_ns, node.mtime_ns, node.ctime_ns
        if isinstance(node, File):
            if node.spool is not None:
                found = opened or node.spool.stat(node.key)
                size, blocks = found.st_size, found.st_blocks
                atime_ns, mtime_ns = found.st_atime_ns, found.st_mtime_ns
                ctime_ns = max(ctime_ns, found.st_ctime_ns)
            else:
                if opened is not None and node.original is None:
                    node.adopt(opened)
                    mtime_ns, ctime_ns = node.mtime_ns, node.ctime_ns
                size = node.size
                blocks = node.blocks
        elif isinstance(node, Directory):
            size, blocks = 4096, 8
            if node.lower is not None and node.original is None and not node.mount.steady:
                node.adopt(node.lower.stat())
                atime_ns, mtime_ns, ctime_ns = node.atime_ns, node.mtime_ns, node.ctime_ns
        elif isinstance(node, Link):
            size = len(node.target)
        else:
            rdev = getattr(node, "rdev", 0)
        return (
            node.device, node.inode, node.nlink, node.mode, node.uid, node.gid, rdev, size, blocks,
            atime_ns, mtime_ns, ctime_ns,
        )  # fmt: skip

    # -- changing --------------------------------------------------------------------------------

    def free_name(self, directory: Directory, name: bytes) -> None:
        """May something be made under this name? Errors: `may_change`'s; EACCES if it is hidden."""
        may_change(self.identity, directory)
        if name not in directory.upper and has_entry(directory, name):
            raise OSError(EACCES, "the name is taken by something hidden")

    def create(self, directory: Directory, name: bytes, mode: int) -> File:
        """A new empty file. The name is known to be free."""
        self.free_name(directory, name)
        node = self.new_file(directory, mode)
        self.put(directory, name, node)
        return node

    def make_directory(self, directory: Directory, name: bytes, mode: int) -> None:
        self.free_name(directory, name)
        node = Directory(directory.mount, mode, 0, 0, 0)
        self.prepare(node, directory)
        self.put(directory, name, node)
        directory.nlink += 1

    def make_symlink(self, directory: Directory, name: bytes, target: bytes) -> None:
        self.free_name(directory, name)
        node = Link(directory.mount, target, 0, 0, 0)
        self.prepare(node, directory)
        self.put(directory, name, node)

    def make_hard_link(self, node: Node, directory: Directory, name: bytes) -> None:
        """A second name. Errors: EXDEV, EPERM for a directory or what may not be opened."""
        same = node.mount is directory.mount and node.device == directory.device
        if not same and not isinstance(node, Directory):
            raise OSError(EXDEV, "another filesystem")
        may_link(self.identity, node)
        self.free_name(directory, name)
        if not isinstance(node, File | Link):
            raise OSError(EPERM, "no hard link to this")
        if node.nlink <= 0 and not (isinstance(node, File) and node.key and not node.times_set):
            raise OSError(ENOENT, "the file is gone")  # and was not made by O_TMPFILE
        if node.nlink > 0:  # one made by O_TMPFILE is counted already
            self.count()
        self.own(node)
        node.nlink += 1
        node.stamp()
        self.put(directory, name, node)

    def remove(self, directory: Directory, name: bytes, node: Node, *, rmdir: bool) -> None:
        """unlink or rmdir. Errors: EISDIR, ENOTDIR, ENOTEMPTY, EBUSY, EPERM, and `may_change`'s."""
        may_change(self.identity, directory)
        may_remove(self.identity, directory, node)
        if isinstance(node, Directory):
            if not rmdir:
                raise OSError(EISDIR, "a directory")
            if node.fixed:
                raise OSError(EBUSY, "a mount point")
            if not self.is_empty(node):
                raise OSError(ENOTEMPTY, "not empty")
        elif rmdir:
            raise OSError(ENOTDIR, "not a directory")
        self.drop_name(directory, node)
        self.take_away(directory, name)

    def drop_name(self, directory: Directory, node: Node) -> None:
        """One name less; the contents go with the last one, except for whoever has it open."""
        self.own(node)
        if node.original is None or node.nlink > node.original.st_nlink:
            self.made -= 1
        if isinstance(node, Directory):
            self.touch(directory)
            directory.nlink -= 1
            node.removed = True
            node.nlink = 0
            return
        node.nlink -= 1
        node.stamp()
        if node.nlink <= 0 and isinstance(node, File | Fifo):
            self.discard(node)


def _list(listed: list[tuple[bytes, int, int]], name: bytes, node: Node | None) -> None:
    if node is not None:
        listed.append((name, node.inode, TYPES.get(stat.S_IFMT(node.mode), 0)))
