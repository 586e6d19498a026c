"""renameat2(2) within the virtual tree: what forbids it, in the order Linux looks, and the move.

A directory is never copied: at its new place it keeps reading through the host directory it came
from. Sources: fs/namei.c, do_renameat2 and vfs_rename.
"""

from __future__ import annotations

from errno import EACCES, EBUSY, EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EXDEV

from .node import Directory, Mount, Node
from .rights import allows, may_change, may_remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .overlay import Overlay

NOREPLACE = 1
EXCHANGE = 2


class Place:
    """A name in a directory and what stands there, if anything."""

    __slots__ = ("directory", "name", "node")

    def __init__(self, directory: Directory, name: bytes, node: Node | None) -> None:
        self.directory = directory
        self.name = name
        self.node = node


def rename(overlay: Overlay, source: Place, target: Place, flags: int) -> None:
    """renameat2(2), RENAME_NOREPLACE and RENAME_EXCHANGE included. Errors: those of rename(2)."""
    node, replaced = source.node, target.node
    if node is None or (flags & EXCHANGE and replaced is None):
        raise OSError(ENOENT, "no such file or directory")
    if flags & NOREPLACE and replaced is not None:
        raise OSError(EEXIST, "exists")
    _check_nesting(source, target, flags)
    if replaced is node:
        return
    _check_rights(overlay, source, target, flags)
    _check_mounts(node, target, flags)
    if replaced is not None and not flags & EXCHANGE and isinstance(replaced, Directory):
        if not overlay.is_empty(replaced):
            raise OSError(ENOTEMPTY, "not empty")
    overlay.own(node)
    overlay.touch(source.directory)
    overlay.touch(target.directory)
    if flags & EXCHANGE and replaced is not None:
        overlay.own(replaced)
        _move(node, source.directory, target.directory)
        _move(replaced, target.directory, source.directory)
        overlay.put(target.directory, target.name, node)
        overlay.put(source.directory, source.name, replaced)
        replaced.stamp()
    else:
        if replaced is not None:
            overlay.drop_name(target.directory, replaced)
        _move(node, source.directory, target.directory)
        overlay.take_away(source.directory, source.name)
        overlay.put(target.directory, target.name, node)
    node.stamp()


def _check_nesting(source: Place, target: Place, flags: int) -> None:
    node, replaced = source.node, target.node
    if isinstance(node, Directory) and _is_at_or_below(target.directory, node):
        raise OSError(EINVAL, "into itself")
    if isinstance(replaced, Directory) and _is_at_or_below(source.directory, replaced):
        raise OSError(EINVAL if flags & EXCHANGE else ENOTEMPTY, "onto what holds it")


def _check_rights(overlay: Overlay, source: Place, target: Place, flags: int) -> None:
    identity = overlay.identity
    node, replaced = source.node, target.node
    if node is None:
        return
    may_change(identity, source.directory)
    may_remove(identity, source.directory, node)
    if replaced is None:
        overlay.free_name(target.directory, target.name)
    else:
        may_change(identity, target.directory)
        may_remove(identity, target.directory, replaced)
        if not flags & EXCHANGE:
            if isinstance(node, Directory) and not isinstance(replaced, Directory):
                raise OSError(ENOTDIR, "not a directory")
            if isinstance(replaced, Directory) and not isinstance(node, Directory):
                raise OSError(EISDIR, "a directory")
    if source.directory is not target.directory:
        for moved in (node, replaced if flags & EXCHANGE else None):
            # its `..` changes
            if isinstance(moved, Directory) and not allows(identity, moved, 2):
                raise OSError(EACCES, "the directory may not be written")


def _check_mounts(node: Node, target: Place, flags: int) -> None:
    for moved in (node, target.node):
        if isinstance(moved, Directory) and moved.fixed:
            raise OSError(EBUSY, "a mount point")
    to = target.directory
    same = node.mount is to.mount and node.device == to.device
    if not same and (flags & EXCHANGE or not _movable(node, to)):
        raise OSError(EXDEV, "another filesystem")


def _is_at_or_below(directory: Directory, node: Directory) -> bool:
    while directory is not node:
        if directory.parent is None or directory.parent is directory:
            return False
        directory = directory.parent
    return True


def _movable(node: Node, directory: Directory) -> bool:
    """May it change mounts? Where both lie on one device, and nothing is left on the host."""
    return (
        node.mount.mode == "private"
        and directory.mount.mode in ("cow", "private")
        and node.device == directory.device
        and _only_in_layer(node)
    )


def _only_in_layer(node: Node) -> bool:
    if node.origin is not None:
        return False
    if isinstance(node, Directory):
        if node.lower is not None or node.fixed:
            return False
        return all(below is None or _only_in_layer(below) for below in node.upper.values())
    return True


def _move(node: Node, old: Directory, new: Directory) -> None:
    if isinstance(node, Directory) and old is not new:
        old.nlink -= 1
        new.nlink += 1
    if node.mount is not new.mount:
        _remount(node, new.mount)


def _remount(node: Node, mount: Mount) -> None:
    node.mount = mount
    if isinstance(node, Directory):
        for below in node.upper.values():
            if below is not None:
                _remount(below, mount)
