"""Performer: what happens outside the sandbox to a command that the gate let through or recorded.

Each runs on a thread of its own and answers the waiting stub when it is done. The command gets the
process's own stdin, stdout and stderr, so that pipes of the script work as natively.
"""

from __future__ import annotations

import os
import select
import stat
from _thread import allocate_lock, start_new_thread

from .kernel.answers import DEFERRED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .kernel.task import Task
    from .mediator import Mediator
    from .spec import Answer

_STDIN_MAX = 16 << 20
_IDLE = 1.0
"""Seconds of silence after which a pipe that is not closed counts as having nothing more."""

_KILL = 9


class Performer:
    """Commands of one run that are under way."""

    __slots__ = ("_changed", "_mediator", "_running", "ending")

    def __init__(self, mediator: Mediator) -> None:
        self._mediator = mediator
        self._running = 0
        self._changed = allocate_lock()
        self.ending = False

    def assume(self, task: Task, call: int, answer: Answer) -> int:
        """Nothing runs. What the script pipes in is read first, so that its write succeeds."""
        try:
            found = task.descriptors.stat(0)
        except OSError:
            found = None
        piped = found is not None and stat.S_ISFIFO(found.st_mode)
        regular = found is not None and stat.S_ISREG(found.st_mode)
        if found is None or (found.st_dev, found.st_ino) == self._mediator.stdin_key:
            piped = regular = False
        if not piped and not regular:
            self._mediator.commands.exit(task, call, answer.status)
            return DEFERRED
        stdin = task.descriptors.duplicate(0)
        self._start(lambda: self._assume(task, call, answer, stdin))
        return DEFERRED

    def _assume(self, task: Task, call: int, answer: Answer, stdin: int) -> None:
        try:
            data = _read(stdin)
        finally:
            os.close(stdin)
        if data:
            self._mediator.system.gate.received(answer.ticket, data)
        self._mediator.commands.exit(task, call, answer.status)

    def perform(self, task: Task, call: int, answer: Answer) -> int:
        """Run it on the host."""
        stdio = [_duplicate(task, number) for number in range(3)]
        self._start(lambda: self._perform(task, call, answer, stdio))
        return DEFERRED

    def _start(self, work: object) -> None:
        with self._changed:
            self._running += 1
        start_new_thread(self._run, (work,))

    def _run(self, work: object) -> None:
        try:
            work()  # type: ignore[operator]  # one of the two above
        finally:
            with self._changed:
                self._running -= 1

    def busy(self) -> bool:
        """Is any command still under way?"""
        return self._running > 0

    def _perform(self, task: Task, call: int, answer: Answer, stdio: list[int]) -> None:
        import subprocess  # only a run that performs a command pays its 12 ms

        try:
            process = subprocess.Popen(  # noqa: S603 - argv that the policy allowed, no shell
                answer.argv,
                executable=answer.executable or None,
                cwd=answer.directory,
                env=answer.environment,
                stdin=stdio[0],
                stdout=stdio[1],
                stderr=stdio[2],
                start_new_session=True,
            )
        except OSError:
            status = 127
        else:
            status = self._wait(task, process)
        finally:
            for host_fd in stdio:
                os.close(host_fd)
        self._mediator.system.gate.finished(answer.ticket, status if status >= 0 else 128 - status)
        if status < 0:
            try:
                os.kill(task.pid, -status)
            except OSError:
                return
        else:
            self._mediator.commands.exit(task, call, status)

    def _wait(self, task: Task, process: object) -> int:
        """Until the command ends; it is killed when the process it stands for is."""
        command: int = process.pid  # type: ignore[attr-defined]  # a Popen
        pidfd = os.pidfd_open(command)
        stub = _open_stub(task.pid)
        try:
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            if stub >= 0:
                poll.register(stub, select.POLLIN)
            while True:
                ready = [host_fd for host_fd, _ in poll.poll()]
                if pidfd in ready:
                    break
                poll.unregister(stub)
                if not self.ending:
                    os.killpg(command, _KILL)
        finally:
            os.close(pidfd)
            if stub >= 0:
                os.close(stub)
        status: int = process.wait()  # type: ignore[attr-defined]  # a Popen
        return status


def _open_stub(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except OSError:
        return -1


def _duplicate(task: Task, number: int) -> int:
    try:
        return task.descriptors.duplicate(number)
    except OSError:
        return os.open(b"/dev/null", os.O_RDWR | os.O_CLOEXEC)


def _read(host_fd: int) -> bytes:
    """What a pipe or file still holds: to its end, or until nobody writes for a second."""
    parts: list[bytes] = []
    size = 0
    poll = select.poll()
    poll.register(host_fd, select.POLLIN)
    while size < _STDIN_MAX:
        if not poll.poll(int(_IDLE * 1000)):
            break
        piece = os.read(host_fd, 1 << 16)
        if not piece:
            break
        parts.append(piece)
        size += len(piece)
    return b"".join(parts)
