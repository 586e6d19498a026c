"""Placement: mediator and child on one processor, as long as the child is one thread.

Each call is a hand-over between the two. On two processors each hand-over wakes a sleeping one,
which was measured to cost four times as much as the whole call on one (`make bench`).
"""

from __future__ import annotations

import os

from shannot.sandbox.channel.kernel_calls import sched_getcpu


class Placement:
    """Where the threads of one run may be."""

    __slots__ = ("_main", "_pinned", "child", "processors")

    def __init__(self) -> None:
        self.processors = frozenset(os.sched_getaffinity(0))
        self.child = 0
        self._main = os.getpid()
        self._pinned = False

    def pin(self) -> None:
        """Before the fork, on the mediator's thread: the child inherits it."""
        if len(self.processors) > 1:
            here = sched_getcpu()
            if here in self.processors:
                try:
                    os.sched_setaffinity(0, (here,))
                except OSError:
                    return  # a service may be denied it: slower, nothing else
                self._pinned = True

    def unpin(self) -> None:
        """The child starts a thread or a process: let everybody go where there is room."""
        if not self._pinned:
            return
        self._pinned = False
        for pid in (self._main, self.child):
            try:
                os.sched_setaffinity(pid, self.processors)
            except OSError:
                continue  # it is gone

    def restore(self) -> None:
        """Afterwards: the mediator's thread as it was."""
        if self._pinned:
            self._pinned = False
            os.sched_setaffinity(0, self.processors)
