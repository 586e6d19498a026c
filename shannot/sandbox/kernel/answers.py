"""The two answers of a handler that are not values, and the end that one can ask for."""

from __future__ import annotations

from errno import EAGAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CONTINUE = -(1 << 40)
"""Let the host kernel do the call: only where the decision rests on register values."""

DEFERRED = CONTINUE - 1
"""The answer comes later, from whoever keeps the call's id."""


class Exited(Exception):  # noqa: N818 - no error: the script has ended by _exit(2)
    """The process is to end now, whatever it would do next."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status & 0xFF


class OpensLater(OSError):  # noqa: N818 - no error: an answer that comes later
    """Not yet: `attempt` is to be called with `host_fd` now and then, until it gives the descriptor
    to hand over. Errors of it: BlockingIOError while there is none."""

    def __init__(self, host_fd: int, attempt: Callable[[int], int], cloexec: bool) -> None:
        super().__init__(EAGAIN, "the other end is not open")
        self.host_fd = host_fd  # kept open until then
        self.attempt = attempt
        self.cloexec = cloexec
