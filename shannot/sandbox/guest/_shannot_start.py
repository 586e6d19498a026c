"""What every start of this Python needs: names of files in UTF-8, and a `fork` that only fails.

Imported by `_signal`, which the interpreter itself imports before any script. Its C library knows
the locale "C" alone, so that file names are ASCII to it, and everything else goes through the
error handler `surrogateescape`: there they become UTF-8.
"""

import codecs
import errno
import os
import posix
import sys

_escape = codecs.lookup_error("surrogateescape")


def _names(error):
    if error.encoding != "ascii":
        return _escape(error)
    if isinstance(error, UnicodeEncodeError):
        return error.object[error.start : error.end].encode("utf-8", "surrogateescape"), error.end
    end = error.start
    while end < len(error.object) and error.object[end] >= 0x80:
        end += 1
    return error.object[error.start : end].decode("utf-8", "surrogateescape"), end


def _no_fork():
    raise OSError(errno.ENOSYS, "this Python cannot fork; subprocess and os.system start commands")


def _quick_status():
    """What the interpreter calls for each result of os.stat, in the place of its class.

    The class has a constructor in Python, which took a third of the whole call in PyPy 3.6. The
    interpreter itself gives all nine attributes that no index has; nothing is left to be filled in.
    """
    status = posix.stat_result

    def make(sequence, dict=(), size=len, new=tuple.__new__, put=object.__setattr__):
        if size(dict) != 9:
            return status(sequence, dict or {})
        result = new(status, sequence)
        put(result, "__dict__", dict)
        return result

    return make


def begin():
    """Once, before the script."""
    os.fork = os.forkpty = _no_fork
    if sys.version_info < (3, 7):
        posix.stat_result = _quick_status()
    if sys.getfilesystemencoding() == "ascii":
        codecs.register_error("surrogateescape", _names)
        sys.getfilesystemencoding = lambda: "utf-8"
        sys.argv[:] = [os.fsdecode(os.fsencode(word)) for word in sys.argv]
