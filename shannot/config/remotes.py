"""`[remotes.NAME]` of the user's and the machine's configuration: other machines.

Called by `settings.py`, and only where one is there. What a target's text means is
`machines/target.py`'s to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from shannot.config.document import Document, Table

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
"""Of a remote: neither an option nor a target with a user."""


@dataclass(frozen=True, slots=True)
class Remote:
    """One other machine, as it was written."""

    target: str
    """`[user@]host[:port]`."""
    identity: str | None = None
    """The path of the private key."""
    known_hosts: str | None = None
    """The path of the file with its host key, in place of the usual ones."""
    accept_new: bool = False
    """Is a host key that nobody has seen yet taken?"""
    restricted: bool = False
    """Does its key start `shannot serve` there, and nothing else?"""
    directory: str | None = None
    """Where scripts run there; None: the home directory."""


def read_remotes(document: Document, table: Table) -> dict[str, Remote]:
    """`[remotes]` of one file. Raises UsageError naming the line."""
    found: dict[str, Remote] = {}
    known = tuple(item.name for item in fields(Remote))
    for name, value in named(document, "remotes", table.get("remotes", {})).items():
        key = ("remotes", name)
        values = document.tables(key, value, known)
        if "target" not in values:
            raise document.fail(key, "target is missing")
        found[name] = _remote(document, key, values)
    return found


def _remote(document: Document, key: tuple[str, str], values: Table) -> Remote:
    def text(name: str) -> str | None:
        return document.string((*key, name), values[name]) if name in values else None

    def switch(name: str) -> bool:
        return document.boolean((*key, name), values.get(name, False))

    return Remote(
        target=text("target") or "",
        identity=text("identity"),
        known_hosts=text("known_hosts"),
        accept_new=switch("accept_new"),
        restricted=switch("restricted"),
        directory=text("directory"),
    )


def named(document: Document, key: str, value: object) -> Mapping[str, object]:
    """The tables `[key.NAME]`. Raises UsageError for a name that a command line could not hold."""
    if not isinstance(value, dict):
        raise document.fail((key,), f"{key} must be tables such as [{key}.web]")
    for name in value:
        if not NAME.match(name):
            message = "a name is letters, digits, `.`, `_` and `-`, and begins with none of these"
            raise document.fail((key, name), message)
    return value
