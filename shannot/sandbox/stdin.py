"""The child's stdin: something it can only read, whatever the caller's is."""

from __future__ import annotations

import fcntl
import os
import stat
from _thread import start_new_thread

_CHUNK = 1 << 16


class Stdin:
    """`host_fd` becomes 0 of the child. A socket is read for it: through one it could write."""

    __slots__ = ("_source", "_writer", "host_fd")

    def __init__(self, caller: int) -> None:
        self._source = self._writer = -1
        try:
            found = os.fstat(caller)
        except OSError:
            self.host_fd = _null()  # closed by whoever started us
            return
        if stat.S_ISSOCK(found.st_mode):
            self._source = fcntl.fcntl(caller, fcntl.F_DUPFD_CLOEXEC, 3)
            self.host_fd, self._writer = os.pipe2(os.O_CLOEXEC)
        else:
            self.host_fd = _reading(caller, found)

    def start(self) -> None:
        """After the fork: pass on what comes through a socket, if it is one."""
        if self._source >= 0:
            start_new_thread(_relay, (self._source, self._writer))

    def close(self) -> None:
        """In the parent, after the fork: the child has its own."""
        if self.host_fd >= 0:
            os.close(self.host_fd)
            self.host_fd = -1


def _reading(caller: int, found: os.stat_result) -> int:
    mode = fcntl.fcntl(caller, fcntl.F_GETFL) & os.O_ACCMODE
    if stat.S_ISDIR(found.st_mode) or mode == os.O_WRONLY:
        return _null()
    if mode == os.O_RDONLY:
        return fcntl.fcntl(caller, fcntl.F_DUPFD_CLOEXEC, 3)
    # Opened for writing as well, like a terminal: the child gets it read-only.
    try:
        host_fd = os.open(f"/proc/self/fd/{caller}", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
        if stat.S_ISREG(found.st_mode):
            os.lseek(host_fd, os.lseek(caller, 0, os.SEEK_CUR), os.SEEK_SET)
    except OSError:
        return _null()  # a terminal of another user (after su): nothing to read is the safe answer
    return host_fd


def _relay(source: int, writer: int) -> None:
    try:
        while data := os.read(source, _CHUNK):
            view = memoryview(data)
            while view:
                view = view[os.write(writer, view) :]
    except OSError:
        pass  # the other end, or the child, is gone
    finally:
        os.close(source)
        os.close(writer)


def _null() -> int:
    return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
