"""The second half of the table (`linux.py`): calls that many programs never make."""

from __future__ import annotations

import struct

from shannot.sandbox.kernel import (
    directories,
    files,
    metadata,
    paths,
    resources,
    signals,
    sockets,
    system,
    terminals,
)
from shannot.sandbox.kernel.answers import CONTINUE

from . import layouts, times
from .linux import CWD, NONE, natively
from .table import (
    Constant,
    Row,
    descriptor,
    fd,
    integer,
    long,
    optional_path,
    path,
    size,
    stored,
    unsigned,
    written,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.kernel.task import Task

    from .table import Arguments

_CREAT_FLAGS = Constant(0o1101)  # O_WRONLY | O_CREAT | O_TRUNC


def rows() -> list[Row]:
    """All other rows; none depends on the machine."""
    return [
        *_file_rows(),
        *_name_rows(),
        *_metadata_rows(),
        *_identity_rows(),
        *_process_rows(),
        *_socket_rows(),
    ]


def _file_rows() -> list[Row]:
    return [
        Row("creat", files.openat, (CWD, path, _CREAT_FLAGS, unsigned), descriptor(None)),
        Row("statfs", metadata.statfs, (path,), written(1, layouts.statfs)),
        Row("fstatfs", metadata.fstatfs, (fd,), written(1, layouts.statfs)),
        Row("truncate", files.truncate, (path, long)),
        Row("memfd_create", files.memfd_create, (path, unsigned), descriptor(1, 1)),
        # flock and fcntl may have to wait: `waits.py`
        Row("ioctl", terminals.ioctl, (fd, unsigned), stored(2)),
        Row("sync", _nothing, ()),
        Row("syncfs", _nothing, ()),
    ]


def _name_rows() -> list[Row]:
    remove_directory = Constant(paths.AT_REMOVEDIR)
    return [
        Row("unlinkat", paths.unlinkat, (fd, path, integer)),
        Row("unlink", paths.unlinkat, (CWD, path, NONE)),
        Row("rmdir", paths.unlinkat, (CWD, path, remove_directory)),
        Row("renameat2", paths.renameat2, (fd, path, fd, path, unsigned)),
        Row("renameat", paths.renameat2, (fd, path, fd, path, NONE)),
        Row("rename", paths.renameat2, (CWD, path, CWD, path, NONE)),
        Row("linkat", paths.linkat, (fd, path, fd, path, integer)),
        Row("link", paths.linkat, (CWD, path, CWD, path, NONE)),
        Row("symlinkat", paths.symlinkat, (path, fd, path)),
        Row("symlink", paths.symlinkat, (path, CWD, path)),
        Row("mkdirat", directories.mkdirat, (fd, path, unsigned)),
        Row("mkdir", directories.mkdirat, (CWD, path, unsigned)),
        Row("mknodat", paths.mknodat, (fd, path, unsigned)),
        Row("mknod", paths.mknodat, (CWD, path, unsigned)),
        Row("chdir", directories.chdir, (path,)),
        Row("fchdir", directories.fchdir, (fd,)),
    ]


def _metadata_rows() -> list[Row]:
    no_follow = Constant(metadata.AT_SYMLINK_NOFOLLOW)
    rows = [
        Row("fchmodat2", metadata.fchmodat2, (fd, path, unsigned, integer)),
        Row("fchmodat", metadata.fchmodat2, (fd, path, unsigned, NONE)),
        Row("chmod", metadata.fchmodat2, (CWD, path, unsigned, NONE)),
        Row("fchmod", metadata.fchmod, (fd, unsigned)),
        Row("fchownat", metadata.fchownat, (fd, path, integer, integer, integer)),
        Row("chown", metadata.fchownat, (CWD, path, integer, integer, NONE)),
        Row("lchown", metadata.fchownat, (CWD, path, integer, integer, no_follow)),
        Row("fchown", metadata.fchown, (fd, integer, integer)),
        Row("utimensat", metadata.utimensat, (fd, optional_path, times.nanoseconds, integer)),
        Row("futimesat", metadata.utimensat, (fd, optional_path, times.microseconds, NONE)),
        Row("utimes", metadata.utimensat, (CWD, path, times.microseconds, NONE)),
        Row("utime", metadata.utimensat, (CWD, path, times.whole_seconds, NONE)),
        Row("umask", metadata.umask, (unsigned,)),
    ]
    attributes = [a + b for a in ("", "l", "f") for b in ("get", "set", "remove", "list")]
    rows += [Row(f"{name}xattr", files.unsupported, ()) for name in attributes]
    return rows


def _identity_rows() -> list[Row]:
    return [
        Row("getgroups", system.getgroups, (integer,), _groups),
        Row("getresuid", system.getresuid, (), _three),
        Row("getresgid", system.getresgid, (), _three),
        Row("setuid", system.setuid, (integer,)),
        Row("setgid", system.setgid, (integer,)),
        Row("setreuid", system.setresuid, (integer, integer)),
        Row("setregid", system.setresgid, (integer, integer)),
        Row("setresuid", system.setresuid, (integer, integer, integer)),
        Row("setresgid", system.setresgid, (integer, integer, integer)),
        Row("setgroups", files.not_permitted, ()),
        Row("setfsuid", system.getuid, ()),
        Row("setfsgid", system.getgid, ()),
        Row("setsid", system.setsid, ()),
        Row("getpgid", system.getpgid, (integer,)),
        Row("getpgrp", system.getpgrp, ()),
        Row("getsid", system.getsid, (integer,)),
        Row("setpgid", system.setpgid, (integer, integer)),
        Row("capget", natively, ()),
        Row("sethostname", files.not_permitted, ()),
        Row("setdomainname", files.not_permitted, ()),
        Row("acct", files.not_permitted, ()),
        Row("syslog", files.not_permitted, ()),
        Row("vhangup", files.not_permitted, ()),
        Row("quotactl", files.not_permitted, ()),
        Row("adjtimex", files.not_permitted, ()),
        Row("clock_adjtime", files.not_permitted, ()),
    ]


def _process_rows() -> list[Row]:
    return [
        Row("kill", signals.kill, (integer, integer)),
        Row("tgkill", signals.tgkill, (integer, integer, integer)),
        Row("rt_sigaction", signals.rt_sigaction, (integer, size)),
        Row("tkill", signals.tkill, (integer, integer)),
        Row("rt_sigqueueinfo", files.not_permitted, ()),
        Row("rt_tgsigqueueinfo", files.not_permitted, ()),
        Row("pidfd_open", signals.pidfd_open, (integer, unsigned), descriptor(None)),
        Row("pidfd_send_signal", signals.pidfd_send_signal, ()),
        Row("prlimit64", resources.prlimit64, (integer, unsigned, size), _old_limit),
        Row("getrlimit", natively, ()),
        Row("setrlimit", natively, ()),
        Row("sched_getaffinity", resources.sched_getaffinity, (integer, unsigned), _affinity),
        Row("sched_setaffinity", resources.sched_setaffinity, (integer,)),
        Row("sched_getparam", natively, ()),
        Row("sched_getscheduler", natively, ()),
        Row("sched_get_priority_max", natively, ()),
        Row("sched_get_priority_min", natively, ()),
        Row("sched_rr_get_interval", natively, ()),
        Row("sched_getattr", natively, ()),
        Row("sched_setparam", resources.sched_setparam, (integer,)),
        Row("sched_setscheduler", resources.sched_setscheduler, (integer, integer)),
        Row("sched_setattr", files.not_permitted, ()),
        Row("getpriority", natively, ()),
        Row("setpriority", resources.setpriority, (integer, integer)),
        Row("ioprio_get", natively, ()),
        Row("ioprio_set", files.not_permitted, ()),
        Row("get_robust_list", files.not_permitted, ()),
        Row("membarrier", natively, ()),
        Row("mlock", natively, ()),
        Row("mlock2", natively, ()),
        Row("munlock", natively, ()),
        Row("mlockall", files.not_permitted, ()),
        Row("munlockall", natively, ()),
        Row("mincore", natively, ()),
        Row("mseal", natively, ()),
        Row("readahead", natively, ()),
    ]


def _socket_rows() -> list[Row]:
    refused = (
        "bind", "connect", "listen", "accept", "accept4", "sendto", "sendmsg", "sendmmsg",
        "recvmmsg", "socketpair",
    )  # fmt: skip
    return [
        Row("socket", sockets.socket, (integer, integer, integer)),
        *(Row(name, sockets.refused, (Constant(name),)) for name in refused),
        # these ask about a socket that the child has, and nothing depends on memory
        Row("getsockname", natively, ()),
        Row("getpeername", natively, ()),
        Row("getsockopt", natively, ()),
        Row("setsockopt", sockets.setsockopt, ()),
    ]


def _nothing(_task: Task) -> int:
    return 0


def _three(task: Task, arguments: Arguments, value: object) -> int:
    for address, number in zip(arguments, value, strict=False):  # type: ignore[call-overload]  # 3
        task.memory.write(address, struct.pack("=I", number))
    return 0


def _groups(task: Task, arguments: Arguments, value: object) -> int:
    groups: tuple[int, ...] = value  # type: ignore[assignment]  # the handler's
    if arguments[0] & 0xFFFFFFFF and groups:
        task.memory.write(arguments[1], struct.pack(f"={len(groups)}I", *groups))
    return len(groups)


def _old_limit(task: Task, arguments: Arguments, value: object) -> int:
    if value is None:
        return CONTINUE
    pair: tuple[int, int] = value  # type: ignore[assignment]  # the handler's
    if arguments[3]:
        mask = 0xFFFF_FFFF_FFFF_FFFF
        task.memory.write(arguments[3], layouts.RLIMIT.pack(pair[0] & mask, pair[1] & mask))
    return 0


def _affinity(task: Task, arguments: Arguments, value: object) -> int:
    if value is None:
        return CONTINUE
    mask: bytes = value  # type: ignore[assignment]  # the handler's
    task.memory.write(arguments[2], mask)
    return len(mask)
