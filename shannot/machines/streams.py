"""The streams beside a connection's frames: a script's stdin, and what ssh complains."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .frames import FrameError, packed

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    from .frames import FrameWriter

_KEPT = 2000
"""Bytes of complaints: the last ones."""
_PATIENCE = 2.0  # seconds for the last words of a process that has ended
_CREDIT_MAX = 64 << 20
"""Bytes that a server may want at once; ours never wants so many."""


class Complaint:
    """The end of what a process writes to stderr, read so that it never has to wait for that."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = stream
        self._kept = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def text(self) -> str:
        """What was said so far, "" where nothing was."""
        self._thread.join(_PATIENCE)
        return self._kept.decode(errors="replace").strip()

    def _read(self) -> None:
        if self._stream is None:
            return
        try:
            with self._stream as stream:
                while piece := stream.read1(_KEPT):  # type: ignore[attr-defined]  # a pipe's reader
                    self._kept = (self._kept + piece)[-_KEPT:]
        except (OSError, ValueError):
            pass  # closed


class Feeder:
    """Sends stdin as far as the server wants some, beside the output that comes meanwhile."""

    def __init__(
        self, frames: FrameWriter, number: int, stdin: Callable[[int], bytes] | None
    ) -> None:
        self._frames = frames
        self._number = number
        self._stdin = stdin
        self._credit = 0
        self._over = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def grant(self, credit: int) -> None:
        """So many bytes more may be sent. Raises FrameError."""
        with self._changed:
            self._credit += credit
            if self._credit > _CREDIT_MAX:
                raise FrameError("the server wants more of stdin than there is room for")
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._feed, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """The request is over: send nothing more."""
        with self._changed:
            self._over = True
            self._changed.notify()

    def _feed(self) -> None:
        try:
            while self._send():
                pass
        except (OSError, ValueError):
            pass  # whoever reads the answers meets the same

    def _send(self) -> bool:
        """One piece; False after the last. Late words are nothing to a server."""
        with self._changed:
            while self._credit <= 0 and not self._over:
                self._changed.wait()
            credit = self._credit
            if self._over:
                return False
        data = self._stdin(credit) if self._stdin is not None else b""
        with self._changed:
            self._credit -= len(data)
        self._frames.write({"request": self._number, "stdin": packed(data) if data else None})
        return bool(data)
