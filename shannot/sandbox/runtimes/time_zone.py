"""The script's time zone as one string, for a C library that can open no file.

A sandboxed PyPy does the calendar itself, with the zone that its real environment names. A name
such as Europe/Berlin would have to be looked up in a file; the rule at the end of that file, in the
form of tzset(3), need not be. It holds for today and from now on: before the zone's last change of
rules, times are as if the rule had always held.
"""

from __future__ import annotations

import os

_DATABASE = "/usr/share/zoneinfo/"
_LOCAL = "/etc/localtime"
_SIZE_MAX = 1 << 16  # bytes of a zone's file
_RULE_MAX = 128


def rule_of(zone: bytes | None) -> bytes | None:
    """The rule of a TZ, or of the machine where there is none; None where that is not known."""
    if zone is None:
        return _last_line(_LOCAL)
    name = os.fsdecode(zone).removeprefix(":")
    if not name:
        return b"UTC0"
    if not name.startswith("/") and ".." not in name.split("/"):
        found = _last_line(_DATABASE + name)
        if found is not None:
            return found
    return zone if _is_rule(zone) else None


def _last_line(path: str) -> bytes | None:
    """The footer of RFC 8536: the rule between the last two newlines."""
    try:
        host_fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        data = os.read(host_fd, _SIZE_MAX)
    except OSError:
        return None
    finally:
        os.close(host_fd)
    lines = data.rsplit(b"\n", 2)
    if not data.startswith(b"TZif") or len(lines) != 3 or lines[2] or not _is_rule(lines[1]):
        return None
    return lines[1]


def _is_rule(text: bytes) -> bool:
    """Does it look like std offset dst …, so that no file is looked for?"""
    printable = all(0x20 < byte < 0x7F for byte in text)
    return (
        len(text) <= _RULE_MAX
        and printable
        and text[:1] not in (b"", b":", b"/")
        and any(48 <= byte < 58 for byte in text)
    )
