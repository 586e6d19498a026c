"""Progress of what takes long: one line on stderr, drawn over itself, only where a person waits.

Nothing is shown in the first second, nor where stderr is no terminal.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

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
        if not self._is_due():
            return
        amount = f"{done / _UNIT:.1f} MiB"
        if total:
            amount = f"{100 * done // total}% of {total / _UNIT:.1f} MiB"
        self.show(f"{what}: {amount}")

    def count(self, line: str) -> None:
        """The whole line, escaped, where its maker has counted."""
        if self._is_due():
            self.show(line)

    def _is_due(self) -> bool:
        now = time.monotonic()
        if not self._shown or now - self._begun < _PATIENCE or now - self._last < _PAUSE:
            return False
        self._last = now
        return True

    def finish(self) -> None:
        """Before anything else is printed."""
        if self._is_drawn:
            self.write(_CLEAR)
            self._is_drawn = False

    def show(self, line: str) -> None:
        """Draw this line now; escaped text."""
        self._is_drawn = True
        try:
            width = os.get_terminal_size(sys.stderr.fileno()).columns
        except OSError:
            width = 0
        width = width or _WIDTH  # a terminal over a serial line knows no size
        self.write(_CLEAR + line[: max(width - 1, 1)])

    def write(self, text: str) -> None:
        """As it is."""
        try:
            print(text, end="", file=sys.stderr, flush=True)
        except OSError:
            self._shown = False


def progress() -> Progress:
    """For this process's stderr."""
    return Progress(_is_shown())


class Waiting:
    """Around work of which nobody knows how far it is: what it is, and for how long already."""

    def __init__(self, what: str, before: str = "") -> None:
        """what: escaped text; before: written once, ahead of the first line."""
        self._what = what
        self._before = before
        self._over = threading.Event()
        self._is_over = False  # for who asks before every line
        self._thread = threading.Thread(target=self._tick, daemon=True) if _is_shown() else None

    def __enter__(self) -> Self:
        if self._thread is not None:
            self._thread.start()
        return self

    def finish(self) -> None:
        """Before anything else is printed; more than once is no harm."""
        if self._is_over:
            return
        self._is_over = True
        self._over.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()

    def __exit__(self, *_: object) -> None:
        self.finish()

    def _tick(self) -> None:
        line = Progress(True)
        begun = time.monotonic()
        while not self._over.wait(_PATIENCE):
            if self._before:
                line.write(self._before)
                self._before = ""
            line.show(f"{self._what} ({time.monotonic() - begun:.0f} s)")
        line.finish()


def _is_shown() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
