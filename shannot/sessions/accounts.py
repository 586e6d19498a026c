"""A user, and the terminal that this process is at, by their names."""

from __future__ import annotations

import os


def name_of(user: int) -> str:
    """The login name of a user, the number where there is no account."""
    import pwd  # only where somebody is named

    try:
        return pwd.getpwuid(user).pw_name
    except (KeyError, OverflowError):
        return str(user)


def own_terminal() -> str:
    """The terminal that one of the standard streams is; "" where none is one."""
    for host_fd in (0, 1, 2):
        try:
            return os.ttyname(host_fd)
        except OSError:
            continue
    return ""
