"""`grp`, read from /etc/group as the script sees it."""

import _shannot_accounts


class struct_group(_shannot_accounts.Account):
    """One group: group(5)."""

    __module__ = "grp"
    _fields = ("gr_name", "gr_passwd", "gr_gid", "gr_mem")
    _numbers = (2,)
    _list = 3


def getgrall():
    """All groups."""
    return _shannot_accounts.read("/etc/group", struct_group)


def getgrnam(name):
    """The group of a name. Raises KeyError."""
    if not isinstance(name, str):
        raise TypeError("getgrnam() argument must be str, not %s" % type(name).__name__)
    for entry in getgrall():
        if entry.gr_name == name:
            return entry
    raise KeyError("getgrnam(): name not found: %r" % name)


def getgrgid(id):  # noqa: A002 - the interface's own name
    """The group of a number. Raises KeyError."""
    if isinstance(id, float) or not hasattr(id, "__index__"):
        raise TypeError("group id must be int, not %s" % type(id).__name__)
    for entry in getgrall():
        if entry.gr_gid == id:
            return entry
    raise KeyError("getgrgid(): gid not found: %d" % id)
