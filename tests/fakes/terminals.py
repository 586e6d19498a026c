"""A person at a terminal: a program under a pseudo-terminal, what it shows, and keys for it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE = 15.0  # seconds: only what never comes takes them


class Person:
    """Starts a program on a terminal of its own. `close` ends it whatever it does."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        size: tuple[int, int] = (80, 24),
    ) -> None:
        self.shown = b""
        self._from = 0  # what was not waited for yet
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(directory)
                self.resize(*size, fd=0)
                os.execve(argv[0], list(argv), dict(environment))
            finally:
                os._exit(99)
        self.status: int | None = None

    def resize(self, columns: int, lines: int, fd: int | None = None) -> None:
        """The terminal has this size from now on."""
        fcntl.ioctl(
            self.fd if fd is None else fd,
            termios.TIOCSWINSZ,
            struct.pack("HHHH", lines, columns, 0, 0),
        )

    def press(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def read(self, seconds: float) -> bool:
        """Take in what is shown. False at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.shown += data
        return bool(data)

    def expect(self, text: bytes) -> None:
        """Wait until this is shown, after what was waited for before."""
        end = time.monotonic() + PATIENCE
        while text not in self.shown[self._from :]:
            if time.monotonic() > end or not self.read(0.5):
                raise AssertionError(f"{text!r} never came: {self.shown[self._from :]!r}")
        self._from = self.shown.index(text, self._from) + len(text)

    def wait(self) -> int:
        """Its exit status, after everything it shows."""
        end = time.monotonic() + PATIENCE
        while self.read(0.2) and time.monotonic() < end:
            pass
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def hang_up(self) -> None:
        """The terminal is closed."""
        os.close(self.fd)
        self.fd = -1

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
