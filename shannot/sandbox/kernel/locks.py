"""Locks: flock(2) and the record locks of fcntl(2).

Files of the layer are locked for real, so that processes of the script exclude each other. A file
that is still the host's is never locked, since that would hold up the host's own programs: the
script is told that it has the lock.

A lock that belongs to the open file (flock, and F_OFD_SETLK) is taken by us, through a duplicate
that is looked at. A record lock belongs to the process, and goes when it closes *any* descriptor of
the file, which nobody tells us: only the kernel can keep it, so that call CONTINUEs after a look at
the descriptor. A thread that swaps the descriptor meanwhile gets a shared lock of a file of the
host, until the next look: `host_locks.py` finds it, and the run is ended.
"""

from __future__ import annotations

import fcntl as host_fcntl
import os
from errno import EAGAIN, EBADF, EINVAL, EPERM, EWOULDBLOCK

from shannot.sandbox.vfs.node import File

from .answers import CONTINUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .task import Task

_OPERATIONS = (host_fcntl.LOCK_SH, host_fcntl.LOCK_EX, host_fcntl.LOCK_UN)
_F_GETLK, _F_SETLK, _F_SETLKW = 5, 6, 7
F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW = 36, 37, 38
OF_OPEN_FILE = (F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW)
FLOCK_SIZE = 32  # struct flock of bits/fcntl.h, on 64-bit machines
_F_SETPIPE_SZ, _F_GET_SEALS, _F_DUPFD_QUERY = 1031, 1034, 1027
_HARMLESS = frozenset((_F_SETPIPE_SZ, _F_GET_SEALS, _F_DUPFD_QUERY))
_LOCKS = frozenset((_F_GETLK, _F_SETLK, _F_SETLKW))


def _is_of_layer(task: Task, found: os.stat_result) -> bool:
    node = task.system.overlay.opened.get((found.st_dev, found.st_ino))
    return isinstance(node, File) and node.spool is not None


def flock(task: Task, number: int, operation: int) -> int:
    """flock(2). The lock belongs to the open file, so we can take it through our own duplicate.

    Returns that duplicate where the call must wait (`waits.py`), else -1. Errors: EINVAL,
    EBADF, EWOULDBLOCK.
    """
    if operation & ~host_fcntl.LOCK_NB not in _OPERATIONS:
        raise OSError(EINVAL, "unknown operation")
    if not _is_of_layer(task, task.descriptors.stat(number)):
        return -1
    shared = task.descriptors.duplicate(number)
    try:
        if not _is_of_layer(task, os.fstat(shared)):  # the number was given to another file
            os.close(shared)
            return -1
        host_fcntl.flock(shared, operation | host_fcntl.LOCK_NB)
    except BlockingIOError:
        if not operation & host_fcntl.LOCK_NB:
            return shared
        os.close(shared)
        raise OSError(EWOULDBLOCK, "locked") from None
    except OSError:
        os.close(shared)
        raise
    os.close(shared)
    return -1


def fcntl(task: Task, number: int, command: int) -> int:
    """What fcntl(2) does beyond descriptors and flags. Errors: EPERM, EINVAL, EBADF."""
    if command in _HARMLESS:
        return CONTINUE
    if command not in _LOCKS:
        raise OSError(EPERM if command in (8, 10, 1024, 1026, 1033) else EINVAL, "not supported")
    if _is_of_layer(task, task.descriptors.stat(number)):
        task.system.locks_records = True
        return CONTINUE
    if command == _F_GETLK:
        raise OSError(EBADF if number < 0 else EAGAIN, "locked by the host")
    return 0


def lock_open_file(
    task: Task, number: int, command: int, wanted: bytes
) -> tuple[int, bytes | None]:
    """F_OFD_SETLK, F_OFD_SETLKW, F_OFD_GETLK with a struct flock; the lock is the open file's.

    Returns the duplicate where the call must wait, else -1; and the struct that F_OFD_GETLK gives,
    else None. Errors: EAGAIN, EBADF, EINVAL.
    """
    shared = task.descriptors.duplicate(number)
    try:
        if not _is_of_layer(task, os.fstat(shared)):
            if command == F_OFD_GETLK:
                raise OSError(EAGAIN, "locked by the host")
            os.close(shared)
            return -1, None
        at_once = F_OFD_GETLK if command == F_OFD_GETLK else F_OFD_SETLK
        found = host_fcntl.fcntl(shared, at_once, wanted)
    except BlockingIOError:
        if command == F_OFD_SETLKW:
            return shared, None
        os.close(shared)
        raise
    except OSError:
        os.close(shared)
        raise
    os.close(shared)
    return -1, found if command == F_OFD_GETLK else None
