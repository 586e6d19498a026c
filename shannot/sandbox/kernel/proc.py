"""/proc: what the machine says of itself, and of the processes of this run alone.

Files are made when they are opened. What another process of the machine is doing is visible in
the system view only, and never its environment, memory, descriptors, directories or maps.
"""

from __future__ import annotations

import os
from errno import ESRCH

from shannot.sandbox.vfs.node import Directory, File, Generated, MagicLink, Mount, Node

from . import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.sandbox.vfs.tree import Tree

    from .task import System, Task

_MACHINE = (
    b"meminfo cpuinfo loadavg uptime stat version filesystems cmdline devices diskstats partitions "
    b"vmstat swaps net/dev sys/kernel/osrelease sys/kernel/ostype sys/kernel/version "
    b"sys/kernel/hostname sys/kernel/pid_max sys/kernel/threads-max sys/fs/file-max "
    b"sys/vm/overcommit_memory sys/vm/max_map_count sys/kernel/random/uuid "
    b"sys/kernel/random/boot_id sys/kernel/random/entropy_avail sys/kernel/ngroups_max "
    b"sys/kernel/cap_last_cap sys/fs/pipe-max-size sys/kernel/sched_autogroup_enabled "
    b"pressure/cpu pressure/memory pressure/io"
).split()
"""Of the same machine, real."""

_OWN = b"status stat statm cmdline comm maps smaps smaps_rollup limits io oom_score environ".split()
_OWN += b"oom_score_adj cgroup auxv wchan schedstat sched personality loginuid sessionid".split()
_OTHERS = b"stat status cmdline comm".split()
_READ_MAX = 16 << 20


def read_host(path: bytes) -> bytes:
    """What a file of the host's /proc holds now, 16 MiB at most. Errors: open(2)'s."""
    return _read_all(os.open(path, os.O_RDONLY | os.O_CLOEXEC))


def _read_all(host_fd: int) -> bytes:
    try:
        parts = []
        size = 0
        while size < _READ_MAX:
            piece = os.read(host_fd, 1 << 16)
            if not piece:
                break
            parts.append(piece)
            size += len(piece)
        return b"".join(parts)
    finally:
        os.close(host_fd)


def read_process(system: System, pid: int, name: bytes, own: bool) -> bytes:
    """A file of /proc/PID. The directory is held, so that a reused number is not another process.

    `own`: the process must be of this run. Errors: ESRCH, ENOENT if it is gone.
    """
    flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
    directory = os.open(b"/proc/%d" % pid, flags)
    try:
        if own and not system.is_member(pid):
            raise OSError(ESRCH, "no such process")
        host_fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    finally:
        os.close(directory)
    return _read_all(host_fd)


class Proc:
    """Makes the nodes of /proc for one run."""

    __slots__ = ("mount", "others", "system")

    def __init__(self, system: System, others: bool) -> None:
        self.system = system
        self.others = others  # the system view: the machine's processes are listed
        self.mount = Mount("ro", b"/proc")

    def install(self, tree: Tree) -> None:
        root = _Root(self)
        root.fixed = True
        tree.put(b"/proc", root)
        for name in _MACHINE:
            host = b"/proc/" + name
            if os.access(host, os.R_OK):
                tree.put(host, self.generated(lambda _pid, host=host: read_host(host)))  # type: ignore[misc]  # the default binds the loop's value
        for name in (b"self", b"thread-self"):
            tree.put(b"/proc/" + name, self.link(lambda pid: b"%d" % pid, self.process))
        mounts = self.link(lambda _pid: b"self/mounts", self.mounts)
        tree.put(b"/proc/mounts", mounts)

    def inode(self) -> int:
        self.system.overlay.scaffolds += 1
        return self.system.overlay.scaffolds

    def generated(self, contents: Callable[[int], bytes], mode: int = 0o444) -> Generated:
        return Generated(self.mount, contents, self.inode(), mode)

    def link(self, read: Callable[[int], bytes], follow: Callable[[int], Node | None]) -> MagicLink:
        return MagicLink(self.mount, self.inode(), read, follow)

    def mounts(self, _pid: int) -> Node:
        table = b"shannot / overlay rw,relatime 0 0\nproc /proc proc ro 0 0\n"
        table += b"tmpfs /tmp tmpfs rw,nosuid,nodev 0 0\ntmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0\n"
        if self.others:
            table = read_host(b"/proc/self/mounts")
        return self.generated(lambda _opener: table)

    def process(self, pid: int) -> Node | None:
        """The directory of a process: one of this run, or, in the system view, any."""
        if self.system.is_member(pid):
            return _Process(self, pid, own=True)
        if self.others and os.path.isdir(b"/proc/%d" % pid):
            return _Stranger(self, pid)
        return None

    def executable(self, pid: int) -> bytes:
        task = self.system.tasks.get(pid)
        return task.executable if task is not None else self.system.interpreter


class _Root(Directory):
    __slots__ = ("_proc",)

    def __init__(self, proc: Proc) -> None:
        super().__init__(proc.mount, 0o555, proc.inode(), 0, 0)
        self._proc = proc

    def lookup(self, name: bytes, _pid: int) -> Node | None:
        if not name.isdigit() or len(name) > 10:
            return None
        node = self._proc.process(int(name))
        if node is not None:
            node.parent = self
            node.name = name
        return node

    def extra_names(self, _pid: int) -> list[tuple[bytes, int, int]]:
        if self._proc.others:
            numbers = [int(name) for name in os.listdir(b"/proc") if name.isdigit()]
        else:
            numbers = self._proc.system.processes()
        return [(b"%d" % number, number << 16, 4) for number in numbers]


class _Stranger(Directory):
    """A process of the machine that is not of this run."""

    __slots__ = ("_own", "_pid", "_proc")

    def __init__(self, proc: Proc, pid: int, own: bool = False) -> None:
        super().__init__(proc.mount, 0o555, pid << 16, 0, 0)
        self._own = own
        self._proc = proc
        self._pid = pid

    def _names(self) -> list[bytes]:
        return _OTHERS

    def lookup(self, name: bytes, _pid: int) -> Node | None:
        if name not in self._names():
            return None
        system, own = self._proc.system, self._own
        return self._proc.generated(lambda _opener: read_process(system, self._pid, name, own))

    def extra_names(self, _pid: int) -> list[tuple[bytes, int, int]]:
        return [(name, self.inode + 1 + index, 8) for index, name in enumerate(self._names())]


class _Process(_Stranger):
    """A process of this run, which may look at itself and its relatives."""

    __slots__ = ()

    def _names(self) -> list[bytes]:
        return _OWN

    def lookup(self, name: bytes, pid: int) -> Node | None:
        proc = self._proc
        task = proc.system.tasks.get(self._pid)
        if name == b"exe":
            return proc.link(lambda _pid: proc.executable(self._pid), self._program)
        if name == b"cwd" and task is not None:
            return proc.link(lambda _pid: task.cwd.path(), lambda _pid: task.cwd)
        if name == b"root":
            return proc.link(lambda _pid: b"/", lambda _pid: proc.system.lookup.root)
        if name == b"fd" and task is not None:
            return self._under(_Descriptors(proc, task), name)
        if name == b"mounts":
            return proc.mounts(pid)
        if name == b"task":
            return self._under(_Threads(proc, self._pid), name)
        if name == b"comm":
            return proc.generated(lambda _pid: self._comm())
        return super().lookup(name, pid)

    def _under(self, node: Directory, name: bytes) -> Directory:
        node.parent = self
        node.name = name
        return node

    def _program(self, pid: int) -> Node | None:
        path = self._proc.executable(self._pid)
        lookup = self._proc.system.lookup
        try:
            return lookup.find(lookup.root, path, pid).node
        except OSError:
            return None

    def _comm(self) -> bytes:
        return read_process(self._proc.system, self._pid, b"comm", own=True)

    def extra_names(self, pid: int) -> list[tuple[bytes, int, int]]:
        listed = super().extra_names(pid)
        listed += [(name, self.inode + 90, 10) for name in (b"exe", b"cwd", b"root")]
        return [*listed, (b"fd", self.inode + 95, 4), (b"task", self.inode + 96, 4)]


class _Threads(Directory):
    """/proc/PID/task: each thread shows its process."""

    __slots__ = ("_owner", "_proc")

    def __init__(self, proc: Proc, pid: int) -> None:
        super().__init__(proc.mount, 0o555, (pid << 16) + 96, 0, 0)
        self._proc = proc
        self._owner = pid

    def _numbers(self) -> list[bytes]:
        try:
            return os.listdir(b"/proc/%d/task" % self._owner)
        except OSError:
            return []

    def lookup(self, name: bytes, _pid: int) -> Node | None:
        if name not in self._numbers():
            return None
        node = _Process(self._proc, self._owner, own=True)
        node.parent = self
        node.name = name
        return node

    def extra_names(self, _pid: int) -> list[tuple[bytes, int, int]]:
        return [(name, int(name) << 16, 4) for name in self._numbers()]


class _Descriptors(Directory):
    """/proc/PID/fd: links that open the same file again."""

    __slots__ = ("_proc", "_task")

    def __init__(self, proc: Proc, task: Task) -> None:
        super().__init__(proc.mount, 0o500, (task.pid << 16) + 95, 0, 0)
        self._proc = proc
        self._task = task
        self.uid = task.system.identity.uid
        self.gid = task.system.identity.gid

    def lookup(self, name: bytes, _pid: int) -> Node | None:
        if not name.isdigit() or len(name) > 9:
            return None
        number = int(name)
        task = self._task
        try:
            found = task.descriptors.stat(number)
        except OSError:
            return None
        node = task.node(number)
        if not isinstance(node, Directory) and not (
            isinstance(node, File) and (node.key or node.spool is None)
        ):
            node = files.OpenFile(task, number, found)
        return self._proc.link(lambda _pid: self._shown(number), lambda _pid: node)

    def _shown(self, number: int) -> bytes:
        node = self._task.node(number)
        if node is None:
            shown = self._task.descriptors.describe(number)
            return shown if not shown.startswith(b"/") or b"memfd:" in shown else b"/dev/null"
        path = node.path()
        return path + b" (deleted)" if node.nlink <= 0 else path

    def extra_names(self, _pid: int) -> list[tuple[bytes, int, int]]:
        numbers = self._task.descriptors.numbers()
        return [(b"%d" % number, self.inode + number + 1, 10) for number in numbers]
