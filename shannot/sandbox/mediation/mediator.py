"""The mediator: receives every call of the child, finds its row, sends the answer.

One loop on the main thread; commands, output and time limits have threads of their own and end
the loop by killing the child. A handler's exception never leaves the loop: it becomes an errno.
"""

from __future__ import annotations

import os
from errno import EAGAIN, EBADF, EINVAL, EIO, EMFILE, ENOSYS, ENOTTY, EPERM
from time import monotonic

from shannot.sandbox.channel.stub import STUB_CALL
from shannot.sandbox.kernel.answers import CONTINUE, DEFERRED, OpensLater
from shannot.sandbox.syscalls.layouts import stat_of
from shannot.sandbox.syscalls.linux import rows
from shannot.sandbox.syscalls.table import Descriptor, empty_table, fill_table

from .family import Family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.sandbox.channel.seccomp_notify import Listener
    from shannot.sandbox.kernel.task import System, Task
    from shannot.sandbox.syscalls.numbers import Architecture
    from shannot.sandbox.syscalls.table import Answer
    from shannot.sandbox.vfs.node import Directory, File

    from .commands import Commands
    from .performer import Performer
    from .waits import Waits

_NEVER = (EPERM, EINVAL, ENOSYS, ENOTTY)
"""Errors of handing over a descriptor that no child causes: an outer sandbox forbids it."""
_FORKS = 64
_SECONDS = 0.25
"""A thread is looked up again after so many forks, or at the first fork after so long."""


class Mediator:
    """Answers the calls of one run."""

    __slots__ = (
        "_call",
        "_forks_until_look",
        "_next_look",
        "_numbers",
        "_processes",
        "_table",
        "_threads",
        "_waits",
        "answered",
        "before_fork",
        "commands",
        "family",
        "faults",
        "limit_hit",
        "listener",
        "performer",
        "stopped",
        "system",
    )  # fmt: skip

    def __init__(
        self, system: System, listener: Listener, group: int, architecture: Architecture
    ) -> None:
        self.system = system
        self.listener = listener
        self.stopped = False
        self.family = Family(system, group)
        self.commands: Commands | None = None  # with the rest of the table
        self.performer: Performer | None = None
        self.before_fork: Callable[[], None] = lambda: None
        self.limit_hit: Callable[[str], None] = lambda _name: None
        self.faults: list[str] = []  # at most 20: where each happened
        self._threads: dict[int, Task] = {}
        self._processes = 1
        self._waits: Waits | None = None  # with the rest of the table
        self._forks_until_look = _FORKS
        self._next_look = 0.0
        self._call = 0  # the call being answered
        self.answered = 0  # calls so far
        system.replace = self._replace
        system.pack_stat = stat_of(architecture.machine)
        self._numbers = architecture.numbers()
        self._table = empty_table(self._numbers)
        fill_table(self._table, rows(architecture.machine), self._numbers, listener.alive)

    # -- the loop --------------------------------------------------------------------------------

    def begin(self) -> None:
        """Answer the first call: the launched child executes its interpreter."""
        notification = self.listener.receive()
        if notification is not None:
            self.listener.resume(notification[0])  # it is ours: the launch makes no other call

    def run(self, ended: Callable[[], bool]) -> None:
        """Answer until nobody is left, or `ended` says so after a signal."""
        receive = self.listener.receive
        dispatch = self.dispatch
        try:
            while True:
                notification = receive()
                if notification is not None:
                    dispatch(notification)
                elif ended() or self.listener.is_deserted():
                    return
                elif self.commands is not None and self.commands.flights:
                    self.commands.give_up_lost()
        finally:
            self.stopped = True

    def dispatch(self, notification: tuple[int, ...]) -> None:
        """One call: its row, its answer."""
        call, tid, _, number, _, _, *arguments = notification
        try:
            task = self._threads.get(tid) or self._introduce(tid)
            self.system.caller = tid
            self._call = call
            self.answered += 1
            if task.pending is not None and self.commands is not None:
                self.commands.check(task, tid, number)
            row = self._table[number] if 0 <= number < len(self._table) else None
            if row is None:
                row = self._unusual(number)
            answer = row(task, call, arguments)
        except OSError as error:
            if type(error) is OpensLater:
                self._wait(call, error)
            else:
                self.listener.fail(call, error.errno or EIO)
            return
        except Exception as fault:  # noqa: BLE001 - a fault of ours is never the child's way out
            self.note(fault, self._name(number))
            self.listener.fail(call, EIO)
            return
        if isinstance(answer, int) and answer >= 0:
            self.listener.reply(call, answer)
        else:
            self.send(call, answer)

    def note(self, fault: Exception, what: str) -> None:
        """As `faults.keep`."""
        from .faults import keep  # seldom needed

        keep(self.faults, fault, what)

    def _wait(self, call: int, opens: OpensLater) -> None:
        if self._waits is None:
            self._load_the_rest()
        try:
            if self._waits is not None:
                self._waits.opens(call, opens)
        except OSError as error:
            self.listener.fail(call, error.errno or EIO)

    def _unusual(self, number: int) -> Answer:
        """A row that is not loaded yet, or none: ENOSYS."""
        if self.commands is None:
            self._load_the_rest()
        if number == STUB_CALL and self.commands is not None:
            return self.commands.stub
        row = self._table[number] if 0 <= number < len(self._table) else None
        if row is None:
            self.system.refuse_call(self._name(number))
            raise OSError(ENOSYS, "in no row")
        return row

    def _load_the_rest(self) -> None:
        """Half of the table and what commands need: many scripts ask for none of it."""
        from shannot.sandbox.syscalls import linux_seldom

        from .commands import Commands
        from .performer import Performer
        from .waits import Waits

        fill_table(self._table, linux_seldom.rows(), self._numbers, self.listener.alive)
        self.performer = Performer(self)
        self.commands = Commands(self, self.performer)
        for name, answer in self.commands.rows().items():
            if name in self._numbers:
                self._table[self._numbers[name]] = answer
        self._waits = waits = Waits(self)
        self._table[self._numbers["flock"]] = waits.flock
        self._table[self._numbers["fcntl"]] = waits.fcntl

    def _name(self, number: int) -> str:
        for name, known in self._numbers.items():
            if known == number:
                return name
        return f"number {number}"

    def send(self, call: int, answer: int | Descriptor) -> None:
        """Send what a row returned."""
        if isinstance(answer, Descriptor):
            try:
                self.listener.give(call, answer.host_fd, answer.cloexec)
            except OSError as error:
                if error.errno in _NEVER:
                    raise  # no script can go on
                self.listener.fail(call, EMFILE if error.errno == EBADF else error.errno or EMFILE)
            finally:
                os.close(answer.host_fd)
        elif answer == CONTINUE:
            self.listener.resume(call)
        elif answer != DEFERRED:
            self.listener.reply(call, answer)

    def _replace(self, task: Task, node: File, key: tuple[int, int]) -> None:
        from .replacing import replace  # seldom needed

        replace(self.listener, self._call, task, node, key)

    # -- tasks -----------------------------------------------------------------------------------

    def add(self, pid: int, cwd: Directory, umask: int) -> Task:
        """The first process."""
        task = self._threads[pid] = self.family.add(pid, cwd, umask)
        return task

    def _introduce(self, tid: int) -> Task:
        """A thread that has not called before, or not since the last fork."""
        task = self._threads[tid] = self.family.of_thread(tid)
        return task

    def forget_threads(self) -> None:
        """Now and then look each thread up again: a fork may reuse the number of one that ended.

        Numbers are given out in turn, so that it takes tens of thousands of forks to come round.
        """
        self._forks_until_look -= 1
        now = monotonic()
        if self._forks_until_look <= 0 or now > self._next_look:
            self._forks_until_look = _FORKS
            self._next_look = now + _SECONDS
            self._threads.clear()
            self.family.forget_ended()

    def count_process(self) -> None:
        """One more task. At the limit those alive are counted. Errors: EAGAIN."""
        self.before_fork()
        self.system.unpin()
        self._processes += 1
        if self._processes > self.system.limits.processes:
            self._processes = self.family.count() + 1
            if self._processes > self.system.limits.processes:
                self.limit_hit("processes")
                raise OSError(EAGAIN, "too many processes")

    # -- for the attendant ------------------------------------------------------------------------

    def overdue(self) -> bool:
        """Will a stub not arrive? Asked now and then by the attendant."""
        return self.commands is not None and bool(self.commands.flights.lost())

    def is_expecting(self) -> bool:
        """Is the stub of a command for the host on its way?"""
        return self.commands is not None and self.commands.is_expecting()

    def is_performing(self) -> bool:
        """Does a command still run on the host?"""
        return self.performer is not None and self.performer.busy()

    def is_deciding(self) -> bool:
        """Is a person being asked about a command?"""
        return self.performer is not None and self.performer.deciding > 0

    def let_end(self, patient: bool) -> None:
        """The script has ended: what runs on the host goes on if `patient`, else it is killed."""
        if self.performer is not None:
            if patient:
                self.performer.let_end()
            else:
                self.performer.stop()
