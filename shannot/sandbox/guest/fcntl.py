"""`fcntl` as far as the mediator answers it: flags of descriptors, and locks."""

import errno
import os
from time import sleep

import _shannot

F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL = 0, 1, 2, 3, 4
F_GETLK, F_SETLK, F_SETLKW = 5, 6, 7
F_RDLCK, F_WRLCK, F_UNLCK = 0, 1, 2
F_DUPFD_CLOEXEC = 1030
FD_CLOEXEC = 1
_NAP = 0.02  # seconds between two tries
LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN = 1, 2, 4, 8


def _number(fd):
    return fd if isinstance(fd, int) else fd.fileno()


def fcntl(fd, cmd, arg=0):
    """Flags of a descriptor; of F_SETFL only O_NONBLOCK. Raises OSError with ENOSYS for others."""
    number = _number(fd)
    if cmd == F_GETFD:
        return 0 if os.get_inheritable(number) else FD_CLOEXEC
    if cmd == F_SETFD:
        os.set_inheritable(number, not arg & FD_CLOEXEC)
        return 0
    if cmd == F_GETFL:
        return _shannot.flags(number)
    if cmd == F_SETFL:
        os.set_blocking(number, not arg & os.O_NONBLOCK)
        return 0
    raise OSError(errno.ENOSYS, "fcntl %d is not to be had here" % cmd)


def ioctl(fd, request, arg=0, mutate_flag=True):
    """Raises OSError: no device can be reached."""
    os.fstat(_number(fd))
    raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))


def flock(fd, operation):
    """Lock a whole file for whoever has opened it here."""
    number = _number(fd)
    while True:
        try:
            return _shannot.flock(number, operation | LOCK_NB)
        except BlockingIOError:
            if operation & LOCK_NB:
                raise
            sleep(_NAP)


def lockf(fd, cmd, len=0, start=0, whence=0):  # noqa: A002 - the interface's own name
    """Lock a part of a file, exclusively: this Python has no shared locks."""
    number = _number(fd)
    if cmd & LOCK_UN:
        command = os.F_ULOCK
    elif cmd & (LOCK_EX | LOCK_SH):
        command = os.F_TLOCK if cmd & LOCK_NB else os.F_LOCK
    else:
        raise ValueError("unrecognized lockf argument")
    place = os.lseek(number, 0, os.SEEK_CUR)
    if start or whence:
        os.lseek(number, start, whence)
    try:
        os.lockf(number, command, len)
    finally:
        os.lseek(number, place, os.SEEK_SET)
