"""/proc/PID: what a process shows of itself, to whom. Made for `proc.py`.

Of a process of the run everything that programs look at; of any other, in the system view, only
what `_OTHERS` names: never its environment, memory, descriptors, directories or maps.
"""

from __future__ import annotations

import os
from errno import ESRCH

from shannot.sandbox.vfs.node import Directory, File, Node

from . import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .proc import Proc
    from .task import System, Task

_OTHERS = b"stat status cmdline comm".split()
_OWN = b"statm cmdline maps smaps smaps_rollup limits io oom_score environ".split()
_OWN += b"oom_score_adj cgroup auxv wchan schedstat sched personality loginuid sessionid".split()
_LINKS = (b"exe", b"cwd", b"root")
_DIRECTORIES = (b"fd", b"fdinfo", b"task")
_ALL = [*_OWN, b"stat", b"status", b"comm", b"mounts", b"mountinfo"]
_READ_MAX = 16 << 20
_SHOWN_COMM = 15  # TASK_COMM_LEN without its NUL


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


class Stranger(Directory):
    """A process of the machine that is not of this run."""

    __slots__ = ("_pid", "_proc")

    def __init__(self, proc: Proc, pid: int) -> None:
        super().__init__(proc.mount, 0o555, pid << 16, 0, 0)
        self._proc = proc
        self._pid = pid

    def lookup(self, name: bytes, _pid: int) -> Node | None:
        if name not in _OTHERS:
            return None
        proc, number = self._proc, self._pid
        return proc.generated(lambda _opener: read_process(proc.system, number, name, False))

    def extra_names(self, _pid: int) -> list[tuple[bytes, int, int]]:
        return [(name, self.inode + 1 + index, 8) for index, name in enumerate(_OTHERS)]


class Process(Directory):
    """A process of this run, or one of its threads."""

    __slots__ = ("_proc", "_task", "_tid")

    def __init__(self, proc: Proc, task: Task, tid: int) -> None:
        identity = task.system.identity
        super().__init__(proc.mount, 0o555, tid << 16, identity.uid, identity.gid)
        self._proc = proc
        self._task = task
        self._tid = tid

    def lookup(self, name: bytes, _pid: int) -> Node | None:
        proc, task = self._proc, self._task
        if name in _OWN:
            return proc.generated(lambda _pid: self._read(name))
        match name:
            case b"status":
                return proc.generated(lambda _pid: self._status())
            case b"stat":
                return proc.generated(lambda _pid: self._stat())
            case b"comm":
                return proc.generated(lambda _pid: self._comm() + b"\n")
            case b"exe":
                return proc.link(lambda _pid: task.executable, self._program)
            case b"cwd":
                return proc.link(lambda _pid: task.cwd.path(), lambda _pid: task.cwd)
            case b"root":
                return proc.link(lambda _pid: b"/", lambda _pid: task.system.lookup.root)
            case b"mounts":
                return proc.mounts()
            case b"mountinfo":
                return proc.mountinfo()
            case b"fd" | b"fdinfo":
                return self._under(_Descriptors(proc, task, name == b"fdinfo"), name)
            case b"task":
                return self._under(_Threads(proc, task), name)
        return None

    def _under(self, node: Directory, name: bytes) -> Directory:
        node.parent = self
        node.name = name
        return node

    def _read(self, name: bytes) -> bytes:
        task = self._task
        if self._tid != task.pid:
            name = b"task/%d/%s" % (self._tid, name)
        return read_process(task.system, task.pid, name, own=True)

    def _program(self, pid: int) -> Node | None:
        lookup = self._task.system.lookup
        try:
            return lookup.find(lookup.root, self._task.executable, pid).node
        except OSError:
            return None

    def _comm(self) -> bytes:
        return shown_comm(self._task, self._read(b"comm").rstrip(b"\n"))

    def _status(self) -> bytes:
        """With the identity that the script has, where root has started the run."""
        identity = self._task.system.identity
        uid, gid = b"\t%d" % identity.uid * 4, b"\t%d" % identity.gid * 4
        groups = b" ".join(b"%d" % group for group in sorted(identity.groups))
        own = {
            b"Name": b"\t" + self._comm(),
            b"Umask": b"\t%04o" % self._task.umask,
            b"Uid": uid,
            b"Gid": gid,
            b"Groups": b"\t%s " % groups,
        }
        lines = []
        for line in self._read(b"status").splitlines():
            name, colon, value = line.partition(b":")
            lines.append(name + colon + own.get(name, value) + b"\n")
        return b"".join(lines)

    def _stat(self) -> bytes:
        """With the process group and session that the script has."""
        line = self._read(b"stat")
        start, end = line.index(b"("), line.rindex(b")")
        fields = line[end + 2 :].split(b" ")
        fields[2] = b"%d" % self._task.group
        fields[3] = b"%d" % self._task.session
        comm = shown_comm(self._task, line[start + 1 : end])
        return line[: start + 1] + comm + b") " + b" ".join(fields)

    def extra_names(self, _pid: int) -> list[tuple[bytes, int, int]]:
        kinds = ((_ALL, 8), (_LINKS, 10), (_DIRECTORIES, 4))
        named = [(name, kind) for names, kind in kinds for name in names]
        return [(name, self.inode + 1 + n, kind) for n, (name, kind) in enumerate(named)]


def shown_comm(task: Task, comm: bytes) -> bytes:
    """The name of a program as if it had been executed by its path, unless it changed its name."""
    shown, *hosts = task.comm or (comm,)
    return shown[:_SHOWN_COMM] if comm in [name[:_SHOWN_COMM] for name in hosts] else comm


class _Threads(Directory):
    """/proc/PID/task."""

    __slots__ = ("_owner", "_proc")

    def __init__(self, proc: Proc, task: Task) -> None:
        super().__init__(proc.mount, 0o555, (task.pid << 16) + 96, 0, 0)
        self._proc = proc
        self._owner = task

    def _numbers(self) -> list[bytes]:
        try:
            return os.listdir(b"/proc/%d/task" % self._owner.pid)
        except OSError:
            return []

    def lookup(self, name: bytes, _pid: int) -> Node | None:
        if name not in self._numbers():
            return None
        node = Process(self._proc, self._owner, int(name))
        node.parent = self
        node.name = name
        return node

    def extra_names(self, _pid: int) -> list[tuple[bytes, int, int]]:
        return [(name, int(name) << 16, 4) for name in self._numbers()]


class _Descriptors(Directory):
    """/proc/PID/fd: links that open the same file again; /proc/PID/fdinfo: offset and flags."""

    __slots__ = ("_info", "_proc", "_task")

    def __init__(self, proc: Proc, task: Task, info: bool) -> None:
        identity = task.system.identity
        super().__init__(proc.mount, 0o500, (task.pid << 16) + 95, identity.uid, identity.gid)
        self._proc = proc
        self._task = task
        self._info = info

    def lookup(self, name: bytes, _pid: int) -> Node | None:
        if not name.isdigit() or len(name) > 9:
            return None
        number = int(name)
        task = self._task
        try:
            found = task.descriptors.stat(number)
        except OSError:
            return None
        if self._info:
            path = b"fdinfo/%d" % number
            system, pid = task.system, task.pid
            return self._proc.generated(lambda _pid: read_process(system, pid, path, True))
        known = self._node(number, found)
        node = known
        if not isinstance(node, Directory) and not (
            isinstance(node, File) and (node.key or node.spool is None)
        ):
            node = files.OpenFile(task, number, found)
        return self._proc.link(lambda _pid: self._shown(number, known), lambda _pid: node)

    def _node(self, number: int, found: os.stat_result) -> Node | None:
        """What is open. A file of a mount that does not change is found by its path."""
        known = self._task.node(number)
        if known is not None:
            return known
        path = self._task.descriptors.describe(number)
        if not path.startswith(b"/") or b"memfd:" in path:
            return None
        lookup = self._task.system.lookup
        try:
            node = lookup.find(lookup.root, path, self._task.pid).node
        except OSError:
            return None
        same = node is not None and (node.device, node.inode) == (found.st_dev, found.st_ino)
        return node if same else None

    def _shown(self, number: int, node: Node | None) -> bytes:
        if node is None:
            shown = self._task.descriptors.describe(number)
            return shown if not shown.startswith(b"/") or b"memfd:" in shown else b"/dev/null"
        path = node.path()
        return path + b" (deleted)" if node.nlink <= 0 else path

    def extra_names(self, _pid: int) -> list[tuple[bytes, int, int]]:
        kind = 8 if self._info else 10
        numbers = self._task.descriptors.numbers()
        return [(b"%d" % number, self.inode + number + 1, kind) for number in numbers]
