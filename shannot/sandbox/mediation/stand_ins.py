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


_HARMLESS = frozenset((17, 18, 19, 20, 21, 22, 23, 28))
"""Signals that end nobody who does not ask for them: CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG,
WINCH."""


class StandIn:
    """`StandIn` of `performer.py`. All but `send` is called on the performer's threads."""

    __slots__ = (
        "_begins", "_changed", "_group", "_is_beginning", "_killer", "_killing", "_waiting",
        "child", "pidfd",
    )  # fmt: skip

    def __init__(self, number: int) -> None:
        """Errors: EMFILE."""
        self.child = Child(number, self.send)
        self.pidfd, self._killing = os.pipe2(os.O_CLOEXEC)
        self._changed = allocate_lock()
        self._begins = allocate_lock()  # held while the command is being started
        self._is_beginning = False
        self._group = 0  # of the host, while the command runs
        self._waiting: list[int] = []  # signals that came before it ran
        self._killer = 0  # the signal that ended it before it ran

    def send(self, signal: int) -> None:
        """Pass a signal of the script's on to the command; where none runs (yet), die of it.

        Waits for a command that is being started: else it might end before it gets the signal.
        """
        with self._begins:
            pass
        with self._changed:
            if self._group:
                os.killpg(self._group, signal)
                return
            if signal not in self._waiting:
                self._waiting.append(signal)
            if signal not in _HARMLESS and self._killing >= 0:
                self._killer = signal
                os.close(self._killing)
                self._killing = -1

    def starting(self) -> bool:
        with self._changed:
            if not self._killer:
                self._begins.acquire()
                self._is_beginning = True
            return self._is_beginning

    def _begun(self) -> None:
        if self._is_beginning:
            self._is_beginning = False
            self._begins.release()

    def started(self, group: int) -> None:
        with self._changed:
            self._group = group
            self._killer = 0  # what ends it is the command's own to tell
            for signal in self._waiting:
                os.killpg(group, signal)
            self._begun()

    def left(self) -> None:
        with self._changed:
            self._group = 0

    def end(self, status: int) -> None:
        with self._changed:
            self._begun()
            os.close(self.pidfd)
            if self._killing >= 0:
                os.close(self._killing)
                self._killing = -1
        self.child.end(-self._killer or status)
