"""The mediator: receives every call of the child, finds its row, sends the answer.

One loop on the main thread; commands, output and time limits have threads of their own and end
the loop by killing the child. A handler's exception never leaves the loop: it becomes an errno.
"""

from __future__ import annotations

import os
import time
from errno import EAGAIN, EBADF, EIO, EMFILE, ENOSYS, EPERM, ESRCH

from .channel.seccomp_notify import Listener, ProcessDescriptors, ProcessMemory
from .commands import STUB_CALL, Commands, Pending
from .kernel.answers import CONTINUE, DEFERRED
from .kernel.task import System, Task
from .performer import Performer
from .syscalls.linux import rows
from .syscalls.table import Descriptor, compile_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .syscalls.numbers import Architecture
    from .syscalls.table import Answer
    from .vfs.node import Directory

_STUB_PATIENCE = 2.0
"""Seconds after which a stub that has not arrived never will."""

_FAULTS_KEPT = 20


class Mediator:
    """Answers the calls of one run."""

    __slots__ = (
        "_in_flight", "_names", "_processes", "_queued", "_table", "_threads", "commands", "faults",
        "group", "limit_hit", "listener", "performer", "started", "stdin_key", "stopped", "system",
    )  # fmt: skip

    def __init__(
        self, system: System, listener: Listener, group: int, architecture: Architecture
    ) -> None:
        self.system = system
        self.listener = listener
        self.group = group  # process group of everybody in the run
        self.started = False  # the child executes the interpreter
        self.stopped = False
        self.commands = Commands(self)
        self.performer = Performer(self)
        self.stdin_key = (0, 0)  # (st_dev, st_ino) of the script's own stdin
        self.limit_hit: Callable[[str], None] = lambda _name: None
        self.faults: list[str] = []  # at most 20: where each happened
        self._threads: dict[int, Task] = {}
        self._processes = 1
        self._in_flight: dict[int, tuple[int, float]] = {}  # parent: (child, since)
        self._queued: list[tuple[Task, int, tuple[int, ...]]] = []
        numbers = architecture.numbers()
        self._names = numbers
        self._table: list[Answer | None] = compile_table(
            rows(architecture.machine), numbers, listener.alive
        )
        for name in ("clone", "fork", "vfork", "execve", "execveat"):
            if name in numbers:
                self._table[numbers[name]] = getattr(self.commands, name)
        system.is_member = self.is_member
        system.processes = self.processes

    # -- the loop --------------------------------------------------------------------------------

    def begin(self) -> None:
        """Answer the first call: the launched child executes its interpreter."""
        notification = self.listener.receive()
        if notification is not None:
            self.dispatch(notification)

    def run(self, ended: Callable[[], bool]) -> None:
        """Answer until nobody is left, or `ended` says so after a signal."""
        receive = self.listener.receive
        dispatch = self.dispatch
        try:
            while True:
                notification = receive()
                if notification is not None:
                    dispatch(notification)
                elif ended():
                    return
                elif self._in_flight:
                    self.give_up_overdue()
        finally:
            self.stopped = True

    def dispatch(self, notification: tuple[int, ...]) -> None:
        """One call: its row, its answer."""
        call, tid, _, number = notification[:4]
        try:
            task = self._threads.get(tid) or self._introduce(tid)
            if task.pending is not None:
                self._check_pending(task, number)
            answer = self._find(number)(task, call, notification[6:])
        except OSError as error:
            self.listener.fail(call, error.errno or EIO)
            return
        except Exception as fault:  # noqa: BLE001 - a fault of ours is never the child's way out
            self._note(fault, number)
            self.listener.fail(call, EIO)
            return
        self.send(call, answer)

    def _note(self, fault: Exception, number: int) -> None:
        """Remember a mistake of ours by its place, never by its values: they are the script's."""
        if len(self.faults) >= _FAULTS_KEPT:
            return
        trace = fault.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = ""
        if trace is not None:
            name = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
            place = f" at {name}:{trace.tb_lineno}"
        self.faults.append(f"{self._name(number)}: {type(fault).__name__}{place}")

    def _find(self, number: int) -> Answer:
        table = self._table
        if 0 <= number < len(table):
            answer = table[number]
            if answer is not None:
                return answer
        if number == STUB_CALL:
            return self.commands.stub
        self.system.refuse_call(self._name(number))
        raise OSError(ENOSYS, "in no row")

    def _name(self, number: int) -> str:
        for name, known in self._names.items():
            if known == number:
                return name
        return f"number {number}"

    def send(self, call: int, answer: int | Descriptor) -> None:
        """Send what a row returned."""
        if isinstance(answer, Descriptor):
            try:
                self.listener.give(call, answer.host_fd, answer.cloexec)
            except OSError as error:
                self.listener.fail(call, error.errno if error.errno != EBADF else EMFILE)
            finally:
                os.close(answer.host_fd)
        elif answer == CONTINUE:
            self.listener.resume(call)
        elif answer != DEFERRED:
            self.listener.reply(call, answer)

    # -- tasks -----------------------------------------------------------------------------------

    def add(self, pid: int, cwd: Directory, umask: int) -> Task:
        """The first process."""
        task = self._task(pid, 0, cwd, umask)
        self._threads[pid] = task
        return task

    def _task(self, pid: int, parent_pid: int, cwd: Directory, umask: int) -> Task:
        memory, descriptors = ProcessMemory(pid), ProcessDescriptors(pid)
        task = Task(self.system, pid, parent_pid, cwd, umask, memory, descriptors)
        self.system.tasks[pid] = task
        return task

    def _introduce(self, tid: int) -> Task:
        """A thread that has not called before, or not since the last fork."""
        pid, parent_pid = _identify(tid)
        task = self.system.tasks.get(pid)
        if task is None or task.parent_pid not in (0, parent_pid) and not _same(task, parent_pid):
            task = self._born(pid, parent_pid)
        self._threads[tid] = task
        return task

    def _born(self, pid: int, parent_pid: int) -> Task:
        tasks = self.system.tasks
        parent = tasks.get(parent_pid)
        if parent is None or not parent.forks:
            parent = next((task for task in tasks.values() if task.forks), parent)
        if parent is None:
            raise OSError(EPERM, "a process of unknown descent")
        cwd, umask, shared = parent.forks.pop(0) if parent.forks else (parent.cwd, parent.umask, 0)
        old = tasks.pop(pid, None)
        if old is not None:
            _release(old)
        task = self._task(pid, parent_pid, cwd, umask)
        task.group, task.session = parent.group, parent.session
        task.executable = parent.executable
        task.shares_memory = bool(shared)
        return task

    def forget_threads(self) -> None:
        """A fork may reuse the number of a thread that has ended: look each up again."""
        self._threads.clear()
        if len(self.system.tasks) > 64:
            alive = set(self.processes())
            for pid in [pid for pid in self.system.tasks if pid not in alive]:
                _release(self.system.tasks.pop(pid))

    def count_process(self) -> None:
        """One more task. At the limit those alive are counted. Errors: EAGAIN."""
        self.system.unpin()
        self._processes += 1
        if self._processes > self.system.limits.processes:
            self._processes = sum(_threads_of(pid) for pid in self.processes()) + 1
            if self._processes > self.system.limits.processes:
                self.limit_hit("processes")
                raise OSError(EAGAIN, "too many processes")

    def is_member(self, pid: int) -> bool:
        """Is this process of the run? Everybody is in one process group."""
        try:
            return os.getpgid(pid) == self.group
        except OSError:
            return False

    def processes(self) -> list[int]:
        """Every process of the run that is alive, or not yet waited for."""
        found = []
        for name in os.listdir(b"/proc"):
            if name.isdigit() and self.is_member(int(name)):
                found.append(int(name))
        return found

    # -- stubs under way -------------------------------------------------------------------------

    def wait_for_stub(self, task: Task, call: int, arguments: tuple[int, ...]) -> bool:
        """Is another exec under way in the same memory? Then this one is tried again later."""
        if task.parent_pid not in self._in_flight:
            return False
        self._queued.append((task, call, arguments))
        return True

    def expect_stub(self, task: Task) -> None:
        if task.shares_memory:
            self._in_flight[task.parent_pid] = (task.pid, time.monotonic())

    def stub_arrived(self, task: Task) -> None:
        if self._in_flight.get(task.parent_pid, (0, 0))[0] == task.pid:
            del self._in_flight[task.parent_pid]
            self._retry()

    def _retry(self) -> None:
        queued, self._queued = self._queued, []
        for task, call, arguments in queued:
            try:
                answer = self.commands.execve(task, call, arguments)
            except OSError as error:
                self.listener.fail(call, error.errno or EIO)
            else:
                self.send(call, answer)

    def _check_pending(self, task: Task, number: int) -> None:
        """A call of a process whose exec was under way: unless it is the stub's, the exec failed."""
        if number in (STUB_CALL, self._names["execveat"]):
            return
        pending, task.pending = task.pending, None
        if isinstance(pending, Pending) and pending.number < 0:
            self.commands.abandon(pending)
            self.stub_arrived(task)

    def overdue(self) -> bool:
        """Has a stub not arrived in time? Asked now and then by the attendant."""
        now = time.monotonic()
        return any(now - since > _STUB_PATIENCE for _, since in self._in_flight.values())

    def give_up_overdue(self) -> None:
        """Release what waits for stubs that will not arrive: their processes were killed."""
        now = time.monotonic()
        for parent, (pid, since) in list(self._in_flight.items()):
            task = self.system.tasks.get(pid)
            if now - since <= _STUB_PATIENCE:
                continue
            del self._in_flight[parent]
            if task is not None and isinstance(task.pending, Pending):
                self.commands.abandon(task.pending)
                task.pending = None
        self._retry()


def _identify(tid: int) -> tuple[int, int]:
    """(process, its parent) of a thread. Errors: ESRCH."""
    try:
        host_fd = os.open(b"/proc/%d/status" % tid, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        raise OSError(ESRCH, "gone") from None
    try:
        status = os.read(host_fd, 4096)
    finally:
        os.close(host_fd)
    fields = dict(line.split(b":\t", 1) for line in status.splitlines() if b":\t" in line)
    return int(fields[b"Tgid"]), int(fields[b"PPid"])


def _threads_of(pid: int) -> int:
    try:
        return len(os.listdir(b"/proc/%d/task" % pid))
    except OSError:
        return 0


def _same(task: Task, parent_pid: int) -> bool:
    """Its parent ended and it was handed to another: still the same process."""
    return parent_pid not in task.system.tasks


def _release(task: Task) -> None:
    task.memory.forget()
    task.descriptors.forget()
