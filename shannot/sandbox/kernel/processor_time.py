"""How much processor time and memory a process has used, as the host's /proc has it."""

from __future__ import annotations

import os
import time
from errno import ESRCH

_CPUCLOCK_SCHED = 2  # include/linux/posix-timers.h: a process's clock is ~pid << 3 | this


def of(pid: int) -> int:
    """Nanoseconds of processor time. Errors: ESRCH."""
    try:
        return time.clock_gettime_ns(~pid << 3 | _CPUCLOCK_SCHED)
    except OSError:
        raise OSError(ESRCH, "no such process") from None


def ticks(pid: int) -> tuple[int, int]:
    """(user, system) in clock ticks: fields 14 and 15 of proc_pid_stat(5). Errors: ESRCH."""
    fields = _read(b"/proc/%d/stat" % pid).rpartition(b")")[2].split()
    return int(fields[11]), int(fields[12])


def largest_memory(pid: int) -> int:
    """Kilobytes of memory at its peak; 0 where that is not told. Errors: ESRCH."""
    for line in _read(b"/proc/%d/status" % pid).split(b"\n"):
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1])
    return 0


def _read(path: bytes) -> bytes:
    try:
        host_fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        raise OSError(ESRCH, "no such process") from None
    try:
        return os.read(host_fd, 1 << 16)
    finally:
        os.close(host_fd)
