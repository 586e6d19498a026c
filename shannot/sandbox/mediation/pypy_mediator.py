"""The mediator of the `pypy` runtime: answers the calls that come through the pipe.

One loop on the main thread, as `mediator.py`, which mediates the commands of such a script. What
the child asks is one row each; what it asks wrongly is an errno; only what is no call at all ends
the run, and then the child is dead before anything else is done.
"""

from __future__ import annotations

import os
import select
from errno import EIO

from shannot.errors import FAULT
from shannot.sandbox.channel.pypy_pipe import ClosedError, ProtocolError
from shannot.sandbox.kernel.answers import Exited
from shannot.sandbox.syscalls import pypy, pypy_stat
from shannot.sandbox.syscalls.pypy_kinds import FailedError
from shannot.sandbox.syscalls.table import Descriptor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.sandbox.channel.pypy_pipe import PypyPipe
    from shannot.sandbox.kernel.descriptors import DescriptorTable
    from shannot.sandbox.kernel.piped import PipedTask
    from shannot.sandbox.kernel.task import System, Task
    from shannot.sandbox.kernel.turn import Turn
    from shannot.sandbox.syscalls.pypy_layouts import Platform
    from shannot.sandbox.syscalls.table import Answer
    from shannot.sandbox.vfs.node import File

    from .pypy_commands import PypyCommands

_NO_ARGUMENTS = (0,)  # a row looks at the first where its kinds are constants


class _Table:
    """`Replacer` of `replacing.py`."""

    __slots__ = ("_table",)

    def __init__(self, table: DescriptorTable) -> None:
        self._table = table

    def replace(self, _call: int, source: int, number: int, cloexec: bool) -> None:
        self._table.put(number, os.dup(source), inheritable=not cloexec)


class PypyMediator:
    """Answers the calls of one run."""

    __slots__ = (
        "_pipe", "_platform", "_table", "_task", "_turn", "answered", "commands", "exit_status",
        "faults", "kill", "stopped", "system",
    )  # fmt: skip

    def __init__(
        self, system: System, pipe: PypyPipe, task: PipedTask, platform: Platform, turn: Turn
    ) -> None:
        self.system = system
        self._pipe = pipe
        self._task = task
        self._turn = turn
        self._platform = platform
        self._table: dict[bytes, Answer] = pypy.compiled(pypy.rows(platform))
        self._table |= pypy_stat.answers(platform)
        self.answered = 0  # calls so far
        self.stopped = False
        self.faults: list[str] = []  # at most 20: where each happened
        self.exit_status: int | None = None  # where the script ended by os._exit
        self.kill: Callable[[], None] = lambda: None
        self.commands: PypyCommands | None = None
        system.pack_stat = platform.stat
        task.allocate = pipe.allocate
        task.release = pipe.release
        task.wait = self._wait
        system.replace = self._replace

    def run(self) -> None:
        """Answer until the child has ended. Holds the turn but while it waits."""
        turn, next_call, dispatch = self._turn, self._pipe.next_call, self.dispatch
        turn.take()
        try:
            while True:
                turn.give()
                try:
                    call = next_call()
                finally:
                    turn.take()
                if call is None:
                    return
                dispatch(*call)
        except Exited as ending:
            self.kill()
            self.exit_status = ending.status
        except ClosedError:
            self.kill()
        except ProtocolError as error:
            self._break_off(str(error))
        finally:
            turn.give()
            self.stopped = True

    def _break_off(self, reason: str) -> None:
        """What it says cannot be understood: it is killed, and what is recorded is kept."""
        self.kill()
        self.faults.append(f"the interpreter was ended: {reason}")
        self.exit_status = FAULT

    def dispatch(self, signature: bytes, arguments: tuple[int, ...]) -> None:
        """One call: its row, its answer. Errors: ProtocolError, Exited."""
        self.answered += 1
        row = self._table.get(signature)
        if row is None:
            row = self._unusual(signature)
        try:
            answer = row(self._task, 0, arguments or _NO_ARGUMENTS)
            if type(answer) is not int and isinstance(answer, Descriptor):
                answer = self._task.open(answer.host_fd, answer.cloexec)
        except FailedError as error:
            self._pipe.set_errno(error.errno or EIO)
            self._pipe.reply(error.value)
        except OSError as error:
            self._pipe.fail(error.errno or EIO)
        except (ProtocolError, Exited):
            raise
        except Exception as fault:  # noqa: BLE001 - a fault of ours is never the child's way out
            self._note(fault, signature)
            self._pipe.fail(EIO)
        else:
            self._pipe.reply(answer)

    def _unusual(self, signature: bytes) -> Answer:
        """A row that is not loaded yet. Errors: ProtocolError for a call that is in no table."""
        from shannot.sandbox.syscalls import pypy_seldom  # half of the table: many ask none of it

        self._table |= pypy.compiled(pypy_seldom.rows(self._platform))
        if signature not in self._table:
            raise ProtocolError(f"{signature.decode('ascii', 'replace')[:80]!a} is in no table")
        return self._table[signature]

    def _note(self, fault: Exception, signature: bytes) -> None:
        from .faults import keep  # seldom needed

        keep(self.faults, fault, signature.decode("ascii"))

    def _wait(self, host_fd: int, events: int, seconds: float | None) -> bool:
        """`PipedTask.wait`. The child says nothing while it waits, but it may end."""
        poll = select.poll()
        poll.register(self._pipe.reader, 0)
        if host_fd >= 0:
            poll.register(host_fd, events)
        ready = poll.poll(0)
        if not ready:
            self._turn.give()
            try:
                ready = poll.poll(None if seconds is None else seconds * 1000)
            finally:
                self._turn.take()
        return any(number == host_fd for number, _ in ready)

    def _replace(self, task: Task, node: File, key: tuple[int, int]) -> None:
        from .replacing import replace  # seldom needed

        replace(_Table(self._task.table), 0, task, node, key)

    # -- for the attendant -----------------------------------------------------------------------

    def overdue(self) -> bool:
        return False

    def is_expecting(self) -> bool:
        return False  # a command that was asked for is under way

    def is_performing(self) -> bool:
        """Does a command still run on the host?"""
        return self.commands is not None and self.commands.is_performing()

    def is_deciding(self) -> bool:
        """Is a person being asked about a command?"""
        return self.commands is not None and self.commands.is_deciding()

    def let_end(self, patient: bool) -> None:
        """As `PypyCommands.let_end`."""
        if self.commands is not None:
            self.commands.let_end(patient)
