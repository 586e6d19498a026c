"""Rights: who the script is, and what the modes of the virtual tree let it do.

A node that is as the host has it is decided by the host's kernel, which knows access lists and
read-only filesystems; one whose mode or owner the layer has set is decided by its mode.
"""

from __future__ import annotations

import stat
from errno import EACCES, EBUSY, ENOENT, EPERM, EROFS

from .node import Directory, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .host import HostDirectory


class Identity:
    """Who the script is: the numbers it sees, and those its files get."""

    __slots__ = ("gid", "groups", "uid")

    def __init__(self, uid: int, gid: int, groups: frozenset[int]) -> None:
        self.uid = uid
        self.gid = gid
        self.groups = groups

    def is_in(self, gid: int) -> bool:
        return gid == self.gid or gid in self.groups

    def permits(self, node: Node, want: int) -> bool:
        """Does the mode allow `want` (4 read, 2 write, 1 search)? As for the kernel, root may."""
        if self.uid == 0:
            return not want & 1 or stat.S_ISDIR(node.mode) or bool(node.mode & 0o111)
        if node.uid == self.uid:
            return (node.mode >> 6) & want == want
        if self.is_in(node.gid):
            return (node.mode >> 3) & want == want
        return node.mode & want == want


def allows(identity: Identity, node: Node, want: int) -> bool:
    """May the script do `want` (4 read, 2 write, 1 search or execute) with this node?"""
    if node.own_mode or node.mount.steady:
        return identity.permits(node, want)  # of a steady mount: nearly always right, and faster
    lower, name = _on_host(node)
    if lower.foreign and node.uid:
        return node.mode & want == want
    return lower.allows(name, want)


def _on_host(node: Node) -> tuple[HostDirectory, bytes]:
    if node.origin is not None:
        return node.origin
    if isinstance(node, Directory) and node.lower is not None:
        return node.lower, b"."  # the root of a mount
    raise OSError(EACCES, "neither the layer's nor the host's")


def _require(identity: Identity, node: Node, want: int) -> None:
    if not allows(identity, node, want):
        read_only = not node.own_mode and not node.mount.steady and _on_host(node)[0].is_read_only()
        raise OSError(EROFS if read_only else EACCES, "not permitted by its mode")
    if want & 2 and node.mount.mode == "ro":
        raise OSError(EROFS, "read-only")


def may_change(identity: Identity, directory: Directory) -> None:
    """May names in this directory be made and removed? Errors: ENOENT, EACCES, EROFS."""
    if directory.removed:
        raise OSError(ENOENT, "the directory is gone")
    _require(identity, directory, 3)


def may_write(identity: Identity, node: Node) -> None:
    """May it be written? Errors: EACCES, EROFS."""
    _require(identity, node, 2)


def may_own(identity: Identity, node: Node) -> None:
    """May its mode and times be set by this user? Errors: EPERM, EROFS."""
    if identity.uid not in (0, node.uid):
        raise OSError(EPERM, "not the owner")
    if node.mount.mode == "ro":
        raise OSError(EROFS, "read-only")


def may_remove(identity: Identity, directory: Directory, node: Node) -> None:
    """The sticky bit, and a file that is a mount point. Errors: EPERM, EBUSY."""
    if node.mount is not directory.mount:
        raise OSError(EBUSY, "a mount point")
    if directory.mode & stat.S_ISVTX and identity.uid not in (0, node.uid, directory.uid):
        raise OSError(EPERM, "not the owner, in a directory with the sticky bit")


def may_link(identity: Identity, node: Node) -> None:
    """fs.protected_hardlinks, as every usual system sets it: proc_sys_fs(5). Errors: EPERM."""
    if identity.uid in (0, node.uid):
        return
    mode = node.mode
    if not stat.S_ISREG(mode) or mode & stat.S_ISUID or mode & 0o2010 == 0o2010:
        raise OSError(EPERM, "somebody else's")
    if not allows(identity, node, 6):
        raise OSError(EPERM, "somebody else's")
