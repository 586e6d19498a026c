"""`pwd`, read from /etc/passwd as the script sees it."""

import _shannot_accounts


class struct_passwd(_shannot_accounts.Account):
    """One user: passwd(5)."""

    __module__ = "pwd"
    _fields = ("pw_name", "pw_passwd", "pw_uid", "pw_gid", "pw_gecos", "pw_dir", "pw_shell")
    _numbers = (2, 3)


def getpwall():
    """All users."""
    return _shannot_accounts.read("/etc/passwd", struct_passwd)


def getpwnam(name):
    """The user of a name. Raises KeyError."""
    if not isinstance(name, str):
        raise TypeError("getpwnam() argument must be str, not %s" % type(name).__name__)
    for entry in getpwall():
        if entry.pw_name == name:
            return entry
    raise KeyError("getpwnam(): name not found: %r" % name)


def getpwuid(uid):
    """The user of a number. Raises KeyError."""
    if isinstance(uid, float) or not hasattr(uid, "__index__"):
        raise TypeError("uid should be integer, not %s" % type(uid).__name__)
    for entry in getpwall():
        if entry.pw_uid == uid:
            return entry
    raise KeyError("getpwuid(): uid not found: %d" % uid)
