"""Commands: how an execve(2) of the child becomes what the gate answered.

Theory of operation
-------------------
The kernel cannot be told to execute another program than the one whose path lies in the child's
memory, and that path could be changed under its eyes. So it always executes the stub
(`channel/stub.py`): the real working directory holds that one file, named `s`, and the first
two bytes of the path are overwritten by `s\\0` before the call CONTINUEs. The stub asks what to be:

    confine   it gets a descriptor of the program and executes that: a process of its own memory,
              with one thread, so nobody can change what it passes
    assume    it exits with the given status
    perform   it waits, and exits as the command that runs on the host instead
    decide    it waits for a person's decision, and exits as that has it

Another thread of the child may win the race and put some other path before the kernel's eyes. What
then runs is still under the filter and under Landlock: that the wrong program runs confined is no
escape, and no command of the host is ever started from the child's memory.

A child of vfork(2) or posix_spawn(3) shares memory with its parent. The parent is stopped until
the two bytes are back, and one such exec is under way at a time for each parent (`flights.py`).
"""

from __future__ import annotations

import os
from errno import EFAULT, EINVAL, EIO, ENOSYS

from shannot.sandbox.channel.stub import STUB_CALL
from shannot.sandbox.kernel.answers import CONTINUE, DEFERRED
from shannot.sandbox.kernel.processes import Execution, check_clone, prepare

from . import procfs
from .arguments import Strings, instruct
from .flights import Flights, Waiting, go_on, stop
from .stubs import Stub, descriptor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.sandbox.channel.base import Memory
    from shannot.sandbox.kernel.task import Task
    from shannot.sandbox.syscalls.table import Answer

    from .mediator import Mediator
    from .performer import Performer

_STUB_NAME = b"s\0"
_AT_FDCWD = 0xFFFF_FF9C
_AT_EMPTY_PATH = 0x1000
_TOLD_MAX = 20
_READ_ONLY = (
    "not started: this kernel forbids to write the read-only memory that names it; boot with"
    " proc_mem.force_override=always, or name it otherwise (subprocess, in place of os.system)"
)
_VFORK = 0x4100  # CLONE_VFORK | CLONE_VM


class Pending:
    """An exec under way."""

    __slots__ = ("address", "execution", "memory", "number", "overlaps", "saved", "stopped", "tid")

    def __init__(self, execution: Execution, memory: Memory, tid: int) -> None:
        self.execution = execution
        self.memory = memory  # the address space before the exec
        self.tid = tid  # the thread that executes
        self.address = 0  # of the path
        self.saved = b""  # its two bytes
        self.overlaps: tuple[tuple[int, bytes], ...] = ()  # words that hold these two bytes as well
        self.stopped = -1  # pidfd of the parent that waits with SIGSTOP, or -1
        self.number = -1  # of the program's descriptor in the stub, once it has one


class Commands:
    """The rows of fork, exec and the stub for one run."""

    __slots__ = ("_mediator", "_performer", "flights")

    def __init__(self, mediator: Mediator, performer: Performer) -> None:
        self._mediator = mediator
        self._performer = performer
        self.flights = Flights()

    # -- rows: (task, call, arguments) -> answer -------------------------------------------------

    def rows(self) -> dict[str, Answer]:
        return {
            "clone": self.clone,
            "fork": self.fork,
            "vfork": self.vfork,
            "execve": self.execve,
            "execveat": self.execveat,
        }

    def clone(self, task: Task, _call: int, arguments: Sequence[int]) -> int:
        self._mediator.count_process()
        check_clone(task, arguments[0])
        self._mediator.forget_threads()
        return CONTINUE

    def fork(self, task: Task, call: int, _arguments: Sequence[int]) -> int:
        return self.clone(task, call, (0,))

    def vfork(self, task: Task, call: int, _arguments: Sequence[int]) -> int:
        """CPython forks where vfork fails: better than to stop all its threads at each command."""
        if (
            task.executable == self._mediator.system.interpreter
            and len(procfs.threads(task.pid)) > 1
        ):
            raise OSError(EINVAL, "use fork")
        return self.clone(task, call, (_VFORK,))

    def execve(self, task: Task, call: int, arguments: Sequence[int]) -> int:
        return self._begin(task, call, self._mediator.system.caller, arguments)

    def execveat(self, task: Task, call: int, arguments: Sequence[int]) -> int:
        pending = task.pending
        if isinstance(pending, Pending) and pending.number >= 0:
            if (arguments[0], arguments[4]) != (pending.number, _AT_EMPTY_PATH):
                raise OSError(ENOSYS, "not what the stub was told")
            task.pending = None
            task.executable = pending.execution.program.path
            task.comm = pending.execution.names(pending.number)
            task.memory.forget()
            return CONTINUE
        if arguments[0] & 0xFFFF_FFFF != _AT_FDCWD or arguments[4]:
            raise OSError(ENOSYS, "only by path")  # fexecve(3) then takes /proc/self/fd
        return self._begin(task, call, self._mediator.system.caller, arguments[1:])

    def stub(self, task: Task, call: int, arguments: Sequence[int]) -> int:
        """The stub asks what to be."""
        pending = task.pending
        if not isinstance(pending, Pending) or pending.number >= 0:
            raise OSError(ENOSYS, "no exec under way")
        self._arrived(task, pending)
        answer = pending.execution.answer
        if answer.kind == "confine":
            self._execute(task, pending, call, arguments[0])
            return 0
        try:
            self._stand_in(Stub(self._mediator, task, call), task, pending.execution)
        finally:
            task.pending = None  # from here on it is the performer that is busy: never neither
        return DEFERRED

    def _stand_in(self, stub: Stub, task: Task, execution: Execution) -> None:
        answer = execution.answer
        if answer.kind == "assume":
            self._performer.assume(stub, answer, descriptor(task, 0))
            return
        stdio = [descriptor(task, number) for number in range(3)]
        if answer.kind == "decide":
            self._performer.decide(stub, answer, stdio)
        else:
            self._performer.perform(stub, answer, stdio, task.umask)

    def is_expecting(self) -> bool:
        """Is the stub of a command for the host on its way? Asked by the attendant."""
        return self.flights.has_waiting() or any(
            isinstance(task.pending, Pending) and task.pending.execution.answer.kind == "perform"
            for task in list(self._mediator.system.tasks.values())
        )

    # -- steps -----------------------------------------------------------------------------------

    def _begin(self, task: Task, call: int, tid: int, arguments: Sequence[int]) -> int:
        """Decide, and let the kernel execute the stub."""
        memory = task.memory
        address = arguments[0]
        path = memory.read_string(address, 4096)
        argv = Strings(memory, arguments[1])
        environment = Strings(memory, arguments[2])
        if not self._mediator.listener.alive(call):
            raise OSError(EFAULT, "the caller is gone")
        if task.shares_memory and self.flights.busy(task):
            self.flights.wait(Waiting(task, call, tid, arguments))
            return DEFERRED
        execution = prepare(task, path, argv.words, environment.words)
        self._abandon(task)  # of another thread: the last one counts
        pending = Pending(execution, memory.detach(), tid)
        pending.address = address
        pending.saved = pending.memory.read(address, len(_STUB_NAME))
        pending.overlaps = (
            *argv.overlapping(address, len(_STUB_NAME), 0),
            *environment.overlapping(address, len(_STUB_NAME), max(1, len(argv.words)) + 1),
        )
        if task.shares_memory:
            self._stop_parent(task, pending)
        task.pending = pending
        try:
            pending.memory.write(address, _STUB_NAME)
        except OSError:
            self._abandon(task)
            self._tell(task, call, path)
            raise
        return CONTINUE

    def _tell(self, task: Task, call: int, path: bytes) -> None:
        """A path that could be read and not written: a constant of the program's, libc's
        "/bin/sh" among them, where the kernel has proc_mem.force_override=never."""
        told = task.system.not_started
        if len(told) < _TOLD_MAX and self._mediator.listener.alive(call):
            told[path] = _READ_ONLY

    def _stop_parent(self, task: Task, pending: Pending) -> None:
        self.flights.begin(task)
        try:
            pending.stopped = stop(task.parent_pid, task.system.is_member)
        except ProcessLookupError:
            return  # it was killed: nobody else is in this memory

    def _arrived(self, task: Task, pending: Pending) -> None:
        """The exec has happened: the old memory gets its bytes back, the parent goes on."""
        task.memory.forget()
        task.descriptors.forget()
        self._restore(task, pending, write=task.shares_memory)
        task.shares_memory = task.lends_memory = False

    def _restore(self, task: Task, pending: Pending, write: bool) -> None:
        if write:
            try:
                pending.memory.write(pending.address, pending.saved)
            except OSError:
                pass  # nobody is left in it
        pending.memory.forget()
        if pending.stopped >= 0:
            go_on(pending.stopped)
            pending.stopped = -1
        self.flights.end(task)
        self._retry()

    def _abandon(self, task: Task) -> None:
        """The stub will never arrive."""
        pending, task.pending = task.pending, None
        if isinstance(pending, Pending) and pending.number < 0:
            self._restore(task, pending, write=True)

    def _retry(self) -> None:
        mediator = self._mediator
        for waiting in self.flights.take_waiting():
            try:
                answer = self._begin(waiting.task, waiting.call, waiting.tid, waiting.arguments)
            except OSError as error:
                mediator.listener.fail(waiting.call, error.errno or EIO)
            else:
                mediator.send(waiting.call, answer)

    def check(self, task: Task, tid: int, number: int) -> None:
        """A call of a process whose exec is under way: from that very thread, unless it is the
        stub's, it means that the exec has failed."""
        pending = task.pending
        if isinstance(pending, Pending) and pending.tid == tid and pending.number < 0:
            if number != STUB_CALL:
                self._abandon(task)

    def give_up_lost(self) -> None:
        """Release what waits for stubs that will not arrive: their processes were killed."""
        for task in self.flights.lost():
            self._abandon(task)

    def _execute(self, task: Task, pending: Pending, call: int, stack: int) -> None:
        """Tell the stub to execute the program."""
        program = pending.execution.program
        host_fd = program.open(task)
        try:
            pending.number = self._mediator.listener.install(call, host_fd, cloexec=True)
        finally:
            os.close(host_fd)
        instruct(task.memory, stack, pending.number, program.prefix, pending.overlaps)
