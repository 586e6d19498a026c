"""Performer: what happens outside the sandbox to a command that the gate let through or recorded.

Each runs on a thread of its own and tells what stands in for it (`stubs.py`) when it is done. The
command gets the process's own stdin, stdout and stderr, so that pipes of the script work as
natively. At most `_THREADS` run side by side: any other waits for its turn.
"""

from __future__ import annotations

import os
import select
import stat
from _thread import allocate_lock, start_new_thread

from .host_processes import close_all, is_ready, kill_group, start_command
from .standing import Standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen
    from typing import Protocol

    from shannot.sandbox.kernel.task import System
    from shannot.sandbox.spec import Answer

    class Host(Protocol):
        """Whom it works for."""

        @property
        def system(self) -> System: ...

        def note(self, fault: Exception, what: str) -> None:
            """Remember a mistake of ours."""

    class StandIn(Protocol):
        """What the script takes for the command: a stub that waits, or a number it knows."""

        pidfd: int
        """Ready when it was killed, and the command is to be killed with it."""

        def starting(self) -> bool:
            """It is about to run: signals wait until it does. False: it has been killed before."""

        def started(self, group: int) -> None:
            """The command runs, in this process group of the host."""

        def left(self) -> None:
            """It has ended: the group may be another's soon."""

        def end(self, status: int) -> None:
            """The command's exit status; a signal where it is negative."""


_THREADS = 64
_STDIN_MAX = 16 << 20  # bytes kept of what is piped into one command
_HELD_MAX = 64 << 20  # and into all that are being read
_IDLE = 1.0
"""Seconds of silence after which a pipe that is not closed counts as having nothing more."""

_KILL = 9


class Performer:
    """Commands of one run that are under way."""

    __slots__ = (
        "_changed", "_groups", "_held", "_host", "_killed", "_queue", "_running", "_stopped",
        "_under_way", "deciding", "ending",
    )  # fmt: skip

    def __init__(self, host: Host) -> None:
        self._host = host
        self._running = 0
        self._queue: list[Callable[[], None]] = []
        self._groups: set[int] = set()  # process groups of what runs on the host
        self._under_way: set[StandIn] = set()  # of commands for the host that have not ended
        self._killed: set[StandIn] = set()  # those that were gone before the script ended
        self._held = 0
        self._changed = allocate_lock()
        self._stopped = False
        self.deciding = 0  # commands that a person is being asked about
        self.ending = False  # the script has ended by itself: what still runs may end as well

    def assume(self, stand_in: StandIn, answer: Answer, stdin: int) -> None:
        """Nothing runs. What the script pipes in is read first, so that its write succeeds.

        stdin: a host descriptor that is closed here.
        """
        if self._is_filled(stdin):
            self._start(lambda: self._assume(stand_in, answer, stdin))
        else:
            os.close(stdin)
            stand_in.end(answer.status)

    def _is_filled(self, host_fd: int) -> bool:
        """Is this stdin a pipe or file that the script has filled, not the script's own stdin?"""
        found = os.fstat(host_fd)
        if (found.st_dev, found.st_ino) == self._host.system.stdin_key:
            return False
        return stat.S_ISFIFO(found.st_mode) or stat.S_ISREG(found.st_mode)

    def _assume(self, stand_in: StandIn, answer: Answer, stdin: int) -> None:
        try:
            data = self._read(stdin)
            if data:
                self._host.system.gate.received(answer.ticket, data)
        finally:
            stand_in.end(answer.status)

    def decide(self, stand_in: StandIn, answer: Answer, stdio: list[int]) -> None:
        """A person decides. What the script pipes in is read first: it is part of the question.

        stdio: host descriptors, closed here.
        """
        standing = Standing(stand_in.pidfd, stdio[1:], lambda: self.ending, lambda: self._stopped)
        self._start(lambda: self._decide(stand_in, answer, stdio[0], standing))

    def _decide(self, stand_in: StandIn, answer: Answer, stdin: int, standing: Standing) -> None:
        status = 126
        gate = self._host.system.gate
        try:
            if self._is_filled(stdin):
                gate.received(answer.ticket, self._read(stdin))
            else:
                os.close(stdin)
            self._count(1)
            try:
                status = gate.decide(answer.ticket, standing)
            finally:
                self._count(-1)
        finally:
            standing.close()
            stand_in.end(status)

    def _count(self, change: int) -> None:
        with self._changed:
            self.deciding += change

    def perform(self, stand_in: StandIn, answer: Answer, stdio: list[int], umask: int) -> None:
        """Run it on the host. stdio: host descriptors, closed here."""
        with self._changed:
            self._under_way.add(stand_in)
        self._start(lambda: self._perform(stand_in, answer, stdio, umask))

    def busy(self) -> bool:
        """Is any command still under way?"""
        return self._running > 0

    def let_end(self) -> None:
        """The script has ended by itself: what it left behind goes on, what it killed does not.

        What stands in for a command may be killed from now on, which ends no command any more.
        """
        with self._changed:
            self._killed |= {each for each in self._under_way if is_ready(each.pidfd)}
            self.ending = True

    def _is_to_end(self, stand_in: StandIn) -> bool:
        """Is the command to end, since the script killed it or a limit was hit?"""
        with self._changed:
            if self._stopped or stand_in in self._killed:
                return True
            return not self.ending and is_ready(stand_in.pidfd)

    def stop(self) -> None:
        """Kill what runs on the host. Called on any thread, when a limit is hit."""
        with self._changed:
            self.ending = False
            self._stopped = True
            self._queue.clear()
            groups = list(self._groups)
        for group in groups:
            kill_group(group)

    def _start(self, work: Callable[[], None]) -> None:
        with self._changed:
            if self._running >= _THREADS:
                self._queue.append(work)
                return
            self._running += 1
        start_new_thread(self._run, (work,))

    def _run(self, work: Callable[[], None]) -> None:
        next_work: Callable[[], None] | None = work
        while next_work is not None:
            try:
                next_work()
            except Exception as fault:  # noqa: BLE001 - as in the mediator: never silently lost
                self._host.note(fault, "a command")
            with self._changed:
                next_work = self._queue.pop(0) if self._queue else None
                if next_work is None:
                    self._running -= 1

    def _perform(self, stand_in: StandIn, answer: Answer, stdio: list[int], umask: int) -> None:
        import subprocess  # noqa: F401 - takes 12 ms, in which it may be killed

        status = 127
        try:
            # It could have ended by itself before a signal came to it, had it been started.
            if self._is_to_end(stand_in) or not stand_in.starting():
                close_all(stdio)
                status = -_KILL
            else:
                process = start_command(answer, stdio, umask)
                if process is not None:
                    status = self._wait(stand_in, process)
        finally:
            try:
                finished = status if status >= 0 else 128 - status
                self._host.system.gate.finished(answer.ticket, finished)
            finally:
                with self._changed:
                    self._under_way.discard(stand_in)
                stand_in.end(status)

    def _wait(self, stand_in: StandIn, process: Popen[bytes]) -> int:
        """Until the command ends; it is killed when the process it stands for is."""
        group = process.pid
        with self._changed:
            self._groups.add(group)
        pidfd = os.pidfd_open(group)
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.register(stand_in.pidfd, select.POLLIN)
        stand_in.started(group)
        try:
            if self._stopped:  # meanwhile
                kill_group(group)
            while pidfd not in (ready := [host_fd for host_fd, _ in poll.poll()]):
                if stand_in.pidfd in ready:
                    poll.unregister(stand_in.pidfd)
                    if self._is_to_end(stand_in):
                        kill_group(group)
        finally:
            stand_in.left()
            os.close(pidfd)
            with self._changed:
                self._groups.discard(group)
        return process.wait()

    def _read(self, host_fd: int) -> bytes:
        """What a pipe or file still holds: to its end, or until nobody writes for a second."""
        parts: list[bytes] = []
        size = 0
        poll = select.poll()
        poll.register(host_fd, select.POLLIN)
        try:
            while size < _STDIN_MAX and self._held < _HELD_MAX:
                if not poll.poll(_IDLE * 1000):
                    break
                piece = os.read(host_fd, 1 << 16)
                if not piece:
                    break
                parts.append(piece)
                size += len(piece)
                self._hold(len(piece))
        finally:
            self._hold(-size)
            os.close(host_fd)
        return b"".join(parts)

    def _hold(self, size: int) -> None:
        with self._changed:
            self._held += size
