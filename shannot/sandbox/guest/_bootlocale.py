"""The encoding of files and streams: UTF-8, whatever the C library of the child believes.

Imported at every start, so `fork`, which would abort this interpreter, is made to fail here.
"""

import errno
import os


def getpreferredencoding(do_setlocale=True):
    """UTF-8."""
    return "UTF-8"


def _no_fork():
    raise OSError(errno.ENOSYS, "this Python cannot fork; subprocess and os.system start commands")


os.fork = os.forkpty = _no_fork
