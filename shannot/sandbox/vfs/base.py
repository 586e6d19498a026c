"""The tree as the effects so far leave it: the side that the layer is compared with (`changes.py`).

Before the first effect that is the host, read where it is asked for. Each effect is applied here
the moment it is made (`expression.py`), so that what the next one finds, and says it found, is
right by construction.
"""

from __future__ import annotations

import stat
from errno import EINVAL, ENOENT, ENOTDIR

from .node import Directory, File, Link, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .hidden import Hidden
    from .host import HostDirectory

    Place = tuple["Base", bytes]  # a directory, and a name in it


class UnplannedError(Exception):
    """A change that no effect can express. The message says why, after the path."""


class Base:
    """One thing as it was. A file of several names is one object at several places."""

    __slots__ = (
        "children", "differs", "gid", "links", "lower", "mode", "mtime_ns", "node", "open_names",
        "origin", "places", "sha256", "size", "target", "uid",
    )  # fmt: skip

    def __init__(self, mode: int, uid: int, gid: int, mtime_ns: int | None) -> None:
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.mtime_ns = mtime_ns  # None: whenever the effect will be done
        self.links = 1  # names in all, known or not
        self.places: list[Place] = []  # the known ones: where it stands now
        self.node: Node | None = None  # the layer's node that it is
        self.origin: tuple[HostDirectory, bytes] | None = None  # where the host has its contents
        self.size = 0
        self.sha256 = ""  # of a file's contents, once known
        self.target = b""
        self.lower: HostDirectory | None = None  # of a directory that the host has, too
        self.open_names = False
        self.children: dict[bytes, Base | None] = {}  # as far as they were asked for
        self.differs: set[bytes] = set()  # names that are not as in `lower`

    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.mode)

    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)

    def is_kind_of(self, node: Node) -> bool:
        return stat.S_IFMT(self.mode) == stat.S_IFMT(node.mode)

    def is_within(self, directory: Base) -> bool:
        """Does it stand somewhere below this directory, or is it that?"""
        base = self
        while base is not directory:
            if not base.places:
                return False
            base = base.places[0][0]
        return True


class Bases:
    """The tree of `Base`. Errors of the host while reading it are OSError."""

    __slots__ = ("_by_lower", "_covered", "_hidden", "_linked", "_of_node", "_roots")

    def __init__(self, hidden: Hidden, covered: Mapping[bytes, Mapping[bytes, int]]) -> None:
        self._hidden = hidden
        self._covered = covered  # as `Layer.covered`
        self._roots: dict[Base, bytes] = {}
        self._by_lower: dict[bytes, Base] = {}
        self._of_node: dict[Node, Base] = {}
        self._linked: dict[tuple[int, int], Base] = {}  # files of several names on the host

    # -- reading ---------------------------------------------------------------------------------

    def anchor(self, mounted: Node) -> tuple[Base, bytes]:
        """A directory that holds nothing but what a mount changes, and the name of that in it."""
        above, name = Base(stat.S_IFDIR | 0o755, 0, 0, None), b""
        if isinstance(mounted, Directory) and mounted.lower is not None:
            path, _, name = mounted.lower.path.rpartition(b"/")
            found = mounted.original or mounted.lower.stat()
            base = Base(found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns)
            base.lower = mounted.lower
            base.open_names = mounted.mount.open_names
            base.places.append((above, name))
            above.children[name] = base
            self.bind(base, mounted)
            self._by_lower[base.lower.path] = base
            self._roots[above] = path
            if not name:
                self._roots[base] = path  # the host's own root
        elif mounted.origin is not None:
            lower, name = mounted.origin
            above.open_names = True  # the mount names it
            file = above.children[name] = self._of_host(above, lower, name)
            if file is not None:
                file.places.append((above, name))
            self._roots[above] = lower.path.rstrip(b"/")
        return above, name

    def child(self, directory: Base, name: bytes) -> Base | None:
        children = directory.children
        if name in children:
            return children[name]
        if directory.lower is None:
            return None
        base = children[name] = self._of_host(directory, directory.lower, name)
        if base is not None:
            base.places.append((directory, name))
        return base

    def _of_host(self, directory: Base, lower: HostDirectory, name: bytes) -> Base | None:
        """What the host has; None where it has nothing, or nothing that shows."""
        try:
            found = lower.lstat(name)
        except OSError as error:
            if error.errno in (ENOENT, ENOTDIR):
                return None
            raise
        if self._hidden.hides(lower.path, name, directory.open_names):
            return None
        identity = (found.st_dev, found.st_ino)
        if identity in self._linked:
            return self._linked[identity]
        base = Base(found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns)
        base.size = found.st_size
        base.origin = (lower, name)
        if base.is_directory():
            base.lower = lower.child_of(name, found)
            base.open_names = directory.open_names
            self._by_lower[base.lower.path] = base
            return base
        if stat.S_ISLNK(found.st_mode):
            base.target = lower.read_link(name)
        base.links = found.st_nlink
        if found.st_nlink > 1:
            self._linked[identity] = base
        return base

    def names(self, directory: Base) -> Iterator[bytes]:
        if directory.lower is not None:
            for name, _, _ in self._listed(directory.lower):
                if name in directory.differs:
                    continue
                if not self._hidden.hides(directory.lower.path, name, directory.open_names):
                    yield name
        for name in directory.differs:
            if directory.children[name] is not None:
                yield name

    def unshown(self, directory: Base) -> Iterator[tuple[bytes, int]]:
        """What the host has in it but no script sees, as (name, st_mode)."""
        if directory.lower is None:
            return
        shown = {name for name, _, _ in self._listed(directory.lower)}
        for name, mode in directory.lower.kinds():
            if name in directory.differs:
                continue
            hidden = self._hidden.hides(directory.lower.path, name, directory.open_names)
            if hidden or name not in shown:
                yield name, mode

    def _listed(self, lower: HostDirectory) -> list[tuple[bytes, int, int]]:
        try:
            return lower.entries()
        except OSError as error:
            if error.errno in (ENOENT, ENOTDIR):
                return []  # somebody else removed it
            raise

    def seen(self, place: Place, base: Base) -> int | None:
        """S_IFMT of what the script saw where this stands: 0 for nothing, None if it did not look,
        or changed nothing there."""
        directory, name = place
        if directory.lower is None or name in directory.differs:
            return stat.S_IFMT(base.mode)  # an effect put it there, or a mount
        return self._covered.get(directory.lower.path, {}).get(name)

    def all_seen(self, directory: Base) -> bool:
        """Did the script see all that is known to be below, and see it go?"""
        waiting = [directory]
        while waiting:
            above = waiting.pop()
            for name, child in above.children.items():
                if child is not None:
                    if self.seen((above, name), child) != stat.S_IFMT(child.mode):
                        return False
                    if child.is_directory():
                        waiting.append(child)
        return True

    def find(self, node: Node) -> Base | None:
        """What a node of the layer was, wherever that stands; None if nothing."""
        known = self._of_node.get(node)
        if known is not None:
            return known if known.places else None
        if node.origin is None:
            return None
        lower, name = node.origin
        above: HostDirectory | None = lower
        names = [name]
        while above is not None and above.path not in self._by_lower:
            names.append(above.name)
            above = above.parent
        base = self._by_lower[above.path] if above is not None else None
        while names and base is not None:
            base = self.child(base, names.pop())
        if base is not None and is_same(base, node):
            return base
        linked = self._linked.get((node.device, node.inode))
        return linked if linked is not None and linked.node is None and linked.places else None

    def bind(self, base: Base, node: Node) -> None:
        """They are the same thing."""
        if base.node is not node:
            if base.node is not None:
                self._of_node.pop(base.node, None)
            base.node = node
            self._of_node[node] = base

    def path(self, directory: Base, name: bytes) -> bytes:
        """Where on the host it will be at this point of the plan."""
        parts = [name]
        while directory not in self._roots:
            directory, above = directory.places[0]
            parts.append(above)
        parts.append(self._roots[directory])
        return b"/".join(reversed(parts))

    # -- changing --------------------------------------------------------------------------------

    def put(self, directory: Base, name: bytes, base: Base) -> None:
        """It stands there from now on, instead of whatever did."""
        self.take(directory, name)
        directory.children[name] = base
        base.places.append((directory, name))

    def take(self, directory: Base, name: bytes) -> Base | None:
        """Nothing stands there any more. What did is returned, with everything still below it."""
        base = self.child(directory, name)
        if base is not None:
            base.places.remove((directory, name))
        directory.children[name] = None
        directory.differs.add(name)
        return base

    def delete(self, directory: Base, name: bytes) -> None:
        """As `take`, for good: what is below it goes too."""
        todo = [self.take(directory, name)]
        while todo:
            base = todo.pop()
            if base is None:
                continue
            base.links -= 1
            if not base.places and base.node is not None:
                self._of_node.pop(base.node, None)
            if base.lower is not None:
                self._by_lower.pop(base.lower.path, None)
            for below, child in base.children.items():
                if child is not None:
                    child.places.remove((base, below))
                    todo.append(child)


def is_same(base: Base, node: Node) -> bool:
    """Is this what the layer's node was?"""
    if base.node is not None:
        return base.node is node
    if base.origin is None or node.origin is None or not base.is_kind_of(node):
        return False
    return base.origin[1] == node.origin[1] and base.origin[0].path == node.origin[0].path


def made(node: Node, uid: int, gid: int) -> Base:
    """What an effect makes of a node, owned by these."""
    base = Base(node.mode, uid, gid, None)
    if isinstance(node, Link):
        base.target = node.target
    elif not isinstance(node, File | Directory):
        raise OSError(EINVAL, "neither a file, a directory nor a link")
    return base
