"""The table of the `cpython` runtime: every notified call of Linux, x86_64 and aarch64.

Old forms are rows of the new ones with constants. A call in no row gets ENOSYS and is counted.
What the filter answers by itself is in `rules.py`.

In two halves: here is what every start of a program asks; the rest is in `linux_seldom.py`, which
is loaded with all its handlers at the first call that is not here (saves 5 of 80 ms).
"""

from __future__ import annotations

from shannot.sandbox.kernel import directories, files, metadata, system
from shannot.sandbox.kernel.answers import CONTINUE

from . import layouts
from .table import (
    Constant,
    Row,
    Skip,
    descriptor,
    fd,
    filled,
    integer,
    path,
    size,
    unsigned,
    written,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.sandbox.kernel.task import Task

CWD = Constant(-100)
NONE = Constant(0)
SKIP = Skip()


def rows(machine: str) -> list[Row]:
    """What every start asks. `machine`: "x86_64" or "aarch64"."""
    return [
        Row("openat", files.openat, (fd, path, integer, unsigned), descriptor(2)),
        Row("open", files.openat, (CWD, path, integer, unsigned), descriptor(1)),
        Row("getdents64", directories.getdents64, (fd, SKIP, unsigned), filled(1)),
        Row("mmap", files.mmap_shared, (SKIP, SKIP, SKIP, unsigned, fd)),
        Row("readlinkat", metadata.readlinkat, (fd, path, SKIP, integer), filled(2), is_query=True),
        Row("readlink", metadata.readlinkat, (CWD, path, SKIP, integer), filled(1), is_query=True),
        Row("getcwd", directories.getcwd, (SKIP, size), filled(0), is_query=True),
        Row("getuid", system.getuid, ()),
        Row("geteuid", system.getuid, ()),
        Row("getgid", system.getgid, ()),
        Row("getegid", system.getgid, ()),
        Row("uname", natively, ()),
        Row("sysinfo", natively, ()),
        *_stat_rows(layouts.stat_of(machine)),
    ]


def _stat_rows(pack: Callable[[tuple[int, ...]], bytes]) -> list[Row]:
    no_follow = Constant(metadata.AT_SYMLINK_NOFOLLOW)
    return [
        Row(
            "newfstatat",
            metadata.newfstatat,
            (fd, path, SKIP, integer),
            written(2, pack),
            is_query=True,
        ),
        Row("stat", metadata.newfstatat, (CWD, path, NONE), written(1, pack), is_query=True),
        Row("lstat", metadata.newfstatat, (CWD, path, no_follow), written(1, pack), is_query=True),
        Row("fstat", metadata.fstat, (fd,), written(1, pack), is_query=True),
        Row("faccessat2", metadata.faccessat2, (fd, path, integer, integer), is_query=True),
        Row("faccessat", metadata.faccessat2, (fd, path, integer, NONE), is_query=True),
        Row("access", metadata.faccessat2, (CWD, path, integer, NONE), is_query=True),
    ]


def natively(_task: Task) -> int:
    """The kernel's own answer: it depends on registers alone and changes nothing outside."""
    return CONTINUE
