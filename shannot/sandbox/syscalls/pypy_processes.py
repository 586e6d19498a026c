"""Rows of the `pypy` table: identity, processes, signals, priorities."""

from __future__ import annotations

import os
from errno import ECHILD, EINVAL, ENOSYS, ENOTTY, EPERM, ESRCH

from shannot.sandbox.kernel import children, command_device, files, signals, system
from shannot.sandbox.kernel.answers import CONTINUE, Exited

from .pypy_layouts import INT, TIMEVAL, UNSIGNED
from .table import Row, Skip, fd, integer, size, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.kernel.piped import PipedTask
    from shannot.sandbox.kernel.task import Task

    from .table import Arguments

SKIP = Skip()
_GROUPS_MAX = 65536  # NGROUPS_MAX of linux/limits.h
_PRIO_PROCESS = 0
_LINE_MAX = 131072  # MAX_ARG_STRLEN of linux/binfmts.h


def rows() -> list[Row]:
    return [*_identity_rows(), *_group_rows(), *_process_rows(), *_scheduling_rows()]


def _identity_rows() -> list[Row]:
    return [
        Row("geteuid()i", system.getuid, ()),
        Row("getgid()i", system.getgid, ()),
        Row("getegid()i", system.getgid, ()),
        Row("getresuid(ppp)i", system.getresuid, (), _three),
        Row("getresgid(ppp)i", system.getresgid, (), _three),
        Row("getgroups(ip)i", system.getgroups, (integer,), _groups),
        Row("getgrouplist(pipp)i", getgrouplist, (SKIP, unsigned, size, size)),
        Row("setuid(i)i", system.setuid, (integer,)),
        Row("seteuid(i)i", system.setuid, (integer,)),
        Row("setgid(i)i", system.setgid, (integer,)),
        Row("setegid(i)i", system.setgid, (integer,)),
        Row("setreuid(ii)i", system.setresuid, (integer, integer)),
        Row("setregid(ii)i", system.setresgid, (integer, integer)),
        Row("setresuid(iii)i", system.setresuid, (integer, integer, integer)),
        Row("setresgid(iii)i", system.setresgid, (integer, integer, integer)),
        Row("setgroups(ip)i", files.not_permitted, ()),
        Row("initgroups(pi)i", files.not_permitted, ()),
    ]


def _group_rows() -> list[Row]:
    return [
        Row("getpgid(i)i", getpgid, (integer,)),
        Row("getpgrp()i", system.getpgrp, ()),
        Row("getsid(i)i", getsid, (integer,)),
        Row("setpgid(ii)i", system.setpgid, (integer, integer)),
        Row("setpgrp()i", setpgrp, ()),
        Row("setsid()i", system.setsid, ()),
        Row("tcgetpgrp(i)i", no_terminal, (fd,)),
        Row("tcsetpgrp(ii)i", no_terminal, (fd,)),
    ]


def _process_rows() -> list[Row]:
    return [
        Row("_exit(i)v", leave, (integer,)),
        Row("getppid()i", getppid, ()),
        Row("fork()i", no_fork, ()),
        Row("forkpty(pppp)i", no_fork, ()),
        Row("system(p)i", run_shell, (size,)),
        Row("waitpid(ipi)i", waitpid, (integer, size, integer)),
        Row("kill(ii)i", kill, (integer, integer)),
        Row("killpg(ii)i", killpg, (integer, integer)),
    ]


def _scheduling_rows() -> list[Row]:
    return [
        Row("nice(i)i", nice, (integer,)),
        Row("getpriority(ii)i", getpriority, (integer, integer)),
        Row("setpriority(iii)i", setpriority, (integer, integer, integer)),
        Row("sched_get_priority_max(i)i", sched_get_priority_max, (integer,)),
        Row("sched_get_priority_min(i)i", sched_get_priority_min, (integer,)),
        Row("sched_yield()i", sched_yield, ()),
        Row("sched_getscheduler(i)i", sched_getscheduler, (integer,)),
        Row("sched_getparam(ip)i", sched_getparam, (integer, size)),
        Row("sched_rr_get_interval(ip)i", sched_rr_get_interval, (integer, size)),
        Row("sched_setscheduler(iip)i", files.not_permitted, ()),
        Row("sched_setparam(ip)i", files.not_permitted, ()),
    ]


# -- results -------------------------------------------------------------------------------------


def _three(task: Task, arguments: Arguments, value: object) -> int:
    numbers: tuple[int, ...] = value  # type: ignore[assignment]  # the handler's three
    for address, number in zip(arguments, numbers, strict=True):
        task.memory.write(address, UNSIGNED.pack(number))
    return 0


def _groups(task: Task, arguments: Arguments, value: object) -> int:
    groups: tuple[int, ...] = value  # type: ignore[assignment]  # the handler's numbers
    if arguments[0] & 0xFFFFFFFF and groups:
        task.memory.write(arguments[1], b"".join(map(UNSIGNED.pack, groups)))
    return len(groups)


def getgrouplist(task: Task, group: int, address: int, count: int) -> int:
    """getgrouplist(3): the same for every user, as nobody else's groups are shown."""
    groups = sorted({group, *task.system.identity.groups})
    room = INT.unpack(task.memory.read(count, 4))[0]
    task.memory.write(count, INT.pack(len(groups)))
    if not 0 <= room <= _GROUPS_MAX or room < len(groups):
        return -1
    task.memory.write(address, b"".join(map(UNSIGNED.pack, groups)))
    return len(groups)


# -- processes -----------------------------------------------------------------------------------


def leave(_task: Task, status: int) -> int:
    raise Exited(status)


def getppid(_task: Task) -> int:
    return os.getpid()


def no_fork(task: Task) -> int:
    task.system.refuse_call("fork")
    raise OSError(ENOSYS, "no second process")


def _is_command(task: Task, pid: int) -> bool:
    """Each command is a session and a group of its own, also where it is no process of the run."""
    return task.system.children is not None and task.system.children.get(pid) is not None


def getpgid(task: Task, pid: int) -> int:
    return pid if _is_command(task, pid) else system.getpgid(task, pid)


def getsid(task: Task, pid: int) -> int:
    return pid if _is_command(task, pid) else system.getsid(task, pid)


def setpgrp(task: Task) -> int:
    return system.setpgid(task, 0, 0)


def no_terminal(task: Task, number: int) -> int:
    task.descriptors.stat(number)
    raise OSError(ENOTTY, "not a terminal")


def waitpid(task: Task, pid: int, address: int, options: int) -> int:
    """waitpid(2), for commands. Errors: ECHILD."""
    if task.system.children is None:
        raise OSError(ECHILD, "no child processes")
    number, status = children.wait(task, pid, options)
    if address and number:
        task.memory.write(address, INT.pack(status))
    return number


def run_shell(task: PipedTask, address: int) -> int:
    """system(3): how a shell with this line ended, as waitpid(2) has it; 127 where none starts."""
    if not address:
        return 1  # there is a shell
    line = task.memory.read_string(address, _LINE_MAX)
    return command_device.run_line(task, line, task.environment)


def kill(task: PipedTask, pid: int, number: int) -> int:
    """kill(2): of itself, and of commands it has started. Errors: ESRCH for all others."""
    if pid < -1:
        return killpg(task, -pid, number)
    if children.kill(task, pid, number):
        return 0
    answer = signals.kill(task, pid, number)
    if answer == CONTINUE:  # to oneself, which is alive: it waits for this answer
        if number:
            os.kill(task.pid, number)
        return 0
    return answer


def killpg(task: PipedTask, group: int, number: int) -> int:
    if group < 0:
        raise OSError(EINVAL, "no such group")
    if group in (0, task.group):
        return kill(task, task.pid, number)
    try:
        return signals.kill(task, -group, number)
    except ProcessLookupError:  # no process of the run is in it: a command on the host, or nothing
        if group > 1 and children.kill(task, group, number):
            return 0
        raise


# -- priorities ----------------------------------------------------------------------------------


def _require_self(task: Task, pid: int) -> None:
    if pid not in (0, task.pid):
        raise OSError(ESRCH, "no such process")


def nice(task: Task, increment: int) -> int:
    """nice(2): the new value. Errors: EPERM for a smaller one."""
    if increment < 0:
        raise OSError(EPERM, "not permitted")
    found = min(os.getpriority(os.PRIO_PROCESS, task.pid) + increment, 19)
    os.setpriority(os.PRIO_PROCESS, task.pid, found)
    return found


def getpriority(task: Task, which: int, who: int) -> int:
    if which not in (0, 1, 2):
        raise OSError(EINVAL, "of what")
    if which == _PRIO_PROCESS:
        _require_self(task, who)
    return os.getpriority(os.PRIO_PROCESS, task.pid)


def setpriority(task: Task, which: int, who: int, priority: int) -> int:
    if which != _PRIO_PROCESS:
        raise OSError(EPERM, "only oneself")
    _require_self(task, who)
    if priority < os.getpriority(os.PRIO_PROCESS, task.pid):
        raise OSError(EPERM, "not permitted")
    os.setpriority(os.PRIO_PROCESS, task.pid, priority)
    return 0


def sched_get_priority_max(_task: Task, policy: int) -> int:
    return os.sched_get_priority_max(policy)


def sched_get_priority_min(_task: Task, policy: int) -> int:
    return os.sched_get_priority_min(policy)


def sched_yield(_task: Task) -> int:
    return 0


def sched_getscheduler(task: Task, pid: int) -> int:
    _require_self(task, pid)
    return os.sched_getscheduler(task.pid)


def sched_getparam(task: Task, pid: int, address: int) -> int:
    """A process of SCHED_OTHER has the priority 0."""
    _require_self(task, pid)
    task.memory.write(address, INT.pack(0))
    return 0


def sched_rr_get_interval(task: Task, pid: int, address: int) -> int:
    _require_self(task, pid)
    interval = int(os.sched_rr_get_interval(task.pid) * 1_000_000_000)
    task.memory.write(address, TIMEVAL.pack(interval // 1_000_000_000, interval % 1_000_000_000))
    return 0
