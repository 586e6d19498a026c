"""The pipes and files of one command that `subprocess` starts."""

import errno
import gc
import os

from _shannot_values import DEVNULL, PIPE, STDOUT


def with_room(call, *args):
    """What it returns; once more where there were too many open files.

    Pipes that nobody refers to any more stay open here until they are collected. CPython closes
    them at once, and so scripts rely on it.
    """
    try:
        return call(*args)
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
    for _ in range(3):  # a Popen in the first, what it refers to in the next
        gc.collect()
    return call(*args)


class Handles:
    """The descriptors of one command: `theirs` for its 0, 1 and 2, `ours` at the other ends."""

    def __init__(self, stdin, stdout, stderr):
        self.ours = {}
        self._to_close = []
        self.theirs = []
        try:
            for number, wanted in enumerate((stdin, stdout, stderr)):
                self.theirs.append(self._opened(number, wanted))
        except BaseException:
            for descriptor in self.ours.values():
                os.close(descriptor)
            self.close()
            raise

    def _opened(self, number, wanted):
        if wanted is None:
            return number
        if wanted == PIPE:
            reader, writer = os.pipe()
            theirs, ours = (reader, writer) if number == 0 else (writer, reader)
            self._to_close.append(theirs)
            self.ours[("stdin", "stdout", "stderr")[number]] = ours
            return theirs
        if wanted == STDOUT and number == 2:
            return self.theirs[1]
        if wanted == DEVNULL:
            self._to_close.append(os.open(os.devnull, os.O_RDWR))
            return self._to_close[-1]
        descriptor = wanted if isinstance(wanted, int) else wanted.fileno()
        if descriptor < 0:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return descriptor

    def close(self):
        """Those that only the command needs."""
        for descriptor in self._to_close:
            os.close(descriptor)
        self._to_close = []
