"""Progress of what takes long: one line on stderr, drawn over itself, only where a person waits.

Nothing is shown in the first second, nor where stderr is no terminal.
"""

from __future__ import annotations

import os
import sys
import time

_PATIENCE = 1.0  # seconds until the first line
_PAUSE = 0.1  # seconds between two
_UNIT = 1 << 20
_WIDTH = 80
_CLEAR = "\r\x1b[K"  # back to the line's start, and erase it: ECMA-48, understood by all terminals


class Progress:
    """Told how far something is; `finish` takes the line away."""

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._begun = self._last = time.monotonic()
        self._is_drawn = False

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """what: escaped text; bytes so far, and in all where that is known."""
        now = time.monotonic()
        if not self._shown or now - self._begun < _PATIENCE or now - self._last < _PAUSE:
            return
        self._last = now
        amount = f"{done / _UNIT:.1f} MiB"
        if total:
            amount = f"{100 * done // total}% of {total / _UNIT:.1f} MiB"
        self._draw(f"{what}: {amount}")

    def finish(self) -> None:
        """Before anything else is printed."""
        if self._is_drawn:
            self._write(_CLEAR)
            self._is_drawn = False

    def _draw(self, line: str) -> None:
        self._is_drawn = True
        try:
            width = os.get_terminal_size(sys.stderr.fileno()).columns
        except OSError:
            width = 0
        width = width or _WIDTH  # a terminal over a serial line knows no size
        self._write(_CLEAR + line[: max(width - 1, 1)])

    def _write(self, text: str) -> None:
        try:
            print(text, end="", file=sys.stderr, flush=True)
        except OSError:
            self._shown = False


def progress() -> Progress:
    """For this process's stderr."""
    dumb = os.environ.get("TERM", "dumb") == "dumb"
    return Progress(sys.stderr.isatty() and not dumb)
