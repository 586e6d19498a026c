"""The encoding of files and streams: UTF-8, whatever the C library of the child believes."""


def getpreferredencoding(do_setlocale=True):
    """UTF-8."""
    return "UTF-8"
