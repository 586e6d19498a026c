"""`select` over the descriptors that the mediator holds: `poll` and `select`."""

import errno
import os

import _shannot

POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL = 1, 2, 4, 8, 16, 32
POLLRDNORM, POLLRDBAND, POLLWRNORM, POLLWRBAND, POLLMSG = 64, 128, 256, 512, 1024
PIPE_BUF = 4096

error = OSError


class poll:
    """Descriptors to wait for."""

    def __init__(self):
        self._wanted = {}

    def register(self, fd, eventmask=POLLIN | POLLPRI | POLLOUT):
        """Wait for this one too."""
        self._wanted[_number(fd)] = eventmask

    def modify(self, fd, eventmask):
        """Wait for something else with this one. Raises FileNotFoundError."""
        number = _number(fd)
        if number not in self._wanted:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._wanted[number] = eventmask

    def unregister(self, fd):
        """No longer wait for this one. Raises KeyError."""
        del self._wanted[_number(fd)]

    def poll(self, timeout=None):
        """(number, events) of each that is ready; milliseconds, None or below 0 for ever."""
        wait = -1 if timeout is None or timeout < 0 else int(-(-timeout // 1))
        return _shannot.poll(wait, list(self._wanted.items()))


class _Select:
    """`select.select`: an object, so that a class can keep it and it stays a function."""

    def __call__(self, rlist, wlist, xlist, timeout=None):
        """The objects of each list that are ready; seconds, None for ever."""
        if timeout is not None and timeout < 0:
            raise ValueError("timeout must be non-negative")
        lists = [list(rlist), list(wlist), list(xlist)]
        wanted = {}
        for objects, events in zip(lists, (POLLIN, POLLOUT, POLLPRI)):
            for each in objects:
                number = _number(each)
                wanted[number] = wanted.get(number, 0) | events
        wait = -1 if timeout is None else int(-(-timeout * 1000 // 1))
        ready = dict(_shannot.poll(wait, list(wanted.items())))
        if any(events & POLLNVAL for events in ready.values()):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        masks = (POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI)
        return tuple(
            [each for each in objects if ready.get(_number(each), 0) & mask]
            for objects, mask in zip(lists, masks)
        )


select = _Select()


def _number(fd):
    if not isinstance(fd, int):
        try:
            fd = fd.fileno()
        except AttributeError:
            raise TypeError("argument must be an int, or have a fileno() method.") from None
    if fd < 0:
        raise ValueError("file descriptor cannot be a negative integer (%d)" % fd)
    return fd
