"""Placement: mediator and child on one processor, as long as the child is one busy caller.

Each call is a hand-over between the two. On two processors each hand-over wakes a sleeping one,
which was measured to cost four times as much as the whole call on one (`make bench`). A child that
computes and calls seldom is let go, so that it is not held to a processor that others use.
"""

from __future__ import annotations

import os

from shannot.sandbox.channel.kernel_calls import sched_getcpu

from . import procfs

_SELDOM, _OFTEN = 2000, 5000
"""Calls a second: below, a child computes; above, it waits for answers. The start is above."""


class Placement:
    """Where the mediator's main thread and the child may be."""

    __slots__ = ("_calls", "_free", "_main", "_pinned", "child", "processors")

    def __init__(self) -> None:
        self.processors = frozenset(os.sched_getaffinity(0))
        self.child = 0
        self._main = os.getpid()
        self._pinned = False
        self._free = len(self.processors) < 2  # for good
        self._calls = 0

    def pin(self) -> None:
        """Before the fork, on the mediator's thread: the child inherits it."""
        if self._free:
            return
        try:
            here = sched_getcpu()
            if here in self.processors:
                os.sched_setaffinity(0, (here,))
                self._pinned = True
        except OSError:
            pass  # a service may be denied it: slower, nothing else

    def follow(self, calls: int, seconds: float) -> None:
        """On the attendant's thread: `calls` so far, `seconds` since it was last asked."""
        rate = (calls - self._calls) / seconds
        self._calls = calls
        if self._pinned and rate < _SELDOM:
            self._let_go()
        elif not self._pinned and not self._free and rate > _OFTEN:
            self._pinned = True
            here = _processor_of(self._main)
            _place((self._main, self.child), {here} & self.processors or self.processors)
        if self._free:  # meanwhile
            self._let_go()

    def unpin(self) -> None:
        """The child starts a thread or a process: let everybody go where there is room."""
        if not self._free:
            self._free = True
            self._let_go()

    def _let_go(self) -> None:
        if self._pinned:
            self._pinned = False
            _place((self._main, self.child), self.processors)

    def restore(self) -> None:
        """Afterwards: the mediator's thread as it was."""
        self._free = True
        self._pinned = False
        _place((self._main,), self.processors)


def _place(pids: tuple[int, ...], processors: frozenset[int] | set[int]) -> None:
    for pid in pids:
        try:
            os.sched_setaffinity(pid, processors)
        except OSError:
            continue  # it is gone


def _processor_of(pid: int) -> int:
    """The processor that the main thread of a process was on last; -1 where it is gone."""
    try:
        fields = procfs.read(b"/proc/%d/stat" % pid).rpartition(b")")[2].split()
    except OSError:
        return -1
    return int(fields[36])  # field 39 of proc_pid_stat(5), the first after the name is field 3
