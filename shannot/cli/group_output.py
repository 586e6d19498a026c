"""Output of several machines at once: whole lines, each behind its machine's name."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, TypeVar

from shannot.cli.envelope import error_fields
from shannot.cli.progress import progress
from shannot.errors import UNSUCCESSFUL
from shannot.escape import Sanitiser, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shannot.cli.envelope import Json
    from shannot.workflows.group import HostResult

T = TypeVar("T")
_LINE_MAX = 1 << 16
"""Bytes of a line that is kept back until its end."""
_TICK = 0.5  # seconds
_NAMED = 3
"""Machines that the progress names."""


class Board:
    """One place for all that is printed while machines are worked on, so that no line is cut."""

    def __init__(self, hosts: Sequence[str], verb: str) -> None:
        self._lock = threading.Lock()
        self._progress = progress()
        self._running: list[str] = []
        self._over = self._failed = 0
        self._verb = verb
        self._total = len(hosts)
        self._width = max(map(len, hosts))
        self._is_over = threading.Event()
        threading.Thread(target=self._tick, daemon=True).start()

    def sinks(self, host: str) -> dict[str, HostSink]:
        """For the stdout and the stderr of one machine."""
        prefix = f"{host:<{self._width}} | ".encode()
        return {"stdout": HostSink(self, 1, prefix), "stderr": HostSink(self, 2, prefix)}

    def begun(self, host: str) -> None:
        """A machine is worked on from now on."""
        with self._lock:
            self._running.append(host)
            self._draw()

    def ended(self, found: HostResult[object], failed: bool) -> None:
        """A machine is over; what went wrong is told at once."""
        with self._lock:
            if found.host in self._running:
                self._running.remove(found.host)
            self._over += 1
            self._failed += failed
            self._draw()
        if found.error is not None:
            self.say(f"shannot: {error_text(found)}")

    def say(self, line: str) -> None:
        """One line on stderr."""
        self.write(2, line.encode("utf-8", "backslashreplace") + b"\n")

    def write(self, host_fd: int, data: bytes) -> None:
        """Whole lines, to one of our descriptors; one that nobody reads is no error."""
        with self._lock:
            self._progress.finish()
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(host_fd, view) :]
            except OSError:
                pass
            self._draw()

    def finish(self) -> None:
        """Before anything else is printed."""
        self._is_over.set()
        with self._lock:
            self._progress.finish()

    def _tick(self) -> None:
        """Nobody may tell anything for long."""
        while not self._is_over.wait(_TICK):
            with self._lock:
                self._draw()

    def _draw(self) -> None:
        if self._is_over.is_set():
            return
        named = ", ".join(self._running[:_NAMED])
        more = f" and {len(self._running) - _NAMED} more" if len(self._running) > _NAMED else ""
        failed = f", {self._failed} failed" if self._failed else ""
        self._progress.count(
            f"{self._verb}: {self._over} of {self._total} machines over{failed}; at {named}{more}"
        )


class HostSink:
    """A stream of one machine, on its way to one of our descriptors."""

    def __init__(self, board: Board, host_fd: int, prefix: bytes) -> None:
        self._board = board
        self._host_fd = host_fd
        self._prefix = prefix
        self._kept = bytearray()
        self._sanitiser = Sanitiser() if os.isatty(host_fd) else None

    def write(self, data: bytes) -> None:
        """Print the lines that it ends."""
        self._kept += data if self._sanitiser is None else self._sanitiser.feed(data)
        end = self._kept.rfind(b"\n") + 1
        if end or len(self._kept) > _LINE_MAX:
            self._print(end or len(self._kept))

    def close(self) -> None:
        """Print the line that was left open."""
        if self._sanitiser is not None:
            self._kept += self._sanitiser.close()
        if self._kept:
            self._print(len(self._kept))

    def _print(self, end: int) -> None:
        lines = bytes(self._kept[:end]).removesuffix(b"\n").split(b"\n")
        del self._kept[:end]
        self._board.write(self._host_fd, b"".join(self._prefix + line + b"\n" for line in lines))


def error_text(found: HostResult[object]) -> str:
    """The error in words that begin with the machine's name."""
    text = escape(str(found.error))
    return text if text.startswith(f"{found.host}:") else f"{found.host}: {text}"


def not_over(results: Sequence[HostResult[object]]) -> list[str]:
    """On which machines it failed (`Board.ended` has told why), and which were never begun."""
    failed = [found.host for found in results if found.error is not None]
    never = [found.host for found in results if not found.is_begun]
    lines = [f"failed on {', '.join(failed)}"] if failed else []
    return lines + ([f"not begun on {', '.join(never)}"] if never else [])


def host_documents(results: Sequence[HostResult[T]], shown: Callable[[T], Json]) -> list[Json]:
    """Each machine, with what came of it."""
    return [
        {
            "name": item.host,
            "begun": item.is_begun,
            "error": None if item.error is None else error_fields(item.error),
            "result": None if item.value is None else shown(item.value),
        }
        for item in results
    ]


def status_of(results: Sequence[HostResult[T]], status: Callable[[T], int]) -> int:
    """One exit code for all machines: the one that they agree on, else 1."""
    found = {
        status(item.value)
        if item.value is not None
        else UNSUCCESSFUL
        if item.error is None
        else item.error.exit_code
        for item in results
    }
    return found.pop() if len(found) == 1 else UNSUCCESSFUL
