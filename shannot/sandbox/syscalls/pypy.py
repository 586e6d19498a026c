"""The table of the `pypy` runtime: what its C library asks, by signature.

In two halves as `linux.py`: here is what every start asks, the rest is in `pypy_seldom.py`. The
handlers are those of the `cpython` runtime; only what the kernel does for that one by itself
(reading, writing, clocks) has some of its own. A failing row sends errno, and -1 or NULL.
"""

from __future__ import annotations

import os
import time
from errno import EFAULT, ENOTTY, EROFS

from shannot.sandbox.kernel import (
    directories,
    directory_streams,
    files,
    metadata,
    open_files,
    system,
)

from .pypy_kinds import CWD, NONE, FailedError, PypyKinds
from .pypy_layouts import LONG, POINTER, TIMEVAL, UTSNAME_FIELD
from .table import (
    Constant,
    Row,
    Skip,
    compile_row,
    fd,
    integer,
    long,
    path,
    size,
    unsigned,
    written,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from shannot.sandbox.kernel.directory_streams import DirectoryStream
    from shannot.sandbox.kernel.piped import PipedTask
    from shannot.sandbox.kernel.task import Task

    from .pypy_layouts import Platform
    from .table import Answer, Arguments

SKIP = Skip()
_STRING_MAX = 131072  # bytes of a variable, MAX_ARG_STRLEN of linux/binfmts.h
_PIECE = 1 << 20

_KEPT_MAX = 1000
_BYTECODE = b"__pycache__"


def compiled(rows: Iterable[Row]) -> dict[bytes, Answer]:
    """By signature. The caller of a pipe is waiting, so it is alive."""
    return {row.name.encode(): compile_row(row, _waits) for row in rows}


def _waits(_call: int) -> bool:
    return True


def rows(platform: Platform) -> list[Row]:
    """What every start asks."""
    kinds = PypyKinds(platform)
    no_follow = Constant(metadata.AT_SYMLINK_NOFOLLOW)
    stat = written(1, platform.stat)
    found = [
        Row("open(pii)i", files.openat, (CWD, path, kinds.flags, unsigned), kinds.opened(1)),
        Row("read(ipi)i", open_files.read, (fd, SKIP, size), _filled),
        Row("write(ipi)i", write, (fd, size, size)),
        Row("lseek(iii)i", open_files.lseek, (fd, long, integer)),
        Row("close(i)i", open_files.close, (fd,)),
        Row("isatty(i)i", isatty, (fd,)),
        Row("access(pi)i", metadata.faccessat2, (CWD, path, integer, NONE)),
        Row("mkdir(pi)i", mkdir, (path, unsigned)),
        Row("readlink(ppi)i", metadata.readlinkat, (CWD, path, SKIP, integer), _filled),
        Row("getcwd(pi)p", directories.getcwd, (SKIP, size), _in_buffer),
        Row("opendir(p)p", directory_streams.opendir, (path,), kinds.stream),
        Row("readdir(p)p", kinds.readdir, (size,)),
        Row("closedir(p)i", closedir, (size,)),
        Row("rpy_get_inheritable(i)i", is_inheritable, (fd,)),
        Row("getenv(p)p", getenv, (size,)),
        Row("get_environ()p", get_environ, ()),
        Row("gettimeofday(pp)i", gettimeofday, (size, SKIP)),
        Row("time(p)i", seconds, (size,)),
        Row("uname(p)i", uname, (size,)),
        Row("getpid()i", getpid, ()),
        Row("getuid()i", system.getuid, ()),
    ]
    for end in ("64", ""):  # Linux, macOS
        found += [
            Row(f"stat{end}(pp)i", metadata.newfstatat, (CWD, path, SKIP, NONE), stat),
            Row(f"lstat{end}(pp)i", metadata.newfstatat, (CWD, path, SKIP, no_follow), stat),
            Row(f"fstat{end}(ip)i", metadata.fstat, (fd,), stat),
        ]
    return found


# -- results -------------------------------------------------------------------------------------


def _filled(task: Task, arguments: Arguments, value: object) -> int:
    """Bytes for the buffer of the second argument; the call returns their number."""
    data: bytes = value  # type: ignore[assignment]  # the handler's bytes
    if data:
        task.memory.write(arguments[1], data)
    return len(data)


def _in_buffer(task: Task, arguments: Arguments, value: object) -> int:
    """Bytes for the buffer of the first argument, whose address the call returns."""
    if not arguments[0]:
        raise OSError(EFAULT, "no buffer")
    task.memory.write(arguments[0], value)  # type: ignore[arg-type]  # the handler's bytes
    return arguments[0]


# -- files ---------------------------------------------------------------------------------------


def write(task: PipedTask, number: int, address: int, count: int) -> int:
    """write(2) of the child's memory, a piece at a time. What was written before a fault counts."""
    table, done, count = task.table, 0, min(count, open_files.WRITE_MAX)
    table.host(number)
    while True:
        piece = min(_PIECE, count - done)
        try:
            data = task.memory.read(address + done, piece) if piece else b""
            written = open_files.write(task, number, data)
        except OSError:
            if done:
                return done
            raise
        done += written
        if written < piece or done >= count:
            return done


def mkdir(task: Task, path: bytes, mode: int) -> int:
    """The interpreter makes one for compiled modules wherever it imports from, though it is told
    not to write them; that is nobody's wish, and would stand in the plan."""
    if path.rpartition(b"/")[2] == _BYTECODE:
        raise OSError(EROFS, "no compiled modules are kept")
    return directories.mkdirat(task, -100, path, mode)


def closedir(task: PipedTask, address: int) -> int:
    stream: DirectoryStream = directory_streams.stream_at(task, address)
    del task.streams[address]
    task.release(address)
    task.table.close(stream.number)
    return 0


def isatty(task: PipedTask, number: int) -> int:
    """isatty(3): 0 and an errno where it is none."""
    try:
        return open_files.isatty(task, number)
    except OSError as error:
        raise FailedError(error.errno or ENOTTY, 0) from None


def is_inheritable(task: PipedTask, number: int) -> int:
    return int(not task.table.closes_on_exec(number))


# -- environment ---------------------------------------------------------------------------------


def getenv(task: PipedTask, address: int) -> int:
    """getenv(3): the address of the value, NULL without one."""
    name = task.memory.read_string(address, _STRING_MAX)
    value = task.environment.get(name)
    return 0 if value is None else keep(task, value)


def keep(task: PipedTask, text: bytes) -> int:
    """A string in the child's memory that stays there: its address."""
    address = task.kept.get(text)
    if address is None:
        address = task.allocate(text + b"\0")
        if len(task.kept) < _KEPT_MAX:
            task.kept[text] = address
    return address


def environment_block(task: PipedTask) -> int:
    """The environment as a NULL-terminated array, in one block: its address."""
    entries = [name + b"=" + value + b"\0" for name, value in task.environment.items()]
    head = POINTER.size * (len(entries) + 1)
    address = task.allocate(bytes(head) + b"".join(entries))
    pointers, place = [], address + head
    for entry in entries:
        pointers.append(POINTER.pack(place))
        place += len(entry)
    if pointers:
        task.memory.write(address, b"".join(pointers))
    return address


def get_environ(task: PipedTask) -> int:
    return environment_block(task)


# -- time, names ---------------------------------------------------------------------------------


def gettimeofday(task: Task, address: int) -> int:
    now = time.time_ns()
    task.memory.write(address, TIMEVAL.pack(now // 1_000_000_000, now // 1000 % 1_000_000))
    return 0


def seconds(task: Task, address: int) -> int:
    now = int(time.time())
    if address:
        task.memory.write(address, LONG.pack(now))
    return now


def uname(task: Task, address: int) -> int:
    """uname(2). The domain name is not Python's to ask; it is as unset."""
    fields = [os.fsencode(field)[: UTSNAME_FIELD - 1] for field in (*os.uname(), "(none)")]
    task.memory.write(address, b"".join(field.ljust(UTSNAME_FIELD, b"\0") for field in fields))
    return 0


def getpid(task: Task) -> int:
    return task.pid
