"""/proc: what the machine says of itself, and of the processes of this run alone.

Files are made when they are opened. What another process of the machine is doing is visible in
the system view only, and never its environment, memory, descriptors, directories or maps.
"""

from __future__ import annotations

import os

from shannot.sandbox.vfs.node import Directory, Generated, MagicLink, Mount, Node

from .proc_process import Process, Stranger, read_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.sandbox.vfs.tree import Tree

    from .task import System

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

_MOUNTS = (
    (b"shannot", b"/", b"overlay", b"rw,relatime"),
    (b"proc", b"/proc", b"proc", b"ro"),
    (b"tmpfs", b"/tmp", b"tmpfs", b"rw,nosuid,nodev"),
    (b"tmpfs", b"/dev/shm", b"tmpfs", b"rw,nosuid,nodev"),
)
"""Source, place, kind, options: what a script of the project view is told."""


class Proc:
    """Makes the nodes of /proc for one run."""

    __slots__ = ("mount", "others", "system")

    def __init__(self, system: System, others: bool) -> None:
        self.system = system
        self.others = others  # the system view: the machine's processes are listed
        self.mount = Mount("ro", b"/proc")

    def install(self, tree: Tree) -> Directory:
        """Mount it, and return its root."""
        root = _Root(self)
        root.fixed = True
        tree.put(b"/proc", root)
        for name in _MACHINE:
            host = b"/proc/" + name
            if os.access(host, os.R_OK):
                tree.put(host, self.generated(lambda _pid, host=host: read_host(host)))  # type: ignore[misc]  # the default binds the loop's value
        tree.put(b"/proc/self", self.link(lambda pid: b"%d" % pid, self.process))
        tree.put(b"/proc/thread-self", self.link(self._thread_path, self._thread))
        tree.put(
            b"/proc/mounts", self.link(lambda _pid: b"self/mounts", lambda _pid: self.mounts())
        )
        return root

    def inode(self) -> int:
        self.system.overlay.scaffolds += 1
        return self.system.overlay.scaffolds

    def generated(self, contents: Callable[[int], bytes], mode: int = 0o444) -> Generated:
        return Generated(self.mount, contents, self.inode(), mode)

    def link(self, read: Callable[[int], bytes], follow: Callable[[int], Node | None]) -> MagicLink:
        return MagicLink(self.mount, self.inode(), read, follow)

    def mounts(self) -> Node:
        """As getmntent(3) reads it."""
        if self.others:
            return self.generated(lambda _opener: read_host(b"/proc/self/mounts"))
        table = b"".join(b"%s %s %s %s 0 0\n" % mount for mount in _MOUNTS)
        return self.generated(lambda _opener: table)

    def mountinfo(self) -> Node:
        """As proc_pid_mountinfo(5) has it."""
        if self.others:
            return self.generated(lambda _opener: read_host(b"/proc/self/mountinfo"))
        table = b"".join(
            b"%d %d 0:%d / %s %s - %s %s %s\n"
            % (20 + n, 20 if n else 1, 20 + n, target, options, kind, source, options)
            for n, (source, target, kind, options) in enumerate(_MOUNTS)
        )
        return self.generated(lambda _opener: table)

    def process(self, pid: int) -> Directory | None:
        """The directory of a process: one of this run, or, in the system view, any."""
        if self.system.is_member(pid):
            try:
                return Process(self, self.system.process(pid), pid)
            except OSError:
                return None
        if self.others and os.path.isdir(b"/proc/%d" % pid):
            return Stranger(self, pid)
        return None

    def _thread_path(self, pid: int) -> bytes:
        return b"%d/task/%d" % (pid, self.system.caller)

    def _thread(self, pid: int) -> Node | None:
        try:
            return Process(self, self.system.process(pid), self.system.caller)
        except OSError:
            return None


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
