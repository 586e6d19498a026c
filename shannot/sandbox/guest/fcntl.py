"""`fcntl` as far as the mediator answers it: flags of descriptors, and locks through lockf(3)."""

import errno
import os

F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL = 0, 1, 2, 3, 4
F_GETLK, F_SETLK, F_SETLKW = 5, 6, 7
F_RDLCK, F_WRLCK, F_UNLCK = 0, 1, 2
F_DUPFD_CLOEXEC = 1030
FD_CLOEXEC = 1
LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN = 1, 2, 4, 8


def _number(fd):
    return fd if isinstance(fd, int) else fd.fileno()


def fcntl(fd, cmd, arg=0):
    """Flags of a descriptor: FD_CLOEXEC and, of all that F_GETFL has elsewhere, O_NONBLOCK.

    Raises OSError with ENOSYS for anything else.
    """
    number = _number(fd)
    if cmd == F_GETFD:
        return 0 if os.get_inheritable(number) else FD_CLOEXEC
    if cmd == F_SETFD:
        os.set_inheritable(number, not arg & FD_CLOEXEC)
        return 0
    if cmd == F_GETFL:
        return 0 if os.get_blocking(number) else os.O_NONBLOCK
    if cmd == F_SETFL:
        os.set_blocking(number, not arg & os.O_NONBLOCK)
        return 0
    raise OSError(errno.ENOSYS, "fcntl %d is not to be had here" % cmd)


def ioctl(fd, request, arg=0, mutate_flag=True):
    """Raises OSError: no device can be reached."""
    os.fstat(_number(fd))
    raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))


def flock(fd, operation):
    """Lock a whole file, as a network file system does it: by lockf(3)."""
    number = _number(fd)
    place = os.lseek(number, 0, os.SEEK_CUR)
    os.lseek(number, 0, os.SEEK_SET)
    try:
        lockf(number, operation)
    finally:
        os.lseek(number, place, os.SEEK_SET)


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
