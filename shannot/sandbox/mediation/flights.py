"""Flights: execs under way from memory that is shared, one at a time for each parent.

While two bytes of a path are overwritten (`commands.py`) nobody else may run in that memory: the
parent of a vfork(2) is stopped, and another child of it that wants to execute a program waits.
"""

from __future__ import annotations

import os
import select
import time
from errno import ESRCH

from shannot.sandbox.channel.kernel_calls import pidfd_send_signal

from . import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shannot.sandbox.kernel.task import Task

_PATIENCE = 2.0
"""Seconds after which a stub that has not arrived never will."""
_SIGSTOP, _SIGCONT = 19, 18
_LOOKS = 200  # at threads that are still running


class Waiting:
    """An execve that is tried again when the one before it has arrived."""

    __slots__ = ("arguments", "call", "task", "tid")

    def __init__(self, task: Task, call: int, tid: int, arguments: Sequence[int]) -> None:
        self.task = task
        self.call = call
        self.tid = tid
        self.arguments = arguments


class Flights:
    """By parent: the child whose exec is under way, since when, and its pidfd."""

    __slots__ = ("_under_way", "_waiting")

    def __init__(self) -> None:
        self._under_way: dict[int, tuple[Task, float, int]] = {}
        self._waiting: list[Waiting] = []

    def busy(self, task: Task) -> bool:
        return task.parent_pid in self._under_way

    def wait(self, waiting: Waiting) -> None:
        self._waiting.append(waiting)

    def begin(self, task: Task) -> None:
        """Errors: ESRCH."""
        self._under_way[task.parent_pid] = (task, time.monotonic(), os.pidfd_open(task.pid))

    def end(self, task: Task) -> None:
        """It has arrived, or never will."""
        flight = self._under_way.get(task.parent_pid)
        if flight is not None and flight[0] is task:
            del self._under_way[task.parent_pid]
            os.close(flight[2])

    def has_waiting(self) -> bool:
        """Is there an execve that will be tried again?"""
        return bool(self._waiting)

    def take_waiting(self) -> list[Waiting]:
        """Those to try again now."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def lost(self) -> list[Task]:
        """Whose stub will not arrive: they have ended, or too much time has passed.

        Also asked from the attendant's thread, hence the copy.
        """
        now = time.monotonic()
        return [
            task
            for task, since, pidfd in list(self._under_way.values())
            if now - since > _PATIENCE or _has_ended(pidfd)
        ]

    def __bool__(self) -> bool:
        return bool(self._under_way)


def _has_ended(pidfd: int) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def stop(pid: int, is_member: Callable[[int], bool]) -> int:
    """Stop a process of the run, and see to it that none of its threads still runs.

    Returns its pidfd, for `go_on`: its number may by then be another's, and may be already, where
    it has ended, hence `is_member`. Errors: ESRCH.

    Who waits in a call comes back to its own code by way of the stop; only a thread on another
    processor may go on for some microseconds.
    """
    pidfd = os.pidfd_open(pid)
    try:
        if not is_member(pid):
            raise OSError(ESRCH, "not of this run")
        pidfd_send_signal(pidfd, _SIGSTOP)
    except OSError:
        os.close(pidfd)
        raise
    if len(procfs.threads(pid)) == 1:
        return pidfd  # it waits in vfork
    for _ in range(_LOOKS):
        if not any(_runs(pid, tid) for tid in procfs.threads(pid)):
            break
        time.sleep(0)
    return pidfd


def go_on(pidfd: int) -> None:
    try:
        pidfd_send_signal(pidfd, _SIGCONT)
    except ProcessLookupError:
        pass
    finally:
        os.close(pidfd)


def _runs(pid: int, tid: bytes) -> bool:
    try:
        line = procfs.read(b"/proc/%d/task/%s/stat" % (pid, tid))
    except OSError:
        return False
    return line[line.rfind(b")") + 2 : line.rfind(b")") + 3] == b"R"
