"""Performer: what happens outside the sandbox to a command that the gate let through or recorded.

Each runs on a thread of its own and answers the waiting stub when it is done. The command gets the
process's own stdin, stdout and stderr, so that pipes of the script work as natively. At most
`_THREADS` run side by side: the stub of any other waits for its turn.
"""

from __future__ import annotations

import os
import select
import stat
from _thread import allocate_lock, start_new_thread
from errno import ESRCH

from shannot.sandbox.channel.kernel_calls import pidfd_send_signal
from shannot.sandbox.kernel.answers import DEFERRED

from . import procfs
from .arguments import end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen

    from shannot.sandbox.channel.base import Memory
    from shannot.sandbox.kernel.task import Task
    from shannot.sandbox.spec import Answer

    from .mediator import Mediator

_THREADS = 64
_STDIN_MAX = 16 << 20  # bytes kept of what is piped into one command
_HELD_MAX = 64 << 20  # and into all that are being read
_IDLE = 1.0
"""Seconds of silence after which a pipe that is not closed counts as having nothing more."""

_KILL = 9


class _Stub:
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


class Performer:
    """Commands of one run that are under way."""

    __slots__ = ("_changed", "_groups", "_held", "_mediator", "_queue", "_running", "ending")

    def __init__(self, mediator: Mediator) -> None:
        self._mediator = mediator
        self._running = 0
        self._queue: list[Callable[[], None]] = []
        self._groups: set[int] = set()  # process groups of what runs on the host
        self._held = 0
        self._changed = allocate_lock()
        self.ending = False  # the script has ended by itself: what still runs may end as well

    def assume(self, task: Task, call: int, answer: Answer) -> int:
        """Nothing runs. What the script pipes in is read first, so that its write succeeds."""
        stub = _Stub(self._mediator, task, call)
        if not self._has_input(task):
            stub.end(answer.status)
            return DEFERRED
        stdin = task.descriptors.duplicate(0)
        self._start(lambda: self._assume(stub, answer, stdin))
        return DEFERRED

    def _has_input(self, task: Task) -> bool:
        """Is its stdin a pipe or file that the script has filled, not the script's own stdin?"""
        try:
            found = task.descriptors.stat(0)
        except OSError:
            return False
        if (found.st_dev, found.st_ino) == self._mediator.system.stdin_key:
            return False
        return stat.S_ISFIFO(found.st_mode) or stat.S_ISREG(found.st_mode)

    def _assume(self, stub: _Stub, answer: Answer, stdin: int) -> None:
        try:
            data = self._read(stdin)
            if data:
                self._mediator.system.gate.received(answer.ticket, data)
        finally:
            stub.end(answer.status)

    def perform(self, task: Task, call: int, answer: Answer) -> int:
        """Run it on the host."""
        stub = _Stub(self._mediator, task, call)
        stdio = [_duplicate(task, number) for number in range(3)]
        umask = task.umask
        self._start(lambda: self._perform(stub, answer, stdio, umask))
        return DEFERRED

    def busy(self) -> bool:
        """Is any command still under way?"""
        return self._running > 0

    def stop(self) -> None:
        """Kill what runs on the host. Called on any thread, when a limit is hit."""
        with self._changed:
            self.ending = False
            self._queue.clear()
            groups = list(self._groups)
        for group in groups:
            _kill(group)

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
                self._mediator.note(fault, "a command")
            with self._changed:
                next_work = self._queue.pop(0) if self._queue else None
                if next_work is None:
                    self._running -= 1

    def _perform(self, stub: _Stub, answer: Answer, stdio: list[int], umask: int) -> None:
        status = 127
        try:
            process = _popen(answer, stdio, umask)
            if process is not None:
                status = self._wait(stub, process)
        finally:
            try:
                finished = status if status >= 0 else 128 - status
                self._mediator.system.gate.finished(answer.ticket, finished)
            finally:
                stub.end(status)

    def _wait(self, stub: _Stub, process: Popen[bytes]) -> int:
        """Until the command ends; it is killed when the process it stands for is."""
        group = process.pid
        with self._changed:
            self._groups.add(group)
        pidfd = os.pidfd_open(group)
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.register(stub.pidfd, select.POLLIN)
        try:
            while pidfd not in (ready := [host_fd for host_fd, _ in poll.poll()]):
                if stub.pidfd in ready:
                    poll.unregister(stub.pidfd)
                    if not self.ending:
                        _kill(group)
        finally:
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


def _popen(answer: Answer, stdio: list[int], umask: int) -> Popen[bytes] | None:
    """Start a command on the host; None where that fails. Closes `stdio`."""
    import subprocess  # only a run that performs a command pays its 12 ms

    try:
        return subprocess.Popen(  # argv that the policy allowed, no shell
            answer.argv,
            executable=answer.executable or None,
            cwd=answer.directory,
            env=answer.environment,
            stdin=stdio[0],
            stdout=stdio[1],
            stderr=stdio[2],
            start_new_session=True,
            umask=umask,
        )
    except (OSError, ValueError):
        return None
    finally:
        for host_fd in stdio:
            os.close(host_fd)


def _kill(group: int) -> None:
    try:
        os.killpg(group, _KILL)
    except ProcessLookupError:
        pass


def _heeds(pid: int, number: int) -> bool:
    """Would this signal end the stub? It may have been started with it ignored or blocked."""
    if number == _KILL:
        return True
    try:
        masks = procfs.signal_masks(pid)
    except OSError:
        return True
    return not (masks[b"SigIgn"] | masks[b"SigBlk"]) >> (number - 1) & 1


def _duplicate(task: Task, number: int) -> int:
    try:
        return task.descriptors.duplicate(number)
    except OSError:
        return os.open(b"/dev/null", os.O_RDWR | os.O_CLOEXEC)
