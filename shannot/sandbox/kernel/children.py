"""Children: commands that a script of the `pypy` runtime has started, until it has waited for them.

Such a script cannot fork. It asks for a command through `command_device.py`, and what runs is a
process of the host's or of the sandbox, or nothing at all; to the script all are children, with
waitpid(2) and kill(2). Counterpart: `mediation/pypy_commands.py`, which starts them.
"""

from __future__ import annotations

import os
import select
from errno import EAGAIN, ECHILD, EINTR, EINVAL, EPERM, ESRCH

from .turn import Turn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .processes import Execution
    from .task import Task

    Begin = Callable[
        [Task, Execution, Sequence[bytes], Sequence[bytes], "tuple[int, int, int]"], "Child"
    ]
    """Starts what the gate answered for argv and environment, with these host descriptors as its
    stdin, stdout and stderr, which it closes. Errors: those of fork(2)."""

CHILDREN_MAX = 1000
"""Commands that a script has started and not waited for."""

_WAIT_FLAGS = os.WNOHANG | os.WUNTRACED | os.WCONTINUED
_SIGNALS = 64  # _NSIG


class Child:
    """One command. `end` may be called on any thread, once, also after `close`."""

    __slots__ = ("_ending", "ended", "pid", "send", "status")

    def __init__(self, pid: int, send: Callable[[int], None]) -> None:
        """send: delivers a signal to it. Errors: EMFILE."""
        self.pid = pid
        self.send = send
        self.status = 0  # as wait4(2) has it
        self.ended, self._ending = os.pipe2(os.O_CLOEXEC)  # readable: it has

    def end(self, status: int) -> None:
        """It ended with this exit status, or by this signal where it is negative."""
        self.status = -status if status < 0 else (status & 0xFF) << 8
        self.send = _unheard  # a script that never waits keeps nothing else of it
        ending, self._ending = self._ending, -1
        os.close(ending)

    def close(self) -> None:
        """Nobody will ask any more."""
        os.close(self.ended)


def _unheard(_signal: int) -> None:
    """It has ended, which no signal changes."""


class Children:
    """Those of the script, by the number it knows."""

    __slots__ = ("_known", "begin", "confines", "gone", "turn")

    def __init__(self) -> None:
        self._known: dict[int, Child] = {}
        self.confines = True  # False: nothing that is started here can be confined
        self.gone = -1  # a host descriptor that is readable once the script itself has ended
        self.turn = Turn()
        self.begin: Begin = _nobody  # set by `mediation/pypy_commands.py`

    def check_room(self) -> None:
        """May there be one more? Errors: EAGAIN, as fork(2) has it."""
        if len(self._known) >= CHILDREN_MAX:
            raise OSError(EAGAIN, "too many children")

    def add(self, child: Child) -> int:
        """Returns its number."""
        self._known[child.pid] = child
        return child.pid

    def get(self, pid: int) -> Child | None:
        return self._known.get(pid)

    def chosen(self, pid: int) -> list[Child]:
        """Those that waitpid(2) means: they have one process group. Errors: ECHILD."""
        if pid > 0:
            found = [self._known[pid]] if pid in self._known else []
        else:
            found = list(self._known.values()) if pid in (0, -1) else []
        if not found:
            raise OSError(ECHILD, "no child processes")
        return found

    def collect(self, child: Child) -> tuple[int, int]:
        """(its number, how it ended); it is forgotten."""
        del self._known[child.pid]
        child.close()
        return child.pid, child.status

    def until(self, poll: select.poll, milliseconds: int | None) -> list[tuple[int, int]]:
        """Wait, without the turn. Errors: EINTR where the script is gone meanwhile."""
        if self.gone >= 0:
            poll.register(self.gone, select.POLLIN)
        self.turn.give()
        try:
            ready = poll.poll(milliseconds)
        finally:
            self.turn.take()
        if any(host_fd == self.gone for host_fd, _ in ready):
            raise OSError(EINTR, "the script has ended")
        return ready

    def close(self) -> None:
        """At the end of the run."""
        for child in self._known.values():
            child.close()
        self._known.clear()


def wait(task: Task, pid: int, options: int) -> tuple[int, int]:
    """waitpid(2): (pid, status); (0, 0) with WNOHANG where none has ended.

    Errors: ECHILD, EINVAL.
    """
    if options & ~_WAIT_FLAGS:
        raise OSError(EINVAL, "unknown options")
    children = task.system.children
    if children is None:
        raise OSError(ECHILD, "no child processes")
    chosen = children.chosen(pid)
    poll = select.poll()
    for child in chosen:
        poll.register(child.ended, select.POLLIN)
    ready = poll.poll(0)
    if not ready and options & os.WNOHANG:
        return 0, 0
    if not ready:
        ready = children.until(poll, None)
    ended = {host_fd for host_fd, _ in ready}
    return children.collect(next(child for child in chosen if child.ended in ended))


def kill(task: Task, pid: int, signal: int) -> bool:
    """kill(2) of a command. False: it is none that the script has started.

    Errors: EINVAL, ESRCH.
    """
    child = None if task.system.children is None else task.system.children.get(pid)
    if child is None:
        return False
    if not 0 <= signal <= _SIGNALS:
        raise OSError(EINVAL, "no such signal")
    if signal:
        try:
            child.send(signal)
        except ProcessLookupError:
            pass  # it has ended: as natively, until somebody waits for it
        except OSError as error:
            raise OSError(error.errno or ESRCH, "cannot be signalled") from None
    return True


def _nobody(*_request: object) -> Child:
    raise OSError(EPERM, "no commands here")
