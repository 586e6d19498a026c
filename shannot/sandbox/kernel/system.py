"""Identity, process groups, limits, processors: what a process is told about itself."""

from __future__ import annotations

from errno import EINVAL, EPERM, ESRCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .task import Task


def getuid(task: Task) -> int:
    return task.system.identity.uid


def getgid(task: Task) -> int:
    return task.system.identity.gid


def getgroups(task: Task, size: int) -> tuple[int, ...]:
    """getgroups(2): the supplementary groups; the row writes them where `size` is not 0."""
    groups = tuple(sorted(task.system.identity.groups))
    if size < 0 or 0 < size < len(groups):
        raise OSError(EINVAL, "too small")
    return groups


def setuid(task: Task, uid: int) -> int:
    """Any of the set*uid calls with one identity: only to who one is already."""
    if uid not in (-1, task.system.identity.uid):
        raise OSError(EPERM, "not permitted")
    return 0


def setgid(task: Task, gid: int) -> int:
    if gid not in (-1, task.system.identity.gid):
        raise OSError(EPERM, "not permitted")
    return 0


def setresuid(task: Task, real: int, effective: int, saved: int = -1) -> int:
    return setuid(task, real) or setuid(task, effective) or setuid(task, saved)


def setresgid(task: Task, real: int, effective: int, saved: int = -1) -> int:
    return setgid(task, real) or setgid(task, effective) or setgid(task, saved)


def getresuid(task: Task) -> tuple[int, int, int]:
    uid = task.system.identity.uid
    return uid, uid, uid


def getresgid(task: Task) -> tuple[int, int, int]:
    gid = task.system.identity.gid
    return gid, gid, gid


def setsid(task: Task) -> int:
    """A session of its own, virtually: on the host everybody stays in one process group."""
    if task.group == task.pid:
        raise OSError(EPERM, "a process group leader")
    task.system.settle(task)
    task.group = task.session = task.pid
    return task.pid


def getpgid(task: Task, pid: int) -> int:
    return _known(task, pid).group


def getpgrp(task: Task) -> int:
    return task.group


def getsid(task: Task, pid: int) -> int:
    return _known(task, pid).session


def setpgid(task: Task, pid: int, group: int) -> int:
    """setpgid(2), of oneself or a child. Errors: EINVAL, ESRCH, EPERM."""
    if group < 0:
        raise OSError(EINVAL, "negative group")
    target = _known(task, pid)
    if target is not task and target.parent_pid != task.pid:
        raise OSError(ESRCH, "not a child")
    if target.session == target.pid or target.session != task.session:
        raise OSError(EPERM, "another session, or its leader")
    group = group or target.pid
    if group != target.pid and not _is_group(target, group):
        raise OSError(EPERM, "no such group in this session")
    task.system.settle(target)
    target.group = group
    return 0


def _is_group(task: Task, group: int) -> bool:
    """Has this session a process in that group?"""
    tasks = task.system.tasks
    known = (tasks[pid] for pid in task.system.processes() if pid in tasks)
    return any(other.group == group and other.session == task.session for other in known)


def _known(task: Task, pid: int) -> Task:
    """A process of the run. Errors: ESRCH, whatever runs outside."""
    return task if pid in (0, task.pid) else task.system.process(pid)
