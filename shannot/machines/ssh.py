"""The argv of OpenSSH's client, with everything said that its configuration could say otherwise.

Options on the command line win over every file of ssh's (ssh_config(5)). Nothing from outside
becomes a word of it but what `target.py` and `_path` found harmless, and the host stands after
`--`. The command of the far side is one of our constants.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from shannot.errors import UsageError
from shannot.escape import escape

if TYPE_CHECKING:
    from .target import Target

_ALWAYS = (
    "BatchMode=yes",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "Tunnel=no",
    "PermitLocalCommand=no",
    "RequestTTY=no",
    "EscapeChar=none",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "ConnectTimeout=20",
    "LogLevel=ERROR",
)
_PERSIST = 60
"""Seconds that a connection is kept for the next command."""
_SOCKET_MAX = 107 - 17
"""Bytes of a socket's path (unix(7)), without the suffix under which ssh makes it first."""
_PATH = re.compile(r"/[A-Za-z0-9_@+=:,./-]+\Z")
"""No blank, quote, `%` or `$`: those mean something to ssh."""


_UNSEEN = (
    "nobody has seen its host key: connect once with ssh, or `shannot remote add --accept-new`"
)
_NO_KEY = "let a key of yours in there; `shannot remote add --identity` names one"
_REMEDIES = (("Host key verification failed", _UNSEEN), ("Permission denied (", _NO_KEY))
"""What ssh says at its end, and what can be done."""


@dataclass(frozen=True, slots=True)
class Access:
    """How a target is reached."""

    target: Target
    identity: str | None = None
    known_hosts: str | None = None
    accept_new: bool = False


def ssh_argv(access: Access, command: str, sockets: str | None) -> list[str]:
    """The argv that runs a command of ours there, with its stdin and stdout.

    sockets: our own directory for the sockets of connections that are shared; None: none is.
    Raises UsageError for a path that ssh would read as something else.
    """
    options = [*_ALWAYS, f"StrictHostKeyChecking={'accept-new' if access.accept_new else 'yes'}"]
    words = ["ssh", "-T", "-a", "-x"]
    if access.known_hosts is not None:
        options.append(f"UserKnownHostsFile={_path('known_hosts', access.known_hosts)}")
        options.append("GlobalKnownHostsFile=/dev/null")
    if access.identity is not None:
        options += [f"IdentityFile={_path('identity', access.identity)}", "IdentitiesOnly=yes"]
    shared = None if sockets is None else f"{sockets}/{_name(access)}"
    if shared is None or len(os.fsencode(shared)) > _SOCKET_MAX or not _PATH.match(shared):
        options += ["ControlMaster=no", "ControlPath=none"]
    else:
        options += ["ControlMaster=auto", f"ControlPath={shared}", f"ControlPersist={_PERSIST}"]
    for option in options:
        words += ["-o", option]
    if access.target.port is not None:
        words += ["-p", str(access.target.port)]
    if access.target.user is not None:
        words += ["-l", access.target.user]
    return [*words, "--", access.target.host, command]


def _name(access: Access) -> str:
    """Of the socket: another key, or another file of host keys, is another connection."""
    return sha256(repr(access).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _path(what: str, path: str) -> str:
    if not _PATH.match(path):
        raise UsageError(
            f"{what}: {escape(path[:200])} is no absolute path of letters, digits and @+=:,./-_"
        )
    return path


def explained(complaint: str) -> str:
    """The last line of what ssh said, with what to do where it says only what went wrong.

    Its words are those of OpenSSH's sshconnect.c and clientloop; "" where it said nothing.
    """
    lines = complaint.splitlines()
    if not lines:
        return ""
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in complaint:
        remedy = (
            "its host key has changed; where that is right, take the old one out of known_hosts"
        )
    else:
        remedy = next((remedy for words, remedy in _REMEDIES if words in lines[-1]), "")
    return f"{lines[-1]} ({remedy})" if remedy else lines[-1]
