"""The terminal: raw keys in, painted rows out, and everything as it was before on every way out.

Thin on purpose: what is shown is decided by values (`cells.py`, the views), what is sent by
`paint.py`; only here are a descriptor, a signal and a mode.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

from shannot.errors import RefusedError
from shannot.tui.keys import Decoder
from shannot.tui.paint import Painter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shannot.tui.cells import Line

# The other screen, no cursor, no wrapping at the right edge; back in the reverse order.
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
_LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
_ESCAPE_DELAY = 0.05  # seconds in which the rest of a key's sequence must follow its Escape
_CHUNK = 4096


class Terminal:
    """/dev/tty for a whole screen. RefusedError where there is none."""

    __slots__ = ("_before", "_decoder", "_fd", "_handlers", "_keys", "_painter", "_pipe")

    def __init__(self, environment: Mapping[str, str], path: str = "/dev/tty") -> None:
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            raise RefusedError("reviewing needs a person at a terminal, and there is none")
        self._decoder = Decoder()
        self._painter = Painter(colour=not environment.get("NO_COLOR"))
        self._keys: list[str] = []
        self._handlers: list[
            tuple[int, Callable[[int, FrameType | None], object] | int | None]
        ] = []
        self._pipe = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._before = termios.tcgetattr(self._fd)

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            if signal.getsignal(number) != signal.SIG_IGN:
                self._handlers.append((number, signal.signal(number, _leave)))
        for number in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT):
            if signal.getsignal(number) != signal.SIG_IGN:
                self._handlers.append((number, signal.signal(number, _note)))
        signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers:
            signal.signal(number, handler)
        for fd in (*self._pipe, self._fd):
            os.close(fd)

    def size(self) -> tuple[int, int]:
        """(columns, lines), at least one of each."""
        try:
            found = os.get_terminal_size(self._fd)
        except OSError:
            return 80, 24
        return found.columns or 80, found.lines or 24  # 0: a line that never told

    def show(self, rows: Sequence[Line], size: tuple[int, int]) -> None:
        """Make the screen show these rows."""
        self._write(self._painter.paint(rows, size))

    def key(self, also: Sequence[int] = (), timeout: float | None = None) -> str:
        """The next key; "" where the size changed, one of `also` can be read, or time is up.

        EOFError where the terminal is gone.
        """
        while not self._keys:
            waits = _ESCAPE_DELAY if self._decoder.waits() else timeout
            ready, _, _ = select.select([self._fd, self._pipe[0], *also], [], [], waits)
            if self._fd in ready:
                self._keys += self._decoder.feed(self._read())
            elif not ready and self._decoder.waits():
                self._keys += self._decoder.flush()
            else:
                return self._signalled() if self._pipe[0] in ready else ""
        return self._keys.pop(0)

    def _signalled(self) -> str:
        """The key that the signals which have come stand for, "" for none (signal(7))."""
        came = os.read(self._pipe[0], _CHUNK)
        if signal.SIGTSTP in came:
            return "ctrl-z"
        if signal.SIGCONT in came:
            self._begin()  # it was stopped by SIGSTOP, and a shell has set the terminal since
        return ""

    def pressed(self) -> bool:
        """Does a key wait to be read? For work that a key shall end."""
        return bool(self._keys or select.select([self._fd], [], [], 0)[0])

    def forget_keys(self) -> None:
        """What was typed before a question does not answer it."""
        self._keys.clear()
        termios.tcflush(self._fd, termios.TCIFLUSH)

    def suspend(self) -> None:
        """Ctrl-Z: give the terminal back, stop, and take it again."""
        self._end()
        ours = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, ours)
        self._begin()

    def _begin(self) -> None:
        tty.setraw(self._fd, termios.TCSAFLUSH)
        self._painter.forget()
        self._write(_ENTER)

    def _end(self) -> None:
        try:
            self._write(_LEAVE)
            termios.tcsetattr(self._fd, termios.TCSAFLUSH, self._before)
        except (OSError, termios.error):
            pass  # the terminal is gone

    def _read(self) -> bytes:
        try:
            data = os.read(self._fd, _CHUNK)
        except OSError:
            data = b""
        if not data:
            raise EOFError
        return data

    def _write(self, text: str) -> None:
        view = memoryview(text.encode("utf-8", "backslashreplace"))
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError:
            raise EOFError


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _note(_number: int, _frame: FrameType | None) -> None:
    """The wake-up descriptor has it."""
