"""A target as people write it, `user@host:port`, and what may stand in one.

ssh(1) takes options anywhere before the host and expands `%h` and `%r` in the commands of its
configuration, so neither part may begin with `-` or hold anything but what names are made of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shannot.errors import UsageError
from shannot.escape import escape

_USER = r"(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})"
_HOST = r"(?P<host>[A-Za-z0-9][A-Za-z0-9._-]{0,252})"
_SIX = r"\[(?P<six>[0-9A-Fa-f:.]{2,45})\]"
_TARGET = re.compile(rf"(?:{_USER}@)?(?:{_SIX}|{_HOST})(?::(?P<port>[0-9]{{1,5}}))?\Z")
_PORT_MAX = 65535


@dataclass(frozen=True, slots=True)
class Target:
    """Where ssh goes. Every text in it was found harmless."""

    host: str
    user: str | None = None
    port: int | None = None


def parse_target(text: str) -> Target:
    """The target that text names. Raises UsageError."""
    found = _TARGET.match(text)
    port = int(found["port"]) if found and found["port"] else None
    if found is None or (port is not None and not 0 < port <= _PORT_MAX):
        shown = escape(text[:80])
        raise UsageError(f"{shown}: not a target like web1, user@host, user@host:2222, user@[::1]")
    return Target(found["six"] or found["host"], found["user"], port)
