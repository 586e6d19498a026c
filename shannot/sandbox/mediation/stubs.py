"""Stubs: the processes that stand in for commands which do not run as processes of the child.

Counterparts: `channel/stub.py`, which is the program; `performer.py`, which lets it end.
"""

from __future__ import annotations

import os
from errno import ESRCH

from shannot.sandbox.channel.kernel_calls import pidfd_send_signal

from . import procfs
from .arguments import end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.channel.base import Memory
    from shannot.sandbox.kernel.task import Task

    from .mediator import Mediator

_KILL = 9


class Stub:
    """The process that stands for a command, and waits for its status."""

    __slots__ = ("_mediator", "_memory", "_pid", "call", "pidfd")

    def __init__(self, mediator: Mediator, task: Task, call: int) -> None:
        """Errors: ESRCH if it is gone already."""
        self._mediator = mediator
        self._pid = task.pid
        self.call = call
        self.pidfd = os.pidfd_open(task.pid)
        if not mediator.listener.alive(call):
            os.close(self.pidfd)
            raise OSError(ESRCH, "the caller is gone")
        self._memory: Memory = task.memory.detach()

    def starting(self) -> bool:
        """Its death alone ends the command, and tells by itself how it ended."""
        return True

    def started(self, group: int) -> None:
        """As `starting`: signals come to the stub itself."""

    def left(self) -> None:
        """As `starting`."""

    def end(self, status: int) -> None:
        """Let it end with this exit status, or by this signal where it is negative."""
        try:
            if status < 0:
                if _heeds(self._pid, -status):
                    pidfd_send_signal(self.pidfd, -status)
                    return
                status = 128 - status  # it ignores or blocks this signal: as a shell has it
            end(self._memory, status)
            self._mediator.listener.reply(self.call, 0)
        except OSError:
            pass  # it was killed
        finally:
            self._memory.forget()
            os.close(self.pidfd)


def _heeds(pid: int, number: int) -> bool:
    """Would this signal end the stub? It may have been started with it ignored or blocked."""
    if number == _KILL:
        return True
    try:
        masks = procfs.signal_masks(pid)
    except OSError:
        return True
    return not (masks[b"SigIgn"] | masks[b"SigBlk"]) >> (number - 1) & 1


def descriptor(task: Task, number: int) -> int:
    """What a process has under a number, as a host descriptor; /dev/null where it has nothing."""
    try:
        return task.descriptors.duplicate(number)
    except OSError:
        return os.open(b"/dev/null", os.O_RDWR | os.O_CLOEXEC)
