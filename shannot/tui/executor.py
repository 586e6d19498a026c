"""An execution, or a rollback, in a process of its own, which tells by a pipe how far it is.

The screen stays alive meanwhile, and one signal stops it as Ctrl-C stops `shannot execute`: what
was done stays recorded, and another execution goes on with it. If the screen is killed, the next
thing that is told finds no reader, and the execution stops there, too.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shannot.errors import ShannotError
from shannot.sessions.command import Sinks

if TYPE_CHECKING:
    from shannot.sessions.apply import Options
    from shannot.sessions.model import Session
    from shannot.tui.desk import Desk

Kind = Literal["begin", "end", "stdout", "stderr", "conflict", "error", "done"]

_KINDS: dict[int, Kind] = dict(
    enumerate(("begin", "end", "stdout", "stderr", "conflict", "error", "done"))
)
_NUMBERS = {kind: number for number, kind in _KINDS.items()}
_HEAD = struct.Struct("=BI")  # kind, bytes that follow
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class News:
    """One thing that the execution tells."""

    kind: Kind
    number: int = 0
    """Of an effect (begin, end)."""
    data: bytes = b""
    """Of a command's output."""
    text: str = ""
    """An error, a conflict, or the state that the session is in at the end (done)."""


class Executor:
    """The process, and what it has told so far. `close` ends it."""

    __slots__ = ("_fd", "_held", "_pid", "ended")

    def __init__(self, work: Callable[[Teller], None], again: str) -> None:
        """Begin. There must be no other thread in this process.

        work: does it, and tells. again: the command that goes on where it was stopped.
        """
        self._fd, told = os.pipe2(os.O_CLOEXEC)
        self._held = b""
        self.ended = False
        self._pid = os.fork()
        if self._pid == 0:
            _perform(work, again, told)
        os.close(told)

    def fileno(self) -> int:
        """Can be read when there is news."""
        return self._fd

    def news(self) -> Iterator[News]:
        """What was told since. Blocks where `fileno` cannot be read."""
        data = os.read(self._fd, _CHUNK)
        if not data:
            self.ended = True
            os.waitpid(self._pid, 0)
            self._pid = 0
            return
        self._held += data
        while len(self._held) >= _HEAD.size:
            kind, size = _HEAD.unpack_from(self._held)
            if len(self._held) < _HEAD.size + size:
                break
            body = self._held[_HEAD.size : _HEAD.size + size]
            self._held = self._held[_HEAD.size + size :]
            yield _read(_KINDS[kind], body)

    def stop(self) -> None:
        """Ask it to end where it is."""
        if self._pid:
            os.kill(self._pid, signal.SIGTERM)

    def close(self) -> None:
        """It is over, or is to be."""
        if self._pid:
            self.stop()
            os.waitpid(self._pid, 0)
            self._pid = 0
        os.close(self._fd)


def _read(kind: Kind, body: bytes) -> News:
    if kind in ("stdout", "stderr"):
        return News(kind, data=body)
    value: object = json.loads(body)
    if isinstance(value, int):
        return News(kind, number=value)
    return News(kind, text=str(value))


class Teller:
    """The child's end of the pipe. OSError where nobody listens any more."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def tell(self, kind: Kind, value: int | str) -> None:
        self.send(kind, json.dumps(value).encode("ascii"))

    def observe(self, event: str, number: int) -> None:
        """`Observer` of an execution."""
        if event == "begin":
            self.tell("begin", number)
        elif event == "end":
            self.tell("end", number)

    def send(self, kind: Kind, body: bytes) -> None:
        view = memoryview(_HEAD.pack(_NUMBERS[kind], len(body)) + body)
        while view:
            view = view[os.write(self._fd, view) :]


class _Output:
    """A command's stdout or stderr (`Sink`)."""

    __slots__ = ("_kind", "_teller")

    def __init__(self, teller: Teller, kind: Literal["stdout", "stderr"]) -> None:
        self._teller = teller
        self._kind: Literal["stdout", "stderr"] = kind

    def write(self, data: bytes, /) -> None:
        self._teller.send(self._kind, data)


def _perform(work: Callable[[Teller], None], again: str, told: int) -> None:
    """The child, from its first to its last instruction."""
    status = 1
    try:
        _detach()
        teller = Teller(told)
        try:
            work(teller)
        except ShannotError as error:
            teller.tell("error", str(error))
        except (KeyboardInterrupt, SystemExit):
            teller.tell("error", f"stopped; `{again}` goes on with it")
        except Exception:  # noqa: BLE001 - the boundary: it must not go on as the screen
            teller.tell("error", f"a mistake in shannot: {traceback.format_exc(limit=-1)}")
        status = 0
    finally:
        os._exit(status)


def execution(desk: Desk, session: Session, options: Options) -> Callable[[Teller], None]:
    """What was approved of a session, by the decision that it has here."""

    def work(teller: Teller) -> None:
        sinks = Sinks(_Output(teller, "stdout"), _Output(teller, "stderr"))
        result = desk.execute(session.id, options, sinks, teller.observe, session.decision)
        for conflict in result.conflicts:
            teller.tell("conflict", f"{conflict.number}: {conflict.message}")
        teller.tell("done", result.session.state)

    return work


def rollback(desk: Desk, session_id: str, force: bool) -> Callable[[Teller], None]:
    """What was executed of it, put back. The numbers are those of the steps."""

    def work(teller: Teller) -> None:
        result = desk.rollback(session_id, force, teller.observe)
        for conflict in result.conflicts:
            teller.tell("conflict", conflict.message)
        for line in result.differences:
            teller.tell("conflict", f"not as it was: {line}")
        teller.tell("done", result.session.state)

    return work


def _detach() -> None:
    """No key of the screen, no signal of its is ours; the terminal is not written to."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT, signal.SIGQUIT):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)  # it stops where the screen is stopped
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _frame: sys.exit(128 + number))
    null = os.open(os.devnull, os.O_RDWR)
    for host_fd in range(3):
        os.dup2(null, host_fd)
    os.close(null)
