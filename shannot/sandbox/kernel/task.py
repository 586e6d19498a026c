"""Tasks: what one process of the child owns in the virtual system, and the system itself."""

from __future__ import annotations

from errno import ENAMETOOLONG, ENOENT, ENOTDIR, ESRCH

from shannot.sandbox.vfs.lookup import NAME, NAME_MAX, PATH_MAX
from shannot.sandbox.vfs.node import Directory, File, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from shannot.sandbox.channel.base import Descriptors, Memory
    from shannot.sandbox.spec import Gate, Limits
    from shannot.sandbox.vfs.lookup import Found, Lookup
    from shannot.sandbox.vfs.overlay import Overlay
    from shannot.sandbox.vfs.rights import Identity

    from .children import Children

AT_FDCWD = -100
_REFUSALS_MAX = 1000


class System:
    """What all tasks of one run share."""

    __slots__ = (
        "affinity_is_set", "caller", "calls_refused", "children", "directories", "everybody",
        "forget_waits", "gate", "identity", "interpreter", "is_member", "limits", "locks_records",
        "lookup", "not_started", "overlay", "pack_stat", "process", "processes", "processors",
        "replace", "settle", "sockets_refused", "stdin_key", "tasks", "terminals", "unpin",
    )  # fmt: skip

    def __init__(
        self, identity: Identity, overlay: Overlay, lookup: Lookup, limits: Limits, gate: Gate
    ) -> None:
        self.identity = identity
        self.overlay = overlay
        self.lookup = lookup
        self.limits = limits
        self.gate = gate
        self.pack_stat: Callable[[tuple[int, ...]], bytes] | None = None
        """Makes the struct that the channel writes; kept in nodes that nothing can change."""
        self.caller = 0  # the thread whose call is being answered
        self.interpreter = b""  # the runtime's own, as a path of the virtual tree
        self.sockets_refused: dict[str, int] = {}
        self.stdin_key = (0, 0)  # (st_dev, st_ino) of the script's own stdin, which is the caller's
        self.calls_refused: dict[str, int] = {}
        self.not_started: dict[bytes, str] = {}
        """Commands that the kernel kept from being decided about: why. At most 20."""
        self.children: Children | None = None  # commands of a script that cannot fork
        self.directories: dict[tuple[int, int], Directory] = {}
        """(st_dev, st_ino) of the memfd that stands for an open directory: the directory."""
        self.is_member: Callable[[int], bool] = lambda _pid: False
        self.processes: Callable[[], list[int]] = list
        self.everybody: Callable[[], list[int]] | None = None
        """Every process of the run, where `processes` are not all that share its layer."""
        self.processors: frozenset[int] = frozenset((0,))  # those the script may use
        self.affinity_is_set = False  # by the script: then the kernel knows best
        self.forget_waits: Callable[[], None] = lambda: None
        """Called before an end of a FIFO is opened (`waits.py`)."""
        self.locks_records = False  # it has asked for a record lock, which the kernel keeps
        self.unpin: Callable[[], None] = lambda: None
        self.process: Callable[[int], Task] = _nobody  # of this run, by its number
        self.replace: Callable[[Task, File, tuple[int, int]], None] = lambda *_ignored: None
        """Lets the caller's descriptors of a host file show what the layer has of it now."""
        self.settle: Callable[[Task], None] = lambda _task: None
        """Called before a process changes what its children inherit (`family.py`)."""
        self.tasks: dict[int, Task] = {}
        """By process id: those that have called. Some may have ended since."""
        self.terminals: frozenset[tuple[int, int]] = frozenset()
        """(st_dev, st_ino) of the pipes that stand for a terminal of the caller."""

    def opened(self, found: os.stat_result) -> Node | None:
        """The node whose open file this is the status of; None for a pipe and the like."""
        key = (found.st_dev, found.st_ino)
        return self.directories.get(key) or self.overlay.opened.get(key)

    def refuse_socket(self, what: str) -> None:
        """Count a refused socket call, for the summary."""
        if len(self.sockets_refused) < _REFUSALS_MAX or what in self.sockets_refused:
            self.sockets_refused[what] = self.sockets_refused.get(what, 0) + 1

    def refuse_call(self, what: str) -> None:
        """Count a call that is in no row, for the summary."""
        if len(self.calls_refused) < _REFUSALS_MAX or what in self.calls_refused:
            self.calls_refused[what] = self.calls_refused.get(what, 0) + 1


class Task:
    """One process: its directory, its umask, what it runs."""

    __slots__ = (
        "comm", "cwd", "descriptors", "executable", "forks", "group", "lends_memory", "memory",
        "parent_pid", "pending", "pid", "session", "shares_memory", "system", "umask",
    )  # fmt: skip

    def __init__(
        self,
        system: System,
        pid: int,
        parent_pid: int,
        cwd: Directory,
        umask: int,
        memory: Memory,
        descriptors: Descriptors,
    ) -> None:
        self.system = system
        self.pid = pid
        self.parent_pid = parent_pid
        self.cwd = cwd
        self.umask = umask
        self.memory = memory
        self.descriptors = descriptors
        self.group = self.session = pid  # virtual: on the host all share one
        self.executable = b""  # path in the virtual tree
        self.comm: tuple[bytes, ...] = ()  # its name; then the names it may have on the host
        self.forks = 0  # children that have not called yet, at most
        self.lends_memory = False  # it has started a child that shares its memory
        self.shares_memory = False  # with its parent, until it executes a program
        self.pending: object = None  # an exec under way (`processes.py`)

    def start(self, dirfd: int, path: bytes) -> Directory:
        """The directory that a path is relative to. Errors: ENOENT if empty, EBADF, ENOTDIR."""
        if path[:1] == b"/":
            return self.system.lookup.root
        if not path:
            raise OSError(ENOENT, "empty path")
        return self.cwd if dirfd == AT_FDCWD else self.directory(dirfd)

    def find(self, dirfd: int, path: bytes, follow: int = True) -> Found:
        """Walk a path as the *at calls do; `follow` as in `Lookup.find`.

        Errors: path_resolution(7)'s, EBADF.
        """
        return self.system.lookup.find(self.start(dirfd, path), path, self.pid, follow)

    def find_named(self, dirfd: int, path: bytes) -> Found | None:
        """As `find` with NAME; None where the last name alone is too long, which Linux notices
        after all that it has against the rest."""
        try:
            return self.find(dirfd, path, NAME)
        except OSError as error:
            last = path.rstrip(b"/").rpartition(b"/")[2]
            if error.errno == ENAMETOOLONG and len(last) > NAME_MAX and len(path) < PATH_MAX:
                return None
            raise

    def existing(self, dirfd: int, path: bytes, follow: bool = True) -> Node:
        """As `find`, but the last name must exist: ENOENT."""
        if path[:1] == b"/":
            known = self.system.lookup.known(path, self.pid, follow)
            if known is not None:
                return known
        node = self.find(dirfd, path, follow).node
        if node is None:
            raise OSError(ENOENT, "no such file or directory")
        return node

    def directory(self, number: int) -> Directory:
        """The directory that a descriptor is open on. Errors: EBADF, ENOTDIR."""
        found = self.descriptors.stat(number)
        directory = self.system.directories.get((found.st_dev, found.st_ino))
        if directory is None:
            raise OSError(ENOTDIR, "not a directory")
        return directory

    def node(self, number: int) -> Node | None:
        """The node that a descriptor is open on; None for a pipe and the like. Errors: EBADF."""
        return self.system.opened(self.descriptors.stat(number))


def _nobody(_pid: int) -> Task:
    raise OSError(ESRCH, "no such process")
