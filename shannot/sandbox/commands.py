"""Commands: how an execve(2) of the child becomes what the gate answered.

Theory of operation
-------------------
The kernel cannot be told to execute another program than the one whose path lies in the child's
memory, and that path could be changed under its eyes. So it always executes the stub
(`channel/seccomp_stub`): the real working directory holds that one file, named `s`, and the first
two bytes of the path are overwritten by `s\\0` before the call CONTINUEs. The stub asks what to be:

    confine   it gets a descriptor of the program and executes that: a process of its own memory,
              with one thread, so nobody can change what it passes
    assume    it exits with the given status
    perform   it waits, and exits as the command that runs on the host instead

Another thread of the child may win the race and put some other path before the kernel's eyes. What
then runs is still under the filter and under Landlock: that the wrong program runs confined is no
escape, and no command of the host is ever started from the child's memory.

A child of vfork(2) or posix_spawn(3) shares memory with its parent. The parent is stopped until
the two bytes are back, and one such exec is under way at a time for each parent.
"""

from __future__ import annotations

import os
import struct
from errno import EFAULT, ENOSYS

from .channel.stub import BUFFER, EXECUTE, EXIT, ORDER, STUB_CALL
from .kernel.answers import CONTINUE, DEFERRED
from .kernel.processes import ARGUMENTS_MAX, Execution, check_clone, prepare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel.seccomp_notify import Listener, ProcessMemory
    from .kernel.task import Task
    from .mediator import Mediator

__all__ = ["STUB_CALL", "Commands"]

_STUB_NAME = b"s\0"
_STRINGS = BUFFER + 64
_POINTERS = 4096
_COUNT_MAX = 1 << 17
_SIGSTOP, _SIGCONT = 19, 18


class Pending:
    """An exec under way."""

    __slots__ = ("address", "execution", "memory", "number", "saved", "stopped")

    def __init__(
        self, execution: Execution, memory: ProcessMemory, address: int, saved: bytes, stopped: int
    ) -> None:
        self.execution = execution
        self.memory = memory  # the address space before the exec
        self.address = address
        self.saved = saved  # the two bytes
        self.stopped = stopped  # the parent that waits with SIGSTOP, or 0
        self.number = -1  # of the program's descriptor in the stub, once it has one


class Commands:
    """The rows of fork, exec and the stub for one run."""

    __slots__ = ("_mediator",)

    def __init__(self, mediator: Mediator) -> None:
        self._mediator = mediator

    # -- rows: (task, call, arguments) -> answer -------------------------------------------------

    def clone(self, task: Task, _call: int, arguments: tuple[int, ...]) -> int:
        self._mediator.count_process()
        check_clone(task, arguments[0])
        self._mediator.forget_threads()
        return CONTINUE

    def fork(self, task: Task, call: int, _arguments: tuple[int, ...]) -> int:
        return self.clone(task, call, (0,))

    def vfork(self, task: Task, call: int, _arguments: tuple[int, ...]) -> int:
        return self.clone(task, call, (0x4100,))  # CLONE_VFORK | CLONE_VM

    def execve(self, task: Task, call: int, arguments: tuple[int, ...]) -> int:
        mediator = self._mediator
        if not mediator.started:
            mediator.started = True
            task.memory.forget()
            return CONTINUE  # the very first: ours
        memory = task.memory
        path = memory.read_string(arguments[0], 4096)
        argv = _strings(memory, arguments[1])
        environment = _strings(memory, arguments[2])
        if not mediator.listener.alive(call):
            raise OSError(EFAULT, "the caller is gone")
        if task.shares_memory and mediator.wait_for_stub(task, call, arguments):
            return DEFERRED
        execution = prepare(task, path, argv, environment)
        saved = memory.read(arguments[0], 2)
        stopped = self._stop_parent(task)
        try:
            memory.write(arguments[0], _STUB_NAME)
        except OSError:
            self._continue_parent(stopped)
            raise
        task.pending = Pending(execution, memory.detach(), arguments[0], saved, stopped)
        mediator.expect_stub(task)
        return CONTINUE

    def execveat(self, task: Task, _call: int, arguments: tuple[int, ...]) -> int:
        mediator = self._mediator
        if not mediator.started:
            mediator.started = True
            task.memory.forget()
            return CONTINUE
        pending = task.pending
        if not isinstance(pending, Pending) or pending.number < 0:
            raise OSError(ENOSYS, "only by path")
        if arguments[0] != pending.number or arguments[4] != 0x1000:
            raise OSError(ENOSYS, "only by path")
        task.pending = None
        task.executable = pending.execution.program.path
        task.memory.forget()
        return CONTINUE

    def stub(self, task: Task, call: int, arguments: tuple[int, ...]) -> int:
        """The stub asks what to be."""
        pending = task.pending
        if not isinstance(pending, Pending) or pending.number >= 0:
            raise OSError(ENOSYS, "no exec under way")
        self._arrived(task, pending)
        answer = pending.execution.answer
        if answer.kind == "confine":
            self._execute(task, pending, call, arguments[0])
            return 0
        task.pending = None
        if answer.kind == "assume":
            return self._mediator.performer.assume(task, call, answer)
        return self._mediator.performer.perform(task, call, answer)

    # -- steps -----------------------------------------------------------------------------------

    def _stop_parent(self, task: Task) -> int:
        if not task.shares_memory or task.parent_pid not in task.system.tasks:
            return 0
        os.kill(task.parent_pid, _SIGSTOP)
        return task.parent_pid

    def _continue_parent(self, pid: int) -> None:
        if pid:
            os.kill(pid, _SIGCONT)

    def _arrived(self, task: Task, pending: Pending) -> None:
        """The exec has happened: the old memory gets its bytes back, the parent goes on."""
        task.memory.forget()
        if task.shares_memory:
            try:
                pending.memory.write(pending.address, pending.saved)
            except OSError:
                pass  # the parent is gone as well
        pending.memory.forget()
        self._continue_parent(pending.stopped)
        pending.stopped = 0
        task.shares_memory = False
        task.descriptors.forget()
        self._mediator.stub_arrived(task)

    def abandon(self, pending: Pending) -> None:
        """The stub will never arrive."""
        try:
            pending.memory.write(pending.address, pending.saved)
        except OSError:
            pass
        pending.memory.forget()
        self._continue_parent(pending.stopped)

    def _execute(self, task: Task, pending: Pending, call: int, stack: int) -> None:
        program = pending.execution.program
        host_fd = program.open(task)
        try:
            pending.number = self._mediator.listener.install(call, host_fd, cloexec=True)
        finally:
            os.close(host_fd)
        memory = task.memory
        count = struct.unpack("=Q", memory.read(stack, 8))[0]
        argv = stack + 8
        if program.prefix:
            argv = self._insert(memory, argv, program.prefix)
        environment = stack + 8 + 8 * (count + 1)
        memory.write(BUFFER, ORDER.pack(EXECUTE, pending.number, argv, environment))

    def _insert(self, memory: ProcessMemory, argv: int, prefix: tuple[bytes, ...]) -> int:
        """Put the words of a `#!` line in argv[0]'s place; what is below the stack is free."""
        address = _STRINGS
        pointers = []
        for word in prefix:
            pointers.append(address)
            memory.write(address, word + b"\0")
            address += len(word) + 1
        start = argv - 8 * (len(prefix) - 1)
        memory.write(start, struct.pack(f"={len(pointers)}Q", *pointers))
        return start

    def exit(self, task: Task, call: int, status: int) -> None:
        """Let a stub that waits end with this status."""
        try:
            task.memory.write(BUFFER, ORDER.pack(EXIT, status, 0, 0))
        except OSError:
            return
        self._mediator.listener.reply(call, 0)


def _strings(memory: ProcessMemory, address: int) -> list[bytes]:
    """A NULL-terminated array of strings, bounded as execve(2) bounds it. Errors: EFAULT, E2BIG."""
    if not address:
        return []
    strings: list[bytes] = []
    size = 0
    while True:
        block = _pointers(memory, address)
        for (pointer,) in struct.iter_unpack("=Q", block):
            if not pointer:
                return strings
            word = memory.read_string(pointer, 131072)  # MAX_ARG_STRLEN
            strings.append(word)
            size += len(word) + 9
            if size > ARGUMENTS_MAX or len(strings) > _COUNT_MAX:
                raise OSError(7, "arguments too long")  # E2BIG
        address += len(block)


def _pointers(memory: ProcessMemory, address: int) -> bytes:
    """Some pointers of an array, up to the end of their page."""
    room = _POINTERS - address % _POINTERS
    return memory.read(address, room - room % 8 if room >= 8 else 8)


def is_listening(listener: Listener) -> bool:
    return listener.host_fd >= 0
