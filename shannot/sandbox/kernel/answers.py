"""The two answers of a handler that are not values, and the end that one can ask for."""

from __future__ import annotations

CONTINUE = -(1 << 40)
"""Let the host kernel do the call: only where the decision rests on register values."""

DEFERRED = CONTINUE - 1
"""The answer comes later, from whoever keeps the call's id."""


class Exited(Exception):  # noqa: N818 - no error: the script has ended by _exit(2)
    """The process is to end now, whatever it would do next."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status & 0xFF
