"""The person at the terminal: shown what is to be decided, asked, and answered for nobody else.

The question and the answer go through /dev/tty, never stdin or stdout: those may belong to a
script or a pipe.
"""

from __future__ import annotations

import os
import select
import termios
from typing import TYPE_CHECKING, Self

from shannot.errors import RefusedError
from shannot.escape import one_way
from shannot.sessions.accounts import own_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

_LOOK = 0.1  # seconds between looks at whether there is still something to answer
_ANSWER_LIMIT = 4096  # bytes: what a terminal's line discipline holds (N_TTY_BUF_SIZE)


class Terminal:
    """/dev/tty, opened for one question. RefusedError where there is none."""

    __slots__ = ("_fd",)

    def __init__(self, purpose: str, path: str = "/dev/tty") -> None:
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            raise RefusedError(
                f"{purpose} needs a person at a terminal, and there is none (`--yes` goes without)"
            )

    def name(self) -> str:
        """Which terminal it is, for the record."""
        return own_terminal() or "/dev/tty"

    def fileno(self) -> int:
        return self._fd

    def show(self, lines: Iterable[str]) -> None:
        """Print lines, already escaped."""
        data = "".join(f"{one_way(line)}\n" for line in lines).encode("utf-8", "backslashreplace")
        self._write(data)

    def confirm(self, question: str) -> bool:
        """Ask; only a typed y or yes is a yes. Keys pressed before the question do not count."""
        termios.tcflush(self._fd, termios.TCIFLUSH)
        self._write(f"{question} [y/N] ".encode())
        answer = os.read(self._fd, _ANSWER_LIMIT)
        if not answer.endswith(b"\n"):
            self._write(b"\n")  # end of file: the line is still open
        return answer.strip().lower() in (b"y", b"yes")

    def choose(self, question: str, answers: Sequence[str], gone: Callable[[float], bool]) -> str:
        """Ask until one of these words is typed, or its first letter, which is returned.

        No other word counts: who types `abort` does not mean *always*. gone: has what is asked
        about ended, or does it within so many seconds? Then "" is returned, as it is at the end of
        the terminal.
        """
        termios.tcflush(self._fd, termios.TCIFLUSH)
        while True:
            self._write(f"{question} ".encode())
            while not select.select([self._fd], [], [], 0)[0]:
                if gone(_LOOK):
                    self._write(b"\n")
                    return ""
            try:
                line = os.read(self._fd, _ANSWER_LIMIT)
            except OSError:
                return ""
            if not line.endswith(b"\n"):
                return ""
            typed = line.strip().lower().decode("ascii", "replace")
            for answer in answers:
                if typed in (answer, answer[0]):
                    return answer[0]

    def line(self, question: str) -> str:
        """What is typed, without the spaces around it; "" at the end of the terminal."""
        termios.tcflush(self._fd, termios.TCIFLUSH)
        self._write(f"{question} ".encode())
        try:
            data = os.read(self._fd, _ANSWER_LIMIT)
        except OSError:
            return ""
        return data.strip().decode("utf-8", "replace") if data.endswith(b"\n") else ""

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)
