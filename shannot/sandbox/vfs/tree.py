"""The tree a script sees: which host directory stands where, and what stands above it."""

from __future__ import annotations

import os
import stat
from errno import ENOENT

from . import synthetic
from .hidden import Hidden
from .host import DescriptorCache, HostDirectory
from .lookup import Lookup
from .node import Device, Directory, File, Link, Mount, Node
from .overlay import Identity, Overlay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec import Map, Spec

_SYSTEM_ROOTS = (b"/usr", b"/bin", b"/sbin", b"/lib", b"/lib64", b"/lib32", b"/libx32")
_SYSTEM_FILES = tuple(
    b"/etc/" + name
    for name in (
        b"ld.so.cache ld.so.conf ld.so.conf.d localtime timezone ssl/certs ssl/cert.pem "
        b"ssl/openssl.cnf pki/tls/certs pki/ca-trust/extracted ca-certificates alternatives "
        b"nsswitch.conf mime.types os-release debian_version locale.alias locale.conf "
        b"python3 python3.11 python3.12 python3.13 magic terminfo inputrc gai.conf host.conf "
        b"protocols services"
    ).split()
)
"""Read-only in the project view: the interpreter's libraries, time zones, certificates, tools."""

_UNFIT = frozenset((b"/", b"/tmp", b"/proc", b"/dev", b"/sys", b"/run", b"/dev/shm"))
"""Never the project: too much lies below, or it is private or synthetic."""

_DEVICES = (b"null", b"zero", b"full", b"random", b"urandom")


class Tree:
    """The overlay, the walk, and the host directories a program may be executed from."""

    __slots__ = ("_cache", "_scaffold", "changeable", "executable", "lookup", "overlay", "root")

    def __init__(self, identity: Identity, hidden: Hidden, spec: Spec) -> None:
        self._cache = DescriptorCache()
        self.overlay = Overlay(identity, hidden, spec.private, spec.limits.files)
        self._scaffold = Mount("ro", None)
        self.changeable: list[Node] = []  # mounted copy-on-write: their changes are effects
        self.executable: list[bytes] = []
        self.root = self._directory(None, b"")
        self.lookup = Lookup(self.root, self.overlay)

    def _directory(self, parent: Directory | None, name: bytes, mode: int = 0o755) -> Directory:
        node = Directory(self._scaffold, mode, self._inode(), 0, 0)
        node.fixed = True
        node.parent = parent
        node.name = name
        return node

    def _inode(self) -> int:
        self.overlay.scaffolds += 1
        return self.overlay.scaffolds

    def parent_of(self, guest: bytes) -> tuple[Directory, bytes]:
        """The directory to mount in, made where it does not exist, and the last name."""
        *above, name = [part for part in guest.split(b"/") if part]
        directory = self.root
        for part in above:
            child = self.overlay.child(directory, part, 0)
            if not isinstance(child, Directory):
                child = self._directory(directory, part)
                directory.upper[part] = child
            child.fixed = True
            directory = child
        return directory, name

    def put(self, guest: bytes, node: Node) -> None:
        """Mount a node at a path of the virtual tree."""
        directory, name = self.parent_of(guest)
        node.parent = directory
        node.name = name
        directory.seen.pop(name, None)
        directory.upper[name] = node

    def map(self, host: bytes, guest: bytes, mount: Mount, foreign: bool = False) -> bool:
        """Mount what the host has at `host`. False where there is nothing that can be mapped."""
        try:
            found = os.lstat(host)
        except OSError:
            return False
        node: Node
        kind = stat.S_IFMT(found.st_mode)
        if kind == stat.S_IFDIR:
            directory = Directory(mount, 0, 0, 0, 0)
            directory.lower = HostDirectory(host, self._cache, None, foreign)
            directory.fixed = True
            node = directory
        elif kind in (stat.S_IFREG, stat.S_IFLNK):
            above, _, name = host.rpartition(b"/")
            origin = HostDirectory(above or b"/", self._cache, None, foreign)
            if kind == stat.S_IFREG:
                node = File(mount, 0, 0, 0, 0)
            else:
                node = Link(mount, os.readlink(host), 0, 0, 0)
            node.origin = (origin, name)
        else:
            return False
        node.adopt(found)
        if mount.device == 0:
            mount.device = found.st_dev
        if guest == b"/":
            self._replace_root(node)
        else:
            self.put(guest, node)
        self.executable.append(host)
        if mount.mode == "cow":
            self.changeable.append(node)
        return True

    def _replace_root(self, node: Node) -> None:
        if isinstance(node, Directory):
            node.upper.update(self.root.upper)
            for child in node.upper.values():
                if child is not None:
                    child.parent = node
            self.root = node
            self.lookup.root = node

    def hide(self, guest: bytes) -> None:
        """Take a path away."""
        directory, name = self.parent_of(guest)
        directory.upper[name] = None
        directory.seen.pop(name, None)

    def private(self, guest: bytes) -> None:
        """An empty writable directory whose contents vanish at the end."""
        try:
            device = os.stat(guest).st_dev
        except OSError:
            device = os.stat(b"/").st_dev
        directory = Directory(Mount("private", None, device=device), 0o1777, self._inode(), 0, 0)
        directory.fixed = True
        self.put(guest, directory)

    def devices(self) -> None:
        mount = Mount("ro", None)
        for name in _DEVICES:
            path = b"/dev/" + name
            self.put(path, Device(mount, path, os.stat(path)))
        for number, name in enumerate((b"stdin", b"stdout", b"stderr")):
            self.put(b"/dev/" + name, Link(mount, b"/proc/self/fd/%d" % number, 0, 0, 0))
        self.put(b"/dev/fd", Link(mount, b"/proc/self/fd", 0, 0, 0))

    def close(self) -> None:
        self.overlay.close()
        self._cache.close()


def build(
    spec: Spec,
    identity: Identity,
    libraries: Sequence[bytes],
) -> Tree:
    """The whole tree of a run. `libraries`: host directories of the interpreter. Errors: OSError."""
    hidden = Hidden(frozenset((spec.state, spec.private)))
    tree = Tree(identity, hidden, spec)
    if spec.view == "system":
        tree.map(b"/", b"/", Mount("cow", b"/"), foreign=True)
        tree.map(b"/sys", b"/sys", Mount("ro", b"/sys"), foreign=True)
    else:
        _map_system(tree, libraries)
        synthetic.accounts(tree.put, identity, spec)
    for guest in (b"/tmp", b"/dev/shm"):
        tree.private(guest)
    tree.devices()
    tree.parent_of(spec.home + b"/x")
    if spec.directory not in _UNFIT and spec.directory != spec.home:
        if not _covered(tree, spec.directory):
            _map_cow(tree, spec.directory)
    if spec.script is not None and not _covered(tree, spec.script):
        _map_cow(tree, spec.script)
    for wanted in spec.maps:
        _map_wanted(tree, wanted)
    return tree


def _map_system(tree: Tree, libraries: Sequence[bytes]) -> None:
    done: set[bytes] = set()
    for host in (*_SYSTEM_ROOTS, *_SYSTEM_FILES, *libraries):
        if host not in done and not any(host.startswith(above + b"/") for above in done):
            done.add(host)
            tree.map(host, host, Mount("ro", host, steady=True))


def _covered(tree: Tree, path: bytes) -> bool:
    """Is this host path in the tree already, where the script may change it?"""
    try:
        found = tree.lookup.find(tree.root, path, 0)
    except OSError as error:
        if error.errno != ENOENT:
            raise
        return False
    return found.node is not None and found.node.mount.mode == "cow"


def _map_cow(tree: Tree, path: bytes) -> None:
    tree.map(path, path, Mount("cow", path))


def _map_wanted(tree: Tree, wanted: Map) -> None:
    if wanted.mode == "hide":
        tree.hide(wanted.guest)
    else:
        mount = Mount(wanted.mode, wanted.host, open_names=wanted.named)
        tree.map(wanted.host, wanted.guest, mount)
