"""What a terminal says of itself, where a pipe stands in for one."""

from __future__ import annotations

import struct
from errno import ENOTTY
from fcntl import ioctl as host_ioctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .task import Task

_TCGETS, _TIOCGWINSZ, _TCGETS2 = 0x5401, 0x5413, 0x802C542A
# struct termios of asm-generic/termbits.h: 4 flags, line, 19 control characters; 36 bytes.
# Cooked mode at 38400 baud, as a terminal has it after login.
_FLAGS = (0o2400, 0o5, 0o277, 0o105073)
_CONTROL = bytes((3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0))
_TERMIOS = struct.pack("=4IB", *_FLAGS, 0) + _CONTROL
_TERMIOS2 = _TERMIOS + struct.pack("=II", 38400, 38400)


def ioctl(task: Task, number: int, request: int) -> bytes:
    """TCGETS and TIOCGWINSZ on what stands for a terminal of the caller. Errors: ENOTTY, EBADF."""
    found = task.descriptors.stat(number)
    if (found.st_dev, found.st_ino) not in task.system.terminals:
        raise OSError(ENOTTY, "not a terminal")
    if request == _TCGETS:
        return _TERMIOS
    if request == _TCGETS2:
        return _TERMIOS2
    if request == _TIOCGWINSZ:
        return window_size()
    raise OSError(ENOTTY, "not a terminal")


def window_size() -> bytes:
    """struct winsize of the caller's terminal: rows, columns and pixels, four u16."""
    for host_fd in (2, 1, 0):
        try:
            return host_ioctl(host_fd, _TIOCGWINSZ, bytes(8))
        except OSError:
            continue
    return struct.pack("=4H", 24, 80, 0, 0)
