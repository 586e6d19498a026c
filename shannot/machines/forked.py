"""A process that is forked for a request and does it in the same program: no second start.

What a start costs (an interpreter, its modules) is paid once a connection. Called by `work.py`.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_FAILED = 125


class Forked:
    """Such a process, until somebody has waited for it. Usable from any thread."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._lock = threading.Lock()
        self._status: int | None = None

    def wait(self) -> int:
        """Until it ends. Returns its exit status, 128 + N for signal N."""
        try:
            # It is not reaped before the lock is held: no signal may meet the number's next owner.
            os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            pass  # `terminate` has
        return self._reap(0) or 0

    def is_over(self) -> bool:
        """Has it ended?"""
        return self._reap(os.WNOHANG) is not None

    def terminate(self) -> None:
        """Ask it to end, where it has not."""
        with self._lock:
            if self._status is None:
                os.kill(self._pid, signal.SIGTERM)

    def _reap(self, flags: int) -> int | None:
        with self._lock:
            if self._status is None:
                pid, status = os.waitpid(self._pid, flags)
                if pid:
                    found = os.waitstatus_to_exitcode(status)
                    self._status = found if found >= 0 else 128 - found
            return self._status


def fork(
    work: Callable[[], int], streams: tuple[int, int, int], kept: int | None, directory: int | None
) -> Forked:
    """Do the work in a process and session of its own, which ends with what it returns.

    streams: its stdin, stdout and stderr. kept: the only other descriptor that it keeps.
    directory: a descriptor of where it works. To be called on the thread that lives longest: the
    process is told when that one ends (PR_SET_PDEATHSIG, prctl(2)). Raises OSError.
    """
    pid = os.fork()
    if pid:
        return Forked(pid)
    status = _FAILED
    try:
        os.setsid()
        for number, host_fd in enumerate(streams):
            os.dup2(host_fd, number)
        if directory is not None:
            os.fchdir(directory)
        for number in map(int, os.listdir("/proc/self/fd")):
            if number > 2 and number != kept:
                _close(number)
        status = work()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else _FAILED
    finally:
        os._exit(status)  # nothing of the server's is written a second time, or taken apart


def _close(host_fd: int) -> None:
    try:
        os.close(host_fd)
    except OSError:
        pass  # the one that /proc was read by
