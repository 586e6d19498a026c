"""What waits for a person's decision, as the gate sees it (`spec.WaitingProcess`).

Made by `performer.py`; the gate asks it, on the thread of that one command.
"""

from __future__ import annotations

import os
import select
from errno import EPIPE
from time import sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOOK = 0.1  # seconds between looks at whether the run is ending


class Standing:
    """One stand-in for a command, and the script's streams that the command was given."""

    __slots__ = ("_ending", "_pidfd", "_stopped", "_streams")

    def __init__(
        self,
        pidfd: int,
        streams: Sequence[int],
        ending: Callable[[], bool],
        stopped: Callable[[], bool],
    ) -> None:
        """pidfd: as `StandIn` has it. streams: stdout and stderr, closed here. ending: is the run
        over but for commands that were begun? stopped: are these to end as well?"""
        self._pidfd = pidfd
        self._streams = tuple(streams)
        self._ending = ending
        self._stopped = stopped

    def is_gone(self, seconds: float) -> bool:
        """Has it ended, or does it within so many seconds? The end of the script counts as well."""
        while not self._ending():
            if self.is_killed(min(seconds, _LOOK)):
                return True
            seconds -= _LOOK
            if seconds <= 0:
                return False
        return True

    def is_killed(self, seconds: float = 0) -> bool:
        """Has the process itself ended, or does it so soon; or is everything to end?"""
        if self._stopped():
            return True
        if self._pidfd < 0:
            sleep(seconds)
            return False
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def write(self, number: int, data: bytes) -> None:
        """All of data to stdout (1) or stderr (2), as fast as that is read.

        OSError where nobody reads it, or the process is gone.
        """
        host_fd = self._streams[number - 1]
        poll = select.poll()
        poll.register(host_fd, select.POLLOUT)
        view = memoryview(data)
        while view:
            if poll.poll(_LOOK * 1000):
                # As much as a pipe takes without waiting, once it is ready.
                view = view[os.write(host_fd, view[: select.PIPE_BUF]) :]
            elif self.is_killed() or self._ending():
                raise OSError(EPIPE, "the script is gone")

    def close(self) -> None:
        for host_fd in self._streams:
            os.close(host_fd)
