"""Path walk: from a path and a starting directory to a node, links resolved in the virtual tree."""

from __future__ import annotations

import os
from errno import EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR

from .node import Directory, File, Link, MagicLink, Node
from .rights import allows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .overlay import Overlay

PATH_MAX = 4096
NAME_MAX = 255
_LINKS_MAX = 40
_MISSING_MAX = 1000
_REMEMBERED = 20_000
_REMEMBERED_PATH = 512

_DOTS = (b".", b"..")

_NOT_MISSED = (
    *(b"/proc/", b"/dev/"),
    *(b"/sys/devices/system/", b"/sys/fs/cgroup/", b"/sys/kernel/mm/"),
)
"""What is there is all that there is; what runtimes ask of the machine by themselves at each start,
and do without."""

NO_FOLLOW, FOLLOW, NAME = False, True, 2
"""What becomes of the last name: a link is followed before a slash only; always; never."""


class Found:
    """Where a walk ended: `node` is None where the last name does not exist."""

    __slots__ = ("directory", "name", "node", "parent")

    def __init__(self, parent: Directory, name: bytes, node: Node | None, directory: bool) -> None:
        self.parent = parent
        self.name = name  # the last component: empty for `/`, `.` and `..` as they are
        self.node = node
        self.directory = directory  # the path ended so that it must be one: `name/`


class Lookup:
    """Walks paths from one root."""

    __slots__ = ("_arrangement", "_prefixes", "_remembered", "missing", "overlay", "root")

    def __init__(self, root: Directory, overlay: Overlay) -> None:
        self.root = root
        self.overlay = overlay
        self.missing: dict[bytes, None] = {}
        """Paths looked for where nothing is mapped, in order, at most 1000: for the summary."""
        self._remembered: tuple[dict[bytes, Found], ...] = ({}, {}, {})
        """By path, for each way of taking the last name: what no change can make untrue."""
        self._prefixes: dict[bytes, Directory] = {}
        """By path: directories reached through directories alone, as long as none is rearranged."""
        self._arrangement = 0

    def find(self, start: Directory, path: bytes, pid: int, follow: int = FOLLOW) -> Found:
        """Walk `path` from `start`; `follow` is FOLLOW, NO_FOLLOW or NAME.

        Errors: ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EACCES, as path_resolution(7) has them.
        """
        if path[:1] == b"/":
            remembered = self._remembered[follow]
            known = remembered.get(path)
            if known is not None:
                return known
            if len(path) >= PATH_MAX:
                raise OSError(ENAMETOOLONG, "path too long")
            prefix, _, name = path.rpartition(b"/")
            directory = self._prefix(prefix)
            if directory is not None and name and name not in _DOTS:
                return self._walk(directory, name, pid, follow)[0]
            found, steady = self._walk(self.root, path, pid, follow)
            if len(path) < _REMEMBERED_PATH:
                if steady and len(remembered) < _REMEMBERED:
                    remembered[path] = found
                elif found.name == name and found.parent.path() == prefix:
                    if len(self._prefixes) >= _REMEMBERED:
                        self._prefixes.clear()
                    self._prefixes[prefix] = found.parent
            return found
        if not path:
            raise OSError(ENOENT, "empty path")
        if len(path) >= PATH_MAX:
            raise OSError(ENAMETOOLONG, "path too long")
        return self._walk(start, path, pid, follow)[0]

    def known(self, path: bytes, pid: int, follow: int) -> Node | None:
        """What `find` would give for an absolute path, where that is known at once; else None.

        Either nothing can have changed, or it is a file beside one found before. Most calls end
        here, at half of what `find` costs. Errors: EACCES, EIO.
        """
        remembered = self._remembered[follow].get(path)
        if remembered is not None:
            return remembered.node
        if self._arrangement != self.overlay.rearranged:
            return None  # `find` takes note
        prefix, _, name = path.rpartition(b"/")
        directory = self._prefixes.get(prefix)  # as `_prefix`, without the call
        if directory is None or directory.own_mode:
            return None
        node = directory.seen.get(name)
        lower = directory.lower
        if type(node) is File and node.original is None and lower is not None:
            # What `child` does first, without four calls: half of all calls are these.
            try:
                host_fd = lower.opened.get(lower)
                if host_fd is None:
                    host_fd = lower.descriptor()
                found = os.stat(name, dir_fd=host_fd, follow_symlinks=False)
                if (
                    found.st_ctime_ns == node.ctime_ns
                    and found.st_ino == node.inode
                    and found.st_mode == node.mode
                    and found.st_dev == node.device
                ) or node.renew(found):
                    return node
            except OSError:
                pass  # `child` hears it again, and what to make of it
        elif node is None and name not in directory.upper:
            return None  # `find` looks for it, once
        node = self.overlay.child(directory, name, pid)
        return node if isinstance(node, File) else None

    def seen(self, path: bytes) -> File | None:
        """The file of the host that an absolute path led to before, if no link was on the way and
        the layer has not changed it. The host is not asked whether it is still there."""
        prefix, _, name = path.rpartition(b"/")
        directory = self._prefix(prefix)
        if directory is None or directory.own_mode:
            return None
        node = directory.seen.get(name)
        return node if type(node) is File and node.original is None else None

    def _prefix(self, path: bytes) -> Directory | None:
        if self._arrangement != self.overlay.rearranged:
            self._arrangement = self.overlay.rearranged
            self._prefixes.clear()
        return self._prefixes.get(path)

    def forget(self) -> None:
        """The tree was put together otherwise: nothing of what was found holds any more."""
        self._prefixes.clear()
        for remembered in self._remembered:
            remembered.clear()

    def _walk(self, start: Directory, path: bytes, pid: int, follow: int) -> tuple[Found, bool]:
        """Where it ends, and whether only what never changes was met on the way."""
        todo, must_be_directory = _components(path)
        current = start
        links = 0
        steady = True
        child = self.overlay.child
        while todo:
            name = todo.pop()
            if len(name) > NAME_MAX or (current.own_mode and not current.mount.steady):
                self._check(current, name)
            if name in _DOTS:
                current = self._dots(current, name)
                if not todo:
                    return Found(current.parent or current, name, current, True), steady
                continue
            steady = steady and current.mount.steady
            node = child(current, name, pid)
            if isinstance(node, Directory):
                if not todo:
                    return Found(current, name, node, must_be_directory), steady
                current = node
                continue
            if node is None:
                return self._missed(current, name, todo, must_be_directory), steady
            is_end = not todo and (follow == NAME or not (follow or must_be_directory))
            if is_end or not isinstance(node, Link | MagicLink):
                return _end(current, name, node, todo, must_be_directory, follow), steady
            links += 1
            if isinstance(node, Link):
                current, slash = self._enter(current, node, todo, links)
                must_be_directory = must_be_directory or slash
                continue
            steady, followed = False, _followed(node, pid, links)
            if not todo or not isinstance(followed, Directory):
                return _end(current, name, followed, todo, must_be_directory, follow), steady
            current = followed
        return Found(current.parent or current, b"", current, True), steady

    def _enter(
        self, current: Directory, link: Link, todo: list[bytes], links: int
    ) -> tuple[Directory, bool]:
        """Put a link's target before what is to do. Returns where it starts, and whether the whole
        path now asks for a directory. Errors: ELOOP, ENOENT."""
        _count_link(links)
        if not link.target:
            raise OSError(ENOENT, "empty link")
        more, slash = _components(link.target)
        slash = slash and not todo
        todo += more
        return self.root if link.target[:1] == b"/" else current, slash

    def _check(self, directory: Directory, name: bytes) -> None:
        """Search permission, where the layer decides; else the host does, at the lstat below it."""
        if directory.own_mode and not directory.mount.steady:
            if not self.overlay.identity.permits(directory, 1):
                raise OSError(EACCES, "may not be searched")
        if len(name) > NAME_MAX:
            raise OSError(ENAMETOOLONG, "name too long")

    def _dots(self, current: Directory, name: bytes) -> Directory:
        """Take `.` or `..`, for which the host is not asked on the way."""
        if not current.own_mode and not allows(self.overlay.identity, current, 1):
            raise OSError(EACCES, "may not be searched")
        return current if name == b"." else current.parent or current

    def _missed(
        self, directory: Directory, name: bytes, todo: list[bytes], must_be_directory: bool
    ) -> Found:
        """Nothing has this name. Errors: ENOENT where it was not the last one."""
        if len(self.missing) < _MISSING_MAX:
            lower = directory.lower
            if lower is None:
                if directory.fixed:
                    self._note(directory, [name, *reversed(todo)])
            elif not directory.mount.steady and name not in directory.upper:
                if self.overlay.hidden.hides(lower.path, name, directory.mount.open_names):
                    self._note(directory, [name])
        if todo:
            raise OSError(ENOENT, "no such file or directory")
        return Found(directory, name, None, must_be_directory)

    def _note(self, directory: Directory, rest: list[bytes]) -> None:
        base = directory.path()
        path = (b"" if base == b"/" else base) + b"/" + b"/".join(rest)
        if not path.startswith(_NOT_MISSED):
            self.missing[path] = None


def _components(path: bytes) -> tuple[list[bytes], bool]:
    """The components in reverse, and whether the path's end asks for a directory."""
    parts = path.split(b"/")
    must = parts[-1] in (b"", b".", b"..") and len(parts) > 1
    kept = [part for part in parts if part and part != b"."]
    if parts[-1] == b".":
        kept.append(b".")
    kept.reverse()
    return kept, must


def _end(
    parent: Directory, name: bytes, node: Node, todo: list[bytes], directory: bool, follow: int
) -> Found:
    """What is reached is no directory, or came by a magic link. Errors: ENOTDIR."""
    if todo or (directory and follow != NAME and not isinstance(node, Directory)):
        raise OSError(ENOTDIR, "not a directory")
    return Found(parent, name, node, directory)


def _followed(link: MagicLink, pid: int, links: int) -> Node:
    _count_link(links)
    node = link.follow(pid)
    if node is None:
        raise OSError(ENOENT, "leads nowhere")
    return node


def _count_link(links: int) -> None:
    if links > _LINKS_MAX:
        raise OSError(ELOOP, "too many links")
