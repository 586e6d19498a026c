"""What the host's /proc says of the processes of a run."""

from __future__ import annotations

import os

_SIZE = 65536  # more than any of these files holds, many groups included


def read(path: bytes) -> bytes:
    """The start of a file below /proc. Errors: OSError where the process is gone."""
    host_fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(host_fd, _SIZE)
    finally:
        os.close(host_fd)


def status(pid: int) -> bytes:
    """proc_pid_status(5) of a process or thread: its name, which it chooses, is the first line, and
    may hold \\r. Errors: as `read`."""
    return read(b"/proc/%d/status" % pid)


def signal_masks(pid: int) -> dict[bytes, int]:
    """The masks of signals in it, by name: SigPnd, ShdPnd, SigBlk, SigIgn, SigCgt. Errors: as
    `read`."""
    return {
        line[:6]: int(line[8:], 16)
        for line in status(pid).split(b"\n")
        if line.startswith((b"SigPnd:", b"ShdPnd:", b"SigBlk:", b"SigIgn:", b"SigCgt:"))
    }


def threads(pid: int) -> list[bytes]:
    """The numbers of a process's threads; none where it is gone."""
    try:
        return os.listdir(b"/proc/%d/task" % pid)
    except OSError:
        return []
