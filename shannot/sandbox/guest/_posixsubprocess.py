"""`_posixsubprocess` where there is no fork: `subprocess` asks for its commands elsewhere."""

import errno


def fork_exec(*args):
    """Raises OSError."""
    raise OSError(errno.ENOSYS, "this Python cannot fork; subprocess starts commands")
