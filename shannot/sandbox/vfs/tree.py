"""The tree a script sees: which host directory stands where, and what stands above it."""

from __future__ import annotations

import os
import stat
from errno import ENOENT

from . import synthetic
from .devices import host_devices
from .hidden import Hidden, process_mounts
from .host import DescriptorCache, HostDirectory
from .late import LateDirectory
from .lookup import Lookup
from .node import Device, Directory, File, Link, Mount, Node
from .overlay import Overlay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shannot.sandbox.spec import Map, Spec

    from .rights import Identity

_SYSTEM_ROOTS = (b"/usr", b"/bin", b"/sbin", b"/lib", b"/lib64", b"/lib32", b"/libx32")
_SYSTEM_FILES = tuple(
    b"/etc/" + name
    for name in (
        b"ld.so.cache ld.so.conf ld.so.conf.d localtime timezone ssl/certs ssl/cert.pem "
        b"ssl/openssl.cnf pki/tls/certs pki/ca-trust/extracted ca-certificates alternatives "
        b"nsswitch.conf mime.types os-release debian_version locale.alias locale.conf "
        b"python3 python3.11 python3.12 python3.13 magic terminfo inputrc gai.conf host.conf "
        b"protocols services perl crypto-policies java java-openjdk java-8-openjdk "
        b"java-11-openjdk java-17-openjdk java-21-openjdk java-25-openjdk"
    ).split()
)
"""Read-only in the project view: the interpreter's libraries, time zones, certificates, tools."""

_UNFIT = frozenset((b"/", b"/tmp", b"/proc", b"/dev", b"/sys", b"/run", b"/dev/shm"))
"""Never the project: too much lies below, or it is private or synthetic."""


class Tree:
    """The overlay, the walk, and the host directories a program may be executed from."""

    __slots__ = ("_cache", "_scaffold", "changeable", "executable", "lookup", "overlay", "root")

    def __init__(self, identity: Identity, hidden: Hidden, spec: Spec) -> None:
        self._cache = DescriptorCache()
        limits = spec.limits
        self.overlay = Overlay(identity, hidden, spec.private, limits.files, limits.overlay)
        self._scaffold = Mount("ro", None, steady=True)
        self.changeable: list[Node] = []  # mounted copy-on-write: their changes are effects
        self.executable: list[bytes] = []
        self.root = self._directory(None, b"")
        self.lookup = Lookup(self.root, self.overlay)

    def _directory(self, parent: Directory | None, name: bytes) -> Directory:
        """One on the way to a mount point, described as the host's is, if it has one."""
        node = Directory(self._scaffold, 0o755, self._inode(), 0, 0)
        node.fixed = True
        node.parent = parent
        node.name = name
        if parent is not None and parent.mount.mode == "private":
            node.mount = parent.mount
            node.uid, node.gid = self.overlay.identity.uid, self.overlay.identity.gid
        try:
            found = os.lstat(node.path())
        except OSError:
            return node
        if stat.S_ISDIR(found.st_mode):
            inode = node.inode
            node.adopt(found)
            node.inode, node.nlink = inode, 2
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
            if isinstance(child, Link):
                child = self._leads_to(directory, part)
            if not isinstance(child, Directory):
                child = self._directory(directory, part)
                directory.upper[part] = child
            child.fixed = True
            directory = child
        return directory, name

    def _leads_to(self, directory: Directory, name: bytes) -> Node | None:
        try:
            return self.lookup.find(directory, name, 0).node
        except OSError:
            return None

    def put(self, guest: bytes, node: Node) -> None:
        """Mount a node at a path of the virtual tree."""
        directory, name = self.parent_of(guest)
        node.parent = directory
        node.name = name
        directory.seen.pop(name, None)
        directory.upper[name] = node
        self.lookup.forget()

    def put_late(self, guest: bytes, make: Callable[[], Directory]) -> None:
        """Mount a directory that is made at the first look; `make` puts it there itself."""
        mount = Mount("ro", None)  # what is found in it may be another thing the next time
        node = LateDirectory(mount, 0o555, self._inode(), self.overlay, make)
        self.put(guest, node)

    def map(self, host: bytes, guest: bytes, mount: Mount, foreign: bool = False) -> bool:
        """Mount what the host has at `host`. False where there is nothing that can be mapped.

        `foreign`: root, too, reads other users' files only where everybody may.
        """
        try:
            found = os.lstat(host)
            node = self._mounted(host, found, mount, foreign)
        except OSError:
            return False
        if node is None:
            return False
        node.adopt(found)
        node.own_mode = False
        if mount.device == 0:
            mount.device = found.st_dev
        if guest == b"/":
            self._replace_root(node)
        else:
            self.put(guest, node)
        if found.st_mode & 0o111:  # a directory that nobody may enter leads to nothing either
            self.executable.append(host)
        if mount.mode == "cow":
            self.changeable.append(node)
        return True

    def _mounted(
        self, host: bytes, found: os.stat_result, mount: Mount, foreign: bool
    ) -> Node | None:
        """The node of a directory, a file or a link of the host; None for anything else."""
        if stat.S_ISDIR(found.st_mode):
            directory = Directory(mount, 0, 0, 0, 0)
            directory.lower = HostDirectory(host, self._cache, None, foreign)
            directory.fixed = True
            return directory
        node: Node
        if stat.S_ISREG(found.st_mode):
            node = File(mount, 0, 0, 0, 0)
        elif stat.S_ISLNK(found.st_mode):
            node = Link(mount, os.readlink(host), 0, 0, 0)
        else:
            return None
        above, _, name = host.rpartition(b"/")
        node.origin = (HostDirectory(above or b"/", self._cache, None, foreign), name)
        return node

    def _replace_root(self, node: Node) -> None:
        if isinstance(node, Directory):
            node.upper.update(self.root.upper)
            for child in node.upper.values():
                if child is not None:
                    child.parent = node
            self.root = node
            self.lookup.root = node
            self.lookup.forget()

    def hide(self, guest: bytes) -> None:
        """Take a path away: what is mounted there, and what the host has."""
        directory, name = self.parent_of(guest)
        if directory.lower is not None:
            self.overlay.hidden.hide(directory.lower.path.rstrip(b"/") + b"/" + name)
        directory.upper.pop(name, None)
        directory.seen.pop(name, None)
        self.lookup.forget()

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
        for path, found in host_devices():
            self.put(path, Device(mount, path, found))
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
    """The whole tree of a run. `libraries`: host directories of the interpreter.

    Errors: OSError.
    """
    own = (spec.state, spec.private, *spec.hidden)
    hidden = Hidden(frozenset((*own, *map(os.path.realpath, own), *process_mounts())))
    tree = Tree(identity, hidden, spec)
    system = spec.view == "system"
    if system:
        foreign = identity.uid == 0
        tree.map(b"/", b"/", Mount("cow", b"/"), foreign)
        tree.map(b"/sys", b"/sys", Mount("ro", b"/sys"), foreign)
    for guest in (b"/tmp", b"/dev/shm"):
        tree.private(guest)
    # after /tmp: the interpreter may lie below it
    if system:
        hidden_by_ours = [path for path in libraries if path.startswith((b"/tmp/", b"/dev/shm/"))]
        _map_system(tree, hidden_by_ours)
    else:
        _map_system(tree, (*_SYSTEM_ROOTS, *_SYSTEM_FILES, *libraries))
        synthetic.accounts(tree.put, identity, spec)
    tree.devices()
    tree.parent_of(spec.home + b"/x")
    directory = spec.directory
    if is_project(directory, spec.home) and not hidden.hides_path(directory):
        if not _covered(tree, directory):
            _map_cow(tree, directory)
    if spec.script is not None and not _covered(tree, spec.script):
        _map_cow(tree, spec.script)
    for wanted in spec.maps:
        _map_wanted(tree, wanted)
    tree.lookup.forget()
    return tree


def is_project(directory: bytes, home: bytes) -> bool:
    """Does the script see the directory that it starts in, with everything below?

    Not `/`, the home directory and what holds it (too much to show without being asked), nor what
    is private or synthetic inside.
    """
    real = os.path.realpath(home)
    return directory not in _UNFIT and not (real + b"/").startswith(directory + b"/")


def _map_system(tree: Tree, paths: Sequence[bytes]) -> None:
    done: set[bytes] = set()
    for host in paths:
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
    """A map shows what it names, links resolved, unless that is hidden.

    What the user's own configuration names shows even so, and then with all its names; a
    directory that is not hidden itself opens nothing below it.
    """
    if wanted.mode == "hide":
        tree.hide(wanted.guest)
        return
    host = os.path.realpath(wanted.host)
    hidden = tree.overlay.hidden.hides_path(host)
    if not hidden or wanted.named:
        tree.map(host, wanted.guest, Mount(wanted.mode, host, open_names=hidden))
