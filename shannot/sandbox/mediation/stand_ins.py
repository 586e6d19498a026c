"""Numbers that stand in for commands of a script that cannot fork, where no process of it runs.

Counterparts: `kernel/children.py`, where the script waits for them; `performer.py`, which lets
them end; `stubs.py`, the same for scripts that fork.
"""

from __future__ import annotations

import os
from _thread import allocate_lock

from shannot.sandbox.kernel.children import Child

FIRST_NUMBER = (1 << 22) + 1
"""Above PID_MAX_LIMIT of linux/threads.h: no process of the host has these numbers."""


class StandIn:
    """`StandIn` of `performer.py`. All but `send` is called on the performer's threads."""

    __slots__ = ("_changed", "_group", "_waiting", "child", "pidfd")

    def __init__(self, number: int) -> None:
        self.pidfd = -1  # signals are passed on
        self._changed = allocate_lock()
        self._group = 0  # of the host, while the command runs
        self._waiting: list[int] = []  # signals that came before it ran
        self.child = Child(number, self.send)

    def send(self, signal: int) -> None:
        """Pass a signal of the script's on to the command."""
        with self._changed:
            if self._group:
                os.killpg(self._group, signal)
            elif signal not in self._waiting:
                self._waiting.append(signal)

    def started(self, group: int) -> None:
        with self._changed:
            self._group = group
            for signal in self._waiting:
                os.killpg(group, signal)

    def left(self) -> None:
        with self._changed:
            self._group = 0

    def end(self, status: int) -> None:
        self.child.end(status)
