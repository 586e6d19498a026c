"""Opening a FIFO, fifo(7): each end waits for the other, without holding up the mediator."""

from __future__ import annotations

import os
from errno import EACCES, ENXIO

from shannot.sandbox.vfs.fifo import has_had_writer
from shannot.sandbox.vfs.rights import allows

from .answers import OpensLater

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.vfs.node import Fifo

    from .task import Task

_WANT = {os.O_RDONLY: 4, os.O_WRONLY: 2, os.O_RDWR: 6}


def open_fifo(task: Task, node: Fifo, flags: int) -> int:
    """A host descriptor. Errors: EACCES, ENXIO; OpensLater where nobody is at the other end yet."""
    access = flags & os.O_ACCMODE
    want = _WANT.get(access)
    if want is None or not allows(task.system.identity, node, want):
        raise OSError(EACCES, "may not be opened so")
    task.system.forget_waits()
    blocking = not flags & os.O_NONBLOCK
    cloexec = bool(flags & os.O_CLOEXEC)
    if access == os.O_WRONLY:
        waiting = node.spool.open(node.key, os.O_PATH)
        try:
            host_fd = _open_writer(waiting)
        except BlockingIOError:
            if blocking:
                raise OpensLater(waiting, lambda held: _end(_open_writer(held), True), cloexec)
            os.close(waiting)
            raise OSError(ENXIO, "nobody reads") from None
        os.close(waiting)
    else:
        host_fd = node.spool.open(node.key, access | os.O_NONBLOCK)
        found = os.fstat(host_fd)
        task.system.overlay.opened[found.st_dev, found.st_ino] = node
        if access == os.O_RDONLY and blocking and not has_had_writer(host_fd):
            raise OpensLater(host_fd, _open_reader, cloexec)
    return _end(host_fd, blocking)


def _open_writer(waiting: int) -> int:
    """Errors: BlockingIOError while nobody reads."""
    try:
        return os.open(b"/proc/self/fd/%d" % waiting, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == ENXIO:
            raise BlockingIOError from None
        raise


def _open_reader(host_fd: int) -> int:
    """Errors: BlockingIOError while nobody has written."""
    if not has_had_writer(host_fd):
        raise BlockingIOError
    return _end(host_fd, True)


def _end(host_fd: int, blocking: bool) -> int:
    if blocking:
        os.set_blocking(host_fd, True)
    return host_fd
