"""The child's stdin: the caller's, but never a way to write to what the caller reads from."""

from __future__ import annotations

import fcntl
import os
import stat


def open_stdin(caller: int) -> int:
    """A descriptor of our own that the child may read, and can write only if it is a socket."""
    try:
        status = os.fstat(caller)
    except OSError:
        return _null()  # closed by whoever started us
    mode = fcntl.fcntl(caller, fcntl.F_GETFL) & os.O_ACCMODE
    if stat.S_ISDIR(status.st_mode) or mode == os.O_WRONLY:
        return _null()
    if mode == os.O_RDONLY or stat.S_ISSOCK(status.st_mode):
        return fcntl.fcntl(caller, fcntl.F_DUPFD_CLOEXEC, 3)
    # Opened for writing as well, like a terminal: the child gets it read-only.
    try:
        host_fd = os.open(f"/proc/self/fd/{caller}", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
        if stat.S_ISREG(status.st_mode):
            os.lseek(host_fd, os.lseek(caller, 0, os.SEEK_CUR), os.SEEK_SET)
    except OSError:
        return _null()  # a terminal of another user (after su): nothing to read is the safe answer
    return host_fd


def _null() -> int:
    return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
