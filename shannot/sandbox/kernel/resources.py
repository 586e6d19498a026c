"""Limits, priorities and processors, as far as a process may change its own."""

from __future__ import annotations

import os
import resource
from errno import EINVAL, EPERM, ESRCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .task import Task

_KINDS = 16


def prlimit64(
    task: Task, pid: int, kind: int, new: tuple[int, int] | None
) -> tuple[int, int]:
    """prlimit64(2): the limits before. Never above what the run started with."""
    if not 0 <= kind < _KINDS:
        raise OSError(EINVAL, "no such limit")
    target = pid or task.pid
    if not task.system.is_member(target):
        raise OSError(ESRCH, "no such process")
    before = resource.prlimit(target, kind)
    if new is not None:
        soft, hard = (_signed(value) for value in new)
        unlimited = resource.RLIM_INFINITY
        if hard != before[1] and (hard == unlimited or 0 <= before[1] < hard):
            raise OSError(EPERM, "may not be raised")
        if hard != unlimited and (soft == unlimited or soft > hard):
            raise OSError(EINVAL, "soft limit above the hard one")
        resource.prlimit(target, kind, (soft, hard))
    return before


def _signed(value: int) -> int:
    return -1 if value == 0xFFFF_FFFF_FFFF_FFFF else min(value, (1 << 63) - 1)


def sched_getaffinity(task: Task, pid: int, size: int) -> bytes:
    """The mask of processors, as the script would have without us."""
    processors = task.system.processors
    length = max(8, (max(processors) // 64 + 1) * 8)
    if size < length:
        raise OSError(EINVAL, "buffer too small")
    mask = 0
    for number in processors:
        mask |= 1 << number
    return mask.to_bytes(length, "little")


def sched_setaffinity(task: Task, pid: int, mask: bytes) -> int:
    """Of a thread of this process or a process of this run."""
    wanted = {n for n in range(8 * len(mask)) if mask[n // 8] >> n % 8 & 1}
    wanted &= task.system.processors
    if not wanted:
        raise OSError(EINVAL, "no processor")
    target = pid or task.thread
    if not task.system.is_member(target):
        raise OSError(ESRCH, "no such process")
    task.system.unpin()
    os.sched_setaffinity(target, wanted)
    return 0


def setpriority(task: Task, which: int, who: int, priority: int) -> int:
    """Only nicer, and only oneself."""
    if which != os.PRIO_PROCESS or who not in (0, task.pid):
        raise OSError(EPERM, "not permitted")
    if priority < os.getpriority(os.PRIO_PROCESS, task.pid):
        raise OSError(13, "may not be raised")  # EACCES
    os.setpriority(os.PRIO_PROCESS, task.pid, min(priority, 19))
    return 0
