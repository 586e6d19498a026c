"""Limits, priorities and processors, as far as a process may change its own."""

from __future__ import annotations

import os
import resource
from errno import EINVAL, EPERM, ESRCH

from .answers import CONTINUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .task import Task

_KINDS = 16
_POLICIES = (0, 3, 5)  # SCHED_OTHER, SCHED_BATCH, SCHED_IDLE of linux/sched.h


def prlimit64(task: Task, pid: int, kind: int, new: int) -> tuple[int, int] | None:
    """prlimit64(2): the limits of another process of the run; None: the kernel may do it.

    For itself a process may do what the kernel lets it: no limit can be raised above what the run
    started with, whatever the memory at `new` holds by then. Errors: EINVAL, ESRCH, EPERM.
    """
    if not 0 <= kind < _KINDS:
        raise OSError(EINVAL, "no such limit")
    if pid in (0, task.pid):
        return None
    if not task.system.is_member(pid):
        raise OSError(ESRCH, "no such process")
    if new:
        raise OSError(EPERM, "another process")
    try:
        return resource.prlimit(pid, kind)
    except PermissionError:  # root without CAP_SYS_RESOURCE
        return _listed(pid, kind)


def _listed(pid: int, kind: int) -> tuple[int, int]:
    """From /proc/PID/limits: a line of 26 columns and two amounts for each kind, in order."""
    try:
        with open(b"/proc/%d/limits" % pid, "rb") as file:
            line = file.read().splitlines()[1 + kind]
    except OSError:
        raise OSError(ESRCH, "no such process") from None
    soft, hard = (-1 if word == b"unlimited" else int(word) for word in line[26:].split()[:2])
    return soft, hard


def sched_getaffinity(task: Task, pid: int, size: int) -> bytes | None:
    """The mask of processors; None: the kernel may tell. Errors: ESRCH, EINVAL.

    While mediator and child are held to one processor (`placement.py`) the child is not told so.
    """
    system = task.system
    if pid not in (0, task.pid) and not task.system.is_member(pid):
        raise OSError(ESRCH, "no such process")
    if system.affinity_is_set:
        return None
    length = max(8, (max(system.processors) // 64 + 1) * 8)
    if size < length:
        raise OSError(EINVAL, "buffer too small")
    mask = 0
    for number in system.processors:
        mask |= 1 << number
    return mask.to_bytes(length, "little")


def sched_setaffinity(task: Task, pid: int) -> int:
    """Of the caller or one of its threads; there is no mask that would do harm. Errors: ESRCH."""
    if pid not in (0, task.pid) and not os.path.isdir(b"/proc/%d/task/%d" % (task.pid, pid)):
        raise OSError(EPERM if task.system.is_member(pid) else ESRCH, "not oneself")
    task.system.unpin()
    task.system.affinity_is_set = True
    return CONTINUE


def sched_setscheduler(task: Task, pid: int, policy: int) -> int:
    """Only oneself, and none that takes the processor from others. Errors: EPERM."""
    if policy not in _POLICIES:
        raise OSError(EPERM, "not permitted")
    return sched_setparam(task, pid)


def sched_setparam(task: Task, pid: int) -> int:
    if pid not in (0, task.pid):
        raise OSError(EPERM, "not permitted")
    return CONTINUE


def setpriority(task: Task, which: int, who: int) -> int:
    """Only oneself; the kernel sees to it that it is only nicer. Errors: EPERM."""
    if which != os.PRIO_PROCESS or who not in (0, task.pid):
        raise OSError(EPERM, "not permitted")
    return CONTINUE
