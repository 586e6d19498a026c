"""Path walk: from a path and a starting directory to a node, links resolved in the virtual tree."""

from __future__ import annotations

import stat
from errno import EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR

from .node import Directory, Link, MagicLink, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .overlay import Overlay

PATH_MAX = 4096
NAME_MAX = 255
_LINKS_MAX = 40
_MISSING_MAX = 1000
_REMEMBERED = 20_000


class Found:
    """Where a walk ended: `node` is None where the last name does not exist."""

    __slots__ = ("directory", "name", "node", "parent")

    def __init__(
        self, parent: Directory, name: bytes, node: Node | None, directory: bool
    ) -> None:
        self.parent = parent
        self.name = name  # the last component: empty for `/`, `.` and `..` as they are
        self.node = node
        self.directory = directory  # the path ended so that it must be one: `name/`


class Lookup:
    """Walks paths from one root."""

    __slots__ = ("_remembered", "missing", "overlay", "root")

    def __init__(self, root: Directory, overlay: Overlay) -> None:
        self.root = root
        self.overlay = overlay
        self.missing: dict[bytes, None] = {}
        """Paths looked for where nothing is mapped, in order, at most 1000."""
        self._remembered: dict[tuple[bytes, bool], Found] = {}

    def find(self, start: Directory, path: bytes, pid: int, follow: bool = True) -> Found:
        """Walk `path` from `start`. `follow`: the last component too, if it is a link.

        Errors: ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EACCES, as path_resolution(7) has them.
        """
        if path[:1] == b"/":
            known = self._remembered.get((path, follow))
            if known is not None:
                return known
            start = self.root
        elif not path:
            raise OSError(ENOENT, "empty path")
        if len(path) >= PATH_MAX:
            raise OSError(ENAMETOOLONG, "path too long")
        found, steady = self._walk(start, path, pid, follow)
        if steady and path[:1] == b"/" and len(self._remembered) < _REMEMBERED:
            self._remembered[path, follow] = found
        return found

    def _walk(self, start: Directory, path: bytes, pid: int, follow: bool) -> tuple[Found, bool]:
        todo, must_be_directory = _components(path)
        current = start
        links = 0
        steady = True
        child = self.overlay.child
        while todo:
            name = todo.pop()
            if name == b"." or name == b"..":
                if name == b".." and current.parent is not None:
                    current = current.parent
                if not todo:
                    return Found(current.parent or current, name, current, True), steady
                continue
            if len(name) > NAME_MAX:
                raise OSError(ENAMETOOLONG, "name too long")
            self._check_search(current)
            steady = steady and (current.mount.steady or _is_scaffold(current))
            node = child(current, name, pid)
            if node is None:
                if current.lower is None:
                    self._note_missing(current, name, todo)
                    steady = False
                elif not current.mount.steady:
                    self._note_hidden(current, name)
                if todo:
                    raise OSError(ENOENT, "no such file or directory")
                return Found(current, name, None, must_be_directory), steady
            if isinstance(node, Directory):
                if not todo:
                    return Found(current, name, node, must_be_directory), steady
                current = node
                continue
            if isinstance(node, Link | MagicLink) and (todo or follow or must_be_directory):
                links += 1
                if links > _LINKS_MAX:
                    raise OSError(ELOOP, "too many links")
                if isinstance(node, MagicLink):
                    steady = False
                    followed = node.follow(pid)
                    if followed is None:
                        raise OSError(ENOENT, "leads nowhere")
                    if not isinstance(followed, Directory):
                        if todo or must_be_directory:
                            raise OSError(ENOTDIR, "not a directory")
                        return Found(current, name, followed, False), False
                    if not todo:
                        return Found(current, name, followed, must_be_directory), False
                    current = followed
                    continue
                more, ends_in_directory = _components(node.target)
                if not more and node.target[:1] != b"/":
                    raise OSError(ENOENT, "empty link")
                if len(node.target) + sum(map(len, todo)) >= 4 * PATH_MAX:
                    raise OSError(ENAMETOOLONG, "path too long")
                if not todo:
                    must_be_directory = must_be_directory or ends_in_directory
                todo += more
                if node.target[:1] == b"/":
                    current = self.root
                continue
            if todo or must_be_directory:
                raise OSError(ENOTDIR, "not a directory")
            return Found(current, name, node, False), steady
        return Found(current.parent or current, b"", current, True), steady

    def _check_search(self, directory: Directory) -> None:
        if directory.origin is not None and directory.original is None:
            return  # the host's own check holds, at the lstat below it
        if not directory.fixed and not self.overlay.identity.permits(directory, 1):
            raise OSError(EACCES, "may not be searched")

    def _note_missing(self, directory: Directory, name: bytes, todo: list[bytes]) -> None:
        if directory.fixed and len(self.missing) < _MISSING_MAX:
            rest = [name, *reversed(todo)]
            base = directory.path()
            path = (b"" if base == b"/" else base) + b"/" + b"/".join(rest)
            if not path.startswith((b"/proc/", b"/dev/")):
                self.missing[path] = None

    def _note_hidden(self, directory: Directory, name: bytes) -> None:
        lower = directory.lower
        if lower is not None and name not in directory.upper and len(self.missing) < _MISSING_MAX:
            if self.overlay.hidden.hides(lower.path, name, directory.mount.open_names):
                self.missing[directory.path() + b"/" + name] = None


def _components(path: bytes) -> tuple[list[bytes], bool]:
    """The components in reverse, and whether the path's end asks for a directory."""
    parts = path.split(b"/")
    must = parts[-1] in (b"", b".", b"..") and len(parts) > 1
    kept = [part for part in parts if part and part != b"."]
    if parts[-1] == b".":
        kept.append(b".")
    kept.reverse()
    return kept, must


def _is_scaffold(directory: Directory) -> bool:
    """A directory on the way to a mount point: its entries are the mount points, for good."""
    return (
        type(directory) is Directory
        and directory.fixed
        and directory.lower is None
        and directory.mount.mode == "ro"
    )


def is_directory(node: Node | None) -> bool:
    return node is not None and stat.S_ISDIR(node.mode)
