"""The mediator of the `pypy` runtime: answers the calls that come through the pipe.

One loop on the main thread, as `mediator.py`, which mediates the commands of such a script. What
the child asks is one row each; what it asks wrongly is an errno; only what is no call at all ends
the run, and then the child is dead before anything else is done.
"""

from __future__ import annotations

import os
import select
from errno import EIO
from struct import Struct

from shannot.errors import FAULT
from shannot.sandbox.channel.pypy_pipe import (
    INTEGER_REPLY,
    MESSAGE,
    WORD,
    ClosedError,
    ProtocolError,
)
from shannot.sandbox.kernel.answers import Exited
from shannot.sandbox.syscalls import pypy, pypy_stat
from shannot.sandbox.syscalls.pypy_kinds import FailedError
from shannot.sandbox.syscalls.table import Descriptor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.sandbox.channel.pypy_pipe import Form, PypyPipe
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


class Call:
    """A signature that was there before: how its message is read, and what answers it."""

    __slots__ = ("form", "row", "signature", "size", "unpack")

    def __init__(self, signature: bytes, form: Form, row: Answer) -> None:
        self.signature = signature
        self.form = form  # the result is an integer or a pointer
        self.row = row
        self.size = 1 + len(signature) + form.size  # of the whole message
        self.unpack = Struct(f"={1 + len(signature)}x{form.letters}").unpack


class PypyMediator:
    """Answers the calls of one run."""

    __slots__ = (
        "_learnt", "_pipe", "_platform", "_table", "_task", "_turn", "answered", "commands",
        "exit_status", "faults", "kill", "stopped", "system",
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
        self._learnt: dict[bytes, Call] = {}  # by the beginning of its message
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
        self._turn.take()
        try:
            self._answer_all()
        except Exited as ending:
            self.kill()
            self.exit_status = ending.status
        except (ClosedError, BrokenPipeError):
            self.kill()
        except ProtocolError as error:
            self._break_off(str(error))
        finally:
            self._turn.give()
            self.stopped = True

    def _answer_all(self) -> None:
        """The loop. What is usual is done here, since each function more costs as much as what it
        does: a message that is whole and alone, of a signature that was there before, whose row
        succeeds. Errors: ProtocolError, BrokenPipeError, Exited."""
        pipe, task, learnt = self._pipe, self._task, self._learnt
        give, take, read, write = self._turn.give, self._turn.take, os.read, os.write
        reader, writer, pack = pipe.reader, pipe.writer, INTEGER_REPLY.pack
        while True:
            give()
            try:
                data = pipe.pending or read(reader, MESSAGE)
            finally:
                take()
            if not data:
                return
            call = learnt.get(data[: data[0] + 1])
            if call is None or len(data) != call.size or pipe.pending:
                self._answer_others(data)
                continue
            self.answered += 1
            try:
                answer = call.row(task, 0, call.unpack(data) or _NO_ARGUMENTS)
                if type(answer) is not int:
                    answer = self._number(answer)
            except Exception as error:  # noqa: BLE001 - sorted out there
                pipe.form = call.form
                self._refuse(error, call.signature)
                continue
            data = pack(call.form.letter, answer & WORD)
            if pipe.queued:
                data = pipe.queued + data
                pipe.queued = b""
            if write(writer, data) != len(data):
                raise ClosedError("its pipe is closed")

    def _answer_others(self, data: bytes) -> None:
        """A message that is not whole, not alone, or of a new signature, and what came with it."""
        pipe = self._pipe
        pipe.pending = data
        while pipe.pending:
            self._turn.give()
            try:
                call = pipe.next_call()
            finally:
                self._turn.take()
            if call is not None:
                self.dispatch(*call)
                self._learn(call[0], pipe.form)

    def _learn(self, signature: bytes, form: Form) -> None:
        if form.result in "ip" and signature in self._table:
            header = bytes((len(signature),)) + signature
            self._learnt[header] = Call(signature, form, self._table[signature])

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
            if isinstance(answer, Descriptor):
                answer = self._number(answer)
        except Exception as error:  # noqa: BLE001 - sorted out there
            self._refuse(error, signature)
        else:
            self._pipe.reply(answer)

    def _number(self, answer: object) -> int:
        """What the child is told of an answer that is no plain integer. Errors: EMFILE."""
        if isinstance(answer, Descriptor):
            return self._task.open(answer.host_fd, answer.cloexec)
        return int(answer)  # type: ignore[call-overload,no-any-return]  # a bool

    def _refuse(self, error: Exception, signature: bytes) -> None:
        """A row has failed. Errors: ProtocolError, Exited, which end more than the call."""
        if isinstance(error, FailedError):
            self._pipe.set_errno(error.errno or EIO)
            self._pipe.reply(error.value)
        elif isinstance(error, OSError):
            self._pipe.fail(error.errno or EIO)
        elif isinstance(error, ProtocolError | Exited):
            raise error
        else:  # a fault of ours is never the child's way out
            self._note(error, signature)
            self._pipe.fail(EIO)

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
