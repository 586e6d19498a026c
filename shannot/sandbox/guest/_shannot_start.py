"""What every start of this Python needs: names of files in UTF-8, and a `fork` that only fails.

Imported by `_signal`, which the interpreter itself imports before any script. Its C library knows
the locale "C" alone, so that file names are ASCII to it, and everything else goes through the
error handler `surrogateescape`: there they become UTF-8.
"""

import codecs
import errno
import os
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


def begin():
    """Once, before the script."""
    os.fork = os.forkpty = _no_fork
    if sys.getfilesystemencoding() == "ascii":
        codecs.register_error("surrogateescape", _names)
        sys.getfilesystemencoding = lambda: "utf-8"
        sys.argv[:] = [os.fsdecode(os.fsencode(word)) for word in sys.argv]
