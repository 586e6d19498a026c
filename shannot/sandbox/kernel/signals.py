"""Signals: only to processes of the same run, and never by a number that may have been reused.

A call that waits for us to receive it can be interrupted by a signal, even a fork, which Linux
never interrupts: clone(2) gives EINTR where the signal's handler is without SA_RESTART, and
nothing of ours is asked. dash and busybox have such a handler for SIGCHLD, and end a pipeline whose
first command is a builtin (`echo x | grep x`) with "Cannot fork" every other time, since that child
ends while the next fork waits. So `rt_sigaction` adds the flag for these two. They lose nothing by
it: they wait in sigsuspend(2), which no flag restarts. Other programs are left alone: some wait in
read(2) for their handler to interrupt it.
"""

from __future__ import annotations

import os
import struct
from errno import EINVAL, EPERM, ESRCH

from .answers import CONTINUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .task import Task

_SIGNALS = 64
# include/uapi/asm-generic/signal.h; struct sigaction of the kernel begins with these two
_ACTION = struct.Struct("=QQ")  # handler, flags
_HANDLERS = 2  # SIG_DFL is 0, SIG_IGN is 1
SA_RESTART = 0x10000000
_FORK_WITHOUT_RESTART = frozenset((b"sh", b"dash", b"ash", b"busybox"))


def rt_sigaction(task: Task, _number: int, action: int) -> int:
    """rt_sigaction(2) for SIGCHLD: the kernel does it, after we have looked at its flags."""
    if task.executable.rpartition(b"/")[2] in _FORK_WITHOUT_RESTART:
        try:
            handler, flags = _ACTION.unpack(task.memory.read(action, _ACTION.size))
            if handler >= _HANDLERS and not flags & SA_RESTART:
                task.memory.write(action, _ACTION.pack(handler, flags | SA_RESTART))
        except OSError:
            pass  # the kernel finds out as well, and tells
    return CONTINUE


def kill(task: Task, pid: int, number: int) -> int:
    """kill(2). Groups are the virtual ones. Errors: ESRCH for whatever is outside the run."""
    if not 0 <= number <= _SIGNALS:
        raise OSError(EINVAL, "no such signal")
    if pid == task.pid:
        return CONTINUE  # oneself is alive: the number cannot be another's
    if pid > 0:
        _signal(task, pid, number)
        return 0
    if pid == -1:
        targets = [other for other in task.system.processes() if other != task.pid]
    else:
        group = task.group if pid == 0 else -pid
        targets = _members(task, group)
    if not targets:
        raise OSError(ESRCH, "no such process")
    for other in targets:
        if other != task.pid:
            try:
                _signal(task, other, number)
            except OSError:
                continue
    return _to_self(task, number) if task.pid in targets else 0


def _to_self(task: Task, number: int) -> int:
    if number:
        os.kill(task.pid, number)
    return 0


def _members(task: Task, group: int) -> list[int]:
    return [pid for pid in task.system.processes() if _group_of(task, pid) == group]


def _group_of(task: Task, pid: int) -> int:
    try:
        return task.system.process(pid).group
    except OSError:
        return 0  # it ended meanwhile


def _signal(task: Task, pid: int, number: int) -> None:
    """Through a pidfd: checked to be of this run while it holds the process."""
    try:
        process = os.pidfd_open(pid)
    except OSError:
        raise OSError(ESRCH, "no such process") from None
    try:
        if not task.system.is_member(pid):
            raise OSError(ESRCH, "no such process")
        if number:
            import _signal as host_signal  # type: ignore[import-not-found]  # `signal` costs 4 ms for its enums

            try:
                host_signal.pidfd_send_signal(process, number)
            except ProcessLookupError:
                raise OSError(ESRCH, "no such process") from None
    finally:
        os.close(process)


def tgkill(task: Task, pid: int, tid: int, number: int) -> int:
    """tgkill(2): to a thread of the caller's own process, else to the whole other process."""
    if not 0 <= number <= _SIGNALS or pid <= 0 or tid <= 0:
        raise OSError(EINVAL, "no such signal")
    if pid == task.pid:
        return CONTINUE  # the kernel checks that the thread is of this process
    _signal(task, pid, number)
    return 0


def tkill(task: Task, tid: int, number: int) -> int:
    if tid != task.pid:
        raise OSError(EPERM, "use tgkill")
    return tgkill(task, task.pid, tid, number)


def pidfd_open(task: Task, pid: int, flags: int) -> int:
    """A host descriptor of a process of this run. Errors: ESRCH, EINVAL."""
    if flags & ~os.O_NONBLOCK or pid <= 0:
        raise OSError(EINVAL, "unknown flags")
    try:
        process = os.pidfd_open(pid, flags)
    except OSError as error:
        raise OSError(error.errno or ESRCH, "no such process") from None
    if not task.system.is_member(pid):
        os.close(process)
        raise OSError(ESRCH, "no such process")
    return process


def pidfd_send_signal(_task: Task) -> int:
    """Every pidfd the child has is of this run (`pidfd_open`, or of a fork of its own)."""
    return CONTINUE
