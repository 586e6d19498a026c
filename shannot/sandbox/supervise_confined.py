"""Supervise confined commands of the `pypy` runtime, over the script's own tree and layer.

Theory of operation. A script of the `pypy` runtime has no processes; a program that it starts and
that is confined becomes a child of ours, launched and mediated as an interpreter of the `cpython`
runtime is. Each has a process group, a filter and a mediator of its own, on a thread that ends
when the last process of the group has. All answer from one tree and one layer, which know no
threads: whoever answers has the turn (`kernel/turn.py`). Limits are the attendant's, who sees the
processes of all of them as the run's.
"""

from __future__ import annotations

import os
import select
import time
from _thread import start_new_thread
from errno import EAGAIN, EIO

from shannot.errors import FAULT, ShannotError

from .channel.guardian import Guardian
from .channel.kernel_calls import pidfd_send_signal
from .channel.seccomp_filter import compile_filter
from .channel.seccomp_notify import Listener
from .kernel.children import Child
from .kernel.task import System
from .mediation.mediator import Mediator
from .runtimes import cpython
from .syscalls.rules import rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .channel.seccomp_launch import Child as Launched
    from .kernel.processes import Execution
    from .kernel.task import Task
    from .kernel.turn import Turn
    from .spec import Spec
    from .syscalls.numbers import Architecture
    from .vfs.tree import Tree

_KILL = 9
_LOOK = 100  # milliseconds between looks for what the first process has left behind
_PATIENCE = 5.0  # seconds until killed processes are gone
_COULD_NOT = 126


class Confiner:
    """Those of one run. `Confiner` of `mediation/pypy_commands.py`."""

    __slots__ = (
        "_alive", "_architecture", "_executable", "_faults", "_filter", "_mediators", "_own",
        "_spec", "_stopped", "_system", "limit_hit", "turn",
    )  # fmt: skip

    def __init__(
        self,
        spec: Spec,
        system: System,
        tree: Tree,
        architecture: Architecture,
        turn: Turn,
        limit_hit: Callable[[str], None],
        faults: list[str],
    ) -> None:
        """system: the script's own, whose `is_member`, `process` and `processes` know the script
        alone; they are extended to all that is started here."""
        self._spec = spec
        self._system = system
        self._executable = tuple(tree.executable)
        self._architecture = architecture
        self._filter = b""
        self._faults = faults
        self._alive: list[Confined] = []
        self._mediators: list[Mediator] = []  # of all that have started something on the host
        self._stopped = False
        self.turn = turn
        self.limit_hit = limit_hit
        self._own = (system.is_member, system.process, system.processes)
        system.is_member = self._is_member
        system.process = self._process
        system.processes = system.everybody = self._processes

    def start(
        self,
        task: Task,
        execution: Execution,
        argv: Sequence[bytes],
        environment: Sequence[bytes],
        stdio: tuple[int, int, int],
    ) -> Child:
        """Run a program in the sandbox. Errors: EAGAIN, EIO, those of opening the program."""
        if self._stopped or len(self._processes()) >= self._spec.limits.processes:
            raise OSError(EAGAIN, "too many processes")
        self._system.unpin()
        program = execution.program
        words = [*program.prefix, *argv[1:]] if program.prefix else argv
        host_fd = program.open(task)
        try:
            launched = cpython.launch_program(
                self._spec, host_fd, words, environment, stdio, self._made_filter(),
                self._executable, execution.restore_signals,
            )  # fmt: skip
        except ShannotError as error:
            self.note(str(error))
            raise OSError(EIO, "cannot be confined") from None
        finally:
            os.close(host_fd)
        mediator = Mediator(
            self._own_system(), Listener(launched.listener), launched.pid, self._architecture
        )
        confined = Confined(self, mediator, launched, Guardian(launched.pid, self._spec.private))
        first = mediator.add(launched.pid, task.cwd, task.umask)
        first.executable = program.path
        first.comm = execution.names(-1)
        self._alive.append(confined)
        start_new_thread(confined.serve, ())
        return confined.child

    def _made_filter(self) -> bytes:
        if not self._filter:
            terminal = bool(self._system.terminals)
            self._filter = compile_filter(rules(), self._architecture, terminal=terminal)
        return self._filter

    def _own_system(self) -> System:
        """That of one command: processes of its own, and all else the script's."""
        own = self._system
        system = System(own.identity, own.overlay, own.lookup, own.limits, own.gate)
        system.sockets_refused = own.sockets_refused
        system.calls_refused = own.calls_refused
        system.stdin_key = own.stdin_key
        system.terminals = own.terminals
        system.processors = own.processors
        system.everybody = self._processes
        return system

    def is_performing(self) -> bool:
        """Does anything still run on the host that one of them has started?"""
        return any(mediator.is_performing() for mediator in tuple(self._mediators))

    def is_deciding(self) -> bool:
        """Is a person being asked about anything that one of them wants to start?"""
        return any(each.mediator.is_deciding() for each in tuple(self._alive))

    def let_end(self, patient: bool) -> None:
        """Kill all of them, and, unless `patient`, what they have started on the host. Called on
        any thread."""
        self._stopped = True
        for mediator in tuple(self._mediators):
            mediator.let_end(patient)
        for confined in tuple(self._alive):
            confined.mediator.let_end(patient)
            confined.kill()

    def close(self) -> None:
        """Kill all of them, and wait until nobody answers from the tree any more."""
        end = time.monotonic() + _PATIENCE
        while self._alive and time.monotonic() < end:
            self.let_end(patient=False)
            time.sleep(0.001)

    def ended(self, confined: Confined) -> None:
        """The last process of a command is gone. On its own thread, which has the turn."""
        self._alive.remove(confined)
        self._faults += confined.mediator.faults
        confined.mediator.family.close()
        if confined.mediator.is_performing():
            self._mediators.append(confined.mediator)

    def note(self, fault: str) -> None:
        """A mistake of ours, or of this host's."""
        self._faults.append(fault)

    def caller(self, tid: int) -> None:
        """The thread whose call is answered next: /proc/thread-self asks the script's system."""
        self._system.caller = tid

    # -- the run's processes ----------------------------------------------------------------------

    def _is_member(self, pid: int) -> bool:
        return self._own[0](pid) or any(each.is_member(pid) for each in tuple(self._alive))

    def _process(self, pid: int) -> Task:
        for each in tuple(self._alive):
            if each.is_member(pid):
                return each.mediator.family.process(pid)
        return self._own[1](pid)

    def _processes(self) -> list[int]:
        found = list(self._own[2]())
        for each in tuple(self._alive):
            found += each.mediator.family.processes()
        return found


class Confined:
    """One command and what it starts."""

    __slots__ = ("_closed", "_confiner", "_guardian", "_launched", "_told", "child", "mediator")

    def __init__(
        self, confiner: Confiner, mediator: Mediator, launched: Launched, guardian: Guardian
    ) -> None:
        self._confiner = confiner
        self._launched = launched
        self._guardian = guardian
        self._closed = False
        self._told = False
        self.mediator = mediator
        mediator.limit_hit = confiner.limit_hit
        mediator.before_fork = guardian.appoint
        self.child = Child(launched.pid, self._send)

    def _send(self, signal: int) -> None:
        """To its first process alone, as kill(2) has it. On a thread that has the turn."""
        if not self._closed:
            pidfd_send_signal(self._launched.pidfd, signal)

    def is_member(self, pid: int) -> bool:
        """Does this process belong to the command?"""
        return self.mediator.family.is_member(pid)

    def kill(self) -> None:
        """Kill the whole group: its number stays its own until `_close`."""
        try:
            if not self._closed:
                os.killpg(self._launched.pid, _KILL)
        except ProcessLookupError:
            pass

    def serve(self) -> None:
        """Answer until the last process is gone. On a thread of its own."""
        try:
            self.mediator.begin()
            self._serve()
        except Exception as fault:  # noqa: BLE001 - as in the mediator: never silently lost
            self._confiner.note(f"a confined command: {type(fault).__name__}")
        finally:
            self.kill()
            with self._confiner.turn:
                self._close()

    def _serve(self) -> None:
        mediator, turn, caller = self.mediator, self._confiner.turn, self._confiner.caller
        listener, pidfd = mediator.listener, self._launched.pidfd
        poll = select.poll()
        poll.register(listener.host_fd, select.POLLIN)
        poll.register(pidfd, select.POLLIN)
        wait = None
        while True:
            ready = dict(poll.poll(wait))
            events = ready.get(listener.host_fd, 0)
            if events & select.POLLIN:
                notification = listener.receive()
                if notification is not None:
                    with turn:
                        caller(notification[1])
                        mediator.dispatch(notification)
            elif pidfd in ready:
                poll.unregister(pidfd)
                wait = _LOOK
                self._tell_end()
            elif events or mediator.family.processes() == [self._launched.pid]:
                return  # before Linux 6.11 the filter of a process lives as long as its number

    def _tell_end(self) -> None:
        """The first process has ended, or is about to, and so, to the script, has the command."""
        self._told = True
        found = os.waitid(os.P_PIDFD, self._launched.pidfd, os.WEXITED | os.WNOWAIT)
        status = _COULD_NOT
        if found is not None:
            exited = found.si_code == os.CLD_EXITED
            status = found.si_status if exited else -found.si_status
        complaint = self._launched.complaint() if status == FAULT else ""
        if complaint:
            self._confiner.note(f"a confined command could not be executed: {complaint}")
            status = _COULD_NOT
        self.child.end(status)

    def _close(self) -> None:
        self._closed = True
        if not self._told:
            self._tell_end()
        os.waitpid(self._launched.pid, 0)
        self._confiner.ended(self)
        self._guardian.dismiss()
        self._launched.close()
