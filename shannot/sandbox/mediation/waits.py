"""Waits: calls for a lock that another has, and for a FIFO whose other end is not open. They wait
without holding anybody up.

One thread for all of them tries each again now and then, and looks after the caller meanwhile: it
may be killed, or be meant to handle a signal, which a call that we have received does not see.
"""

from __future__ import annotations

import fcntl
import os
import time
from _thread import allocate_lock, start_new_thread
from errno import EIO, EMFILE, ENOLCK, ESRCH

from shannot.sandbox.kernel import locks
from shannot.sandbox.kernel.answers import DEFERRED
from shannot.sandbox.syscalls.table import fd, integer

from . import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shannot.sandbox.channel.seccomp_notify import Listener
    from shannot.sandbox.kernel.answers import OpensLater
    from shannot.sandbox.kernel.task import Task

    from .mediator import Mediator

_WAITS_MAX = 512
_SHORTEST, _LONGEST = 0.001, 0.05  # seconds between two tries
_ERESTARTSYS = 512  # include/linux/errno.h: the kernel restarts the call, or makes it EINTR


class _Wait:
    __slots__ = ("attempt", "call", "cloexec", "host_fd", "tid")

    def __init__(
        self,
        call: int,
        tid: int,
        host_fd: int,
        attempt: Callable[[int], object],
        cloexec: bool | None,
    ) -> None:
        self.call = call
        self.tid = tid
        self.host_fd = host_fd  # of a lock: shares the open file with the caller
        self.attempt = attempt  # raises BlockingIOError where it is too early
        self.cloexec = cloexec  # of the descriptor that `attempt` gives; None: it gives none

    def let_go(self) -> None:
        """Close our duplicate, once. Before the answer where it can be: until then a lock outlives
        the caller's own descriptor, which it may close with its very next call.
        """
        host_fd, self.host_fd = self.host_fd, -1
        if host_fd >= 0:
            os.close(host_fd)


class Waits:
    """The calls of one run that wait."""

    __slots__ = ("_changed", "_mediator", "_pause", "_waits")

    def __init__(self, mediator: Mediator) -> None:
        self._mediator = mediator
        self._waits: list[_Wait] = []
        self._changed = allocate_lock()
        self._pause = _SHORTEST
        mediator.system.forget_waits = self.forget_dead

    def flock(self, task: Task, call: int, arguments: Sequence[int]) -> int:
        """The row of flock(2)."""
        operation = integer(task, arguments[1])
        host_fd = locks.flock(task, fd(task, arguments[0]), operation)
        if host_fd < 0:
            return 0
        nonblocking = operation | fcntl.LOCK_NB
        return self._wait(call, host_fd, lambda shared: fcntl.flock(shared, nonblocking))

    def fcntl(self, task: Task, call: int, arguments: Sequence[int]) -> int:
        """The row of fcntl(2): a lock of the open file is taken through our own duplicate of it."""
        number, command = fd(task, arguments[0]), integer(task, arguments[1])
        if command not in locks.OF_OPEN_FILE:
            return locks.fcntl(task, number, command)
        wanted = task.memory.read(arguments[2], locks.FLOCK_SIZE)
        if not self._mediator.listener.alive(call):
            raise OSError(ESRCH, "the caller is gone")
        host_fd, found = locks.lock_open_file(task, number, command, wanted)
        if found is not None:
            task.memory.write(arguments[2], found)
        if host_fd < 0:
            return 0
        return self._wait(
            call, host_fd, lambda shared: fcntl.fcntl(shared, locks.F_OFD_SETLK, wanted)
        )

    def opens(self, call: int, later: OpensLater) -> None:
        """A call of open(2). Errors: ENOLCK where too many wait."""
        self._wait(call, later.host_fd, later.attempt, later.cloexec)

    def _wait(
        self,
        call: int,
        host_fd: int,
        attempt: Callable[[int], object],
        cloexec: bool | None = None,
    ) -> int:
        with self._changed:
            if len(self._waits) >= _WAITS_MAX:
                os.close(host_fd)
                raise OSError(ENOLCK, "too many wait")
            tid = self._mediator.system.caller
            self._waits.append(_Wait(call, tid, host_fd, attempt, cloexec))
            self._pause = _SHORTEST
            if len(self._waits) == 1:
                start_new_thread(self._run, ())
        return DEFERRED

    def _run(self) -> None:
        listener = self._mediator.listener
        while True:
            time.sleep(self._pause)
            with self._changed:
                self._pause = min(2 * self._pause, _LONGEST)
                self._end([wait for wait in self._waits if _try(listener, wait)])
                if not self._waits:
                    return

    def forget_dead(self) -> None:
        """Let go of what was held for callers that are gone: they are at no end of a FIFO."""
        alive = self._mediator.listener.alive
        with self._changed:
            self._end([wait for wait in self._waits if not alive(wait.call)])

    def _end(self, done: list[_Wait]) -> None:
        for wait in done:
            self._waits.remove(wait)
            wait.let_go()


def _try(listener: Listener, wait: _Wait) -> bool:
    """Is it over? Then the caller has its answer."""
    if not listener.alive(wait.call):
        return True
    try:
        found = wait.attempt(wait.host_fd)
    except BlockingIOError:
        if not _has_signal(wait.tid):
            return False
        wait.let_go()
        listener.fail(wait.call, _ERESTARTSYS)
    except OSError as error:
        wait.let_go()
        listener.fail(wait.call, error.errno or EIO)
    else:
        _answer(listener, wait, found)
    return True


def _answer(listener: Listener, wait: _Wait, found: object) -> None:
    if wait.cloexec is None or not isinstance(found, int):
        wait.let_go()
        listener.reply(wait.call, 0)
        return
    try:
        listener.give(wait.call, found, wait.cloexec)
    except OSError:
        listener.fail(wait.call, EMFILE)
    finally:
        if found != wait.host_fd:
            os.close(found)


def _has_signal(tid: int) -> bool:
    """Does a signal wait that the thread has a handler for?"""
    try:
        masks = procfs.signal_masks(tid)
    except OSError:
        return True
    return bool((masks[b"SigPnd"] | masks[b"ShdPnd"]) & ~masks[b"SigBlk"] & masks[b"SigCgt"])
