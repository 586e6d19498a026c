"""Rows of the `pypy` table: what the C library knows without asking the kernel."""

from __future__ import annotations

import os
from errno import EINVAL, ENOSYS, ENOTTY, ERANGE

from .pypy import environment_block, keep
from .pypy_kinds import FailedError
from .pypy_layouts import POINTER
from .table import Row, fd, integer, long, path, size, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.kernel.piped import PipedTask
    from shannot.sandbox.kernel.task import Task

_STRING_MAX = 131072
_VARIABLES_MAX = 8 << 20  # bytes of the whole environment
_GETRANDOM = {"x86_64": 318, "aarch64": 278}
_RANDOM_MAX = 1 << 20  # bytes of one answer
_TERMINAL = b"/dev/tty"


def rows() -> list[Row]:
    return [
        Row("_NSGetEnviron()p", ns_get_environ, ()),
        Row("putenv(p)i", putenv, (size,)),
        Row("unsetenv(p)i", unsetenv, (size,)),
        Row("_pypy_init_home()p", init_home, ()),
        Row("_pypy_init_free(p)v", _nothing, ()),
        Row("pypy__allow_attach()v", _nothing, ()),
        Row("pypy_debug_catch_fatal_exception()v", _nothing, ()),
        Row("strerror(i)p", strerror, (integer,)),
        Row("sysconf(i)i", sysconf, (integer,)),
        Row("confstr(ipi)i", confstr, (integer, size, size)),
        Row("pathconf(pi)i", pathconf, (path, integer)),
        Row("fpathconf(ii)i", fpathconf, (fd, integer)),
        Row("syscall(ipii)i", syscall, (long, size, size, integer)),
        Row("ctermid(p)p", ctermid, (size,)),
        Row("ttyname(i)p", ttyname, (fd,)),
        Row("getlogin()p", getlogin, ()),
        Row("rpy_cpu_count()i", cpu_count, ()),
        Row("major(i)i", major, (size,)),
        Row("minor(i)i", minor, (size,)),
        Row("makedev(ii)i", makedev, (unsigned, unsigned)),
        *_wait_status_rows(),
    ]


def _wait_status_rows() -> list[Row]:
    """The macros of sys/wait.h, for builds in which they are functions."""
    return [
        Row("WCOREDUMP(i)i", lambda _task, status: status & 0x80, (integer,)),
        Row("WEXITSTATUS(i)i", lambda _task, status: status >> 8 & 0xFF, (integer,)),
        Row("WIFCONTINUED(i)i", lambda _task, status: int(status == 0xFFFF), (integer,)),
        Row("WIFEXITED(i)i", lambda _task, status: int(not status & 0x7F), (integer,)),
        Row("WIFSIGNALED(i)i", lambda _task, status: int(0 < status & 0x7F < 0x7F), (integer,)),
        Row("WIFSTOPPED(i)i", lambda _task, status: int(status & 0xFF == 0x7F), (integer,)),
        Row("WSTOPSIG(i)i", lambda _task, status: status >> 8 & 0xFF, (integer,)),
        Row("WTERMSIG(i)i", lambda _task, status: status & 0x7F, (integer,)),
    ]


# -- environment ---------------------------------------------------------------------------------


def ns_get_environ(task: PipedTask) -> int:
    """macOS: a pointer to the array."""
    return task.allocate(POINTER.pack(environment_block(task)))


def putenv(task: PipedTask, address: int) -> int:
    """putenv(3) of `NAME=value`. Errors: EINVAL."""
    name, equals, value = task.memory.read_string(address, _STRING_MAX).partition(b"=")
    if not name or not equals:
        raise OSError(EINVAL, "no variable")
    size = sum(len(key) + len(known) + 2 for key, known in task.environment.items())
    if size + len(name) + len(value) > _VARIABLES_MAX:
        raise OSError(EINVAL, "the environment is too large")
    task.environment[name] = value
    return 0


def unsetenv(task: PipedTask, address: int) -> int:
    task.environment.pop(task.memory.read_string(address, _STRING_MAX), None)
    return 0


def init_home(task: PipedTask) -> int:
    """Where the interpreter's own library is. It stays: what the child would have freed again is
    whatever pointer it says."""
    return keep(task, task.executable.rpartition(b"/")[0] + b"/libpypy3-c.so")


# -- what the system is like ---------------------------------------------------------------------


def strerror(task: PipedTask, errno: int) -> int:
    return keep(task, os.fsencode(os.strerror(errno)))


def sysconf(_task: Task, name: int) -> int:
    try:
        return os.sysconf(name)
    except ValueError:
        raise OSError(EINVAL, "no such name") from None


def confstr(task: Task, name: int, address: int, room: int) -> int:
    """confstr(3): bytes that the value needs, its NUL included; 0 where there is none."""
    try:
        value = os.confstr(name)
    except (ValueError, OSError):
        raise FailedError(EINVAL, 0) from None
    if value is None:
        return 0
    data = os.fsencode(value) + b"\0"
    if address and room:
        task.memory.write(address, data if len(data) <= room else data[: room - 1] + b"\0")
    return len(data)


def pathconf(task: Task, path: bytes, name: int) -> int:
    """pathconf(3): of the host's root, for whatever exists in the virtual tree."""
    task.existing(-100, path)
    return _pathconf(name)


def fpathconf(task: Task, number: int, name: int) -> int:
    task.descriptors.stat(number)
    return _pathconf(name)


def _pathconf(name: int) -> int:
    try:
        return os.pathconf("/", name)
    except ValueError:
        raise OSError(EINVAL, "no such name") from None


def syscall(task: Task, number: int, address: int, count: int, flags: int) -> int:
    """syscall(2), which the interpreter uses for getrandom(2) alone. Errors: ENOSYS for others."""
    if number != _GETRANDOM.get(os.uname().machine):
        task.system.refuse_call(f"system call {number}")
        raise OSError(ENOSYS, "not offered")
    if flags & ~3:
        raise OSError(EINVAL, "unknown flags")
    data = os.urandom(min(count, _RANDOM_MAX))
    task.memory.write(address, data)
    return len(data)


def getlogin(task: PipedTask) -> int:
    """getlogin(3): the user's name, as the environment has it. Errors: ENOTTY."""
    name = task.environment.get(b"USER")
    if not name:
        raise OSError(ENOTTY, "no login")
    return keep(task, name)


def ctermid(task: PipedTask, address: int) -> int:
    if not address:
        return keep(task, _TERMINAL)
    task.memory.write(address, _TERMINAL + b"\0")
    return address


def ttyname(task: Task, number: int) -> int:
    """ttyname(3): what stands for a terminal is a pipe, and has no name. Errors: ENOTTY, EBADF."""
    task.descriptors.stat(number)
    raise OSError(ENOTTY, "no name")


def cpu_count(task: Task) -> int:
    return len(task.system.processors)


def major(_task: Task, device: int) -> int:
    return os.major(device)


def minor(_task: Task, device: int) -> int:
    return os.minor(device)


def makedev(_task: Task, major: int, minor: int) -> int:
    try:
        return os.makedev(major, minor)
    except OverflowError:
        raise OSError(ERANGE, "no such device") from None


def _nothing(_task: Task) -> int:
    return 0
