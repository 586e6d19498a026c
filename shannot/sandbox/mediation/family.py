"""Family: the processes of one run, and what each took over from its parent.

Theory of operation. A fork is seen when it is asked for, the new process at its first call, which
may be long after and out of order. What it inherits (directory, umask, group, session) is what its
parent had at the fork. So before a parent changes any of these, `settle` introduces the children
that it has made so far; whoever is introduced later takes what the parent has by then, which is
what it had at the fork. A child whose parent has ended by then has been handed to another process
of the machine: it belongs to a parent that ended with a fork open.

A process is known by its number as long as its pidfd finds it: numbers are reused.
"""

from __future__ import annotations

import os
import select
from errno import EPERM, ESRCH

from shannot.sandbox.channel.kernel_calls import pidfd_send_signal, same_memory
from shannot.sandbox.channel.seccomp_notify import ProcessDescriptors, ProcessMemory
from shannot.sandbox.kernel.task import Task

from . import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.kernel.task import System
    from shannot.sandbox.vfs.node import Directory

_KEPT = 64
"""Processes that have ended are forgotten when more than this many are known."""


class Family:
    """The processes of one run."""

    __slots__ = ("_group", "_pidfds", "_system")

    def __init__(self, system: System, group: int) -> None:
        self._system = system
        self._group = group  # everybody of the run is in this process group of the host
        self._pidfds: dict[int, int] = {}
        system.settle = self.settle
        system.process = self.process
        system.is_member = self.is_member
        system.processes = self.processes

    def add(self, pid: int, cwd: Directory, umask: int) -> Task:
        """The first process."""
        return self._make(pid, 0, cwd, umask)

    def of_thread(self, tid: int) -> Task:
        """The process that a thread belongs to. Errors: ESRCH, EPERM."""
        pid, parent_pid = _identify(tid)
        return self._known(pid) or self._born(pid, parent_pid)

    def process(self, pid: int) -> Task:
        """A process of this run, though it may not have called yet. Errors: ESRCH."""
        known = self._known(pid)
        if known is not None:
            return known
        if not self.is_member(pid):
            raise OSError(ESRCH, "no such process")
        found, parent_pid = _identify(pid)
        if found != pid:
            raise OSError(ESRCH, "a thread")
        return self._born(pid, parent_pid)

    def settle(self, task: Task) -> None:
        """Introduce the children that this process has made so far."""
        for pid in _children(task.pid):
            if pid not in self._pidfds or self._known(pid) is None:
                try:
                    self._born(pid, task.pid)
                except OSError:
                    continue  # gone again
        task.forks = 0

    def forget_ended(self) -> None:
        """Let go of processes that have ended, if there are many."""
        if len(self._pidfds) > _KEPT:
            ended = [pid for pid in self._pidfds if not _is_alive(self._pidfds[pid])]
            for pid in ended[:-_KEPT]:  # a fork may have failed: no end of them is kept for that
                self._release(pid)
            for pid in ended[-_KEPT:]:
                if not self._system.tasks[pid].forks:
                    self._release(pid)

    def close(self) -> None:
        """Let go of all of them: nobody calls any more."""
        for pid in list(self._pidfds):
            self._release(pid)

    def is_member(self, pid: int) -> bool:
        """Is this process of the run?"""
        try:
            return os.getpgid(pid) == self._group
        except OSError:
            return False

    def processes(self) -> list[int]:
        """Every process of the run that is alive, or not yet waited for."""
        numbers = (int(name) for name in os.listdir(b"/proc") if name.isdigit())
        return [pid for pid in numbers if self.is_member(pid)]

    def count(self) -> int:
        """Threads of all processes."""
        return sum(len(procfs.threads(pid)) for pid in self.processes())

    def _known(self, pid: int) -> Task | None:
        pidfd = self._pidfds.get(pid)
        if pidfd is None:
            return None
        if _is_alive(pidfd):
            return self._system.tasks[pid]
        return None

    def _born(self, pid: int, parent_pid: int) -> Task:
        parent = self._known(parent_pid) or self._ended_with_fork()
        if parent is None:
            raise OSError(EPERM, "a process of unknown descent")
        self._release(pid)
        task = self._make(pid, parent.pid, parent.cwd, parent.umask)
        task.group, task.session = parent.group, parent.session
        task.executable = parent.executable
        task.shares_memory = parent.lends_memory and same_memory(parent.pid, pid)
        if parent.forks:
            parent.forks -= 1
        return task

    def _ended_with_fork(self) -> Task | None:
        """Whose child may have been handed to another: the last that ended with a fork open."""
        tasks = [task for task in self._system.tasks.values() if task.forks]
        ended = [task for task in tasks if _has_ended(self._pidfds[task.pid])]
        return ended[-1] if ended else None

    def _make(self, pid: int, parent_pid: int, cwd: Directory, umask: int) -> Task:
        try:
            self._pidfds[pid] = os.pidfd_open(pid)
        except OSError:
            raise OSError(ESRCH, "gone") from None
        memory, descriptors = ProcessMemory(pid), ProcessDescriptors(pid)
        task = Task(self._system, pid, parent_pid, cwd, umask, memory, descriptors)
        self._system.tasks[pid] = task
        return task

    def _release(self, pid: int) -> None:
        pidfd = self._pidfds.pop(pid, None)
        if pidfd is not None:
            os.close(pidfd)
            task = self._system.tasks.pop(pid)
            task.memory.forget()
            task.descriptors.forget()


def _identify(tid: int) -> tuple[int, int]:
    """(process, its parent) of a thread. Errors: ESRCH."""
    try:
        status = procfs.status(tid)
    except OSError:
        raise OSError(ESRCH, "gone") from None
    return _field(status, b"\nTgid:\t"), _field(status, b"\nPPid:\t")


def _field(status: bytes, name: bytes) -> int:
    start = status.index(name) + len(name)
    return int(status[start : status.index(b"\n", start)])


def _is_alive(pidfd: int) -> bool:
    """Has it not been waited for yet? Until then its number is not reused."""
    try:
        pidfd_send_signal(pidfd, 0)
    except ProcessLookupError:
        return False
    return True


def _has_ended(pidfd: int) -> bool:
    """Has it ended, though perhaps nobody has waited for it?"""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def _children(pid: int) -> list[int]:
    """The children of every thread of a process."""
    found: list[int] = []
    for tid in procfs.threads(pid):
        try:
            host_fd = os.open(b"/proc/%d/task/%s/children" % (pid, tid), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue  # the thread is gone: its children are another's
        try:
            while piece := os.read(host_fd, 1 << 16):
                found += map(int, piece.split())
        except OSError:
            continue
        finally:
            os.close(host_fd)
    return found
