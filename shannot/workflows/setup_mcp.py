"""`shannot setup mcp`: put this program into the configuration of an agent's client.

The file is somebody else's: everything in it is kept, it is refused where it is not JSON, a copy
of what it was stays beside it, and it is replaced in one step.
"""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from shannot.errors import UsageError
from shannot.escape import escape
from shannot.workflows.user_file import create, replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "shannot"
_FILE_MAX = 16 << 20
_BACKUPS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Client:
    """Where a client keeps its servers: a path below HOME, and the key of the table in it."""

    title: str
    path: str
    key: str
    typed: bool = False
    """Its entries say that they are of the type stdio."""


CLIENTS: Mapping[str, Client] = {
    "claude-desktop": Client(
        "Claude Desktop", ".config/Claude/claude_desktop_config.json", "mcpServers"
    ),
    "claude-code": Client("Claude Code", ".claude.json", "mcpServers", typed=True),
    "vscode": Client("Visual Studio Code", ".config/Code/User/mcp.json", "servers", typed=True),
    "cursor": Client("Cursor", ".cursor/mcp.json", "mcpServers"),
    "windsurf": Client("Windsurf", ".codeium/windsurf/mcp_config.json", "mcpServers"),
    "gemini-cli": Client("Gemini CLI", ".gemini/settings.json", "mcpServers"),
}
"""As the documentation of each client named them in 2026, for Linux."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was done to which file."""

    action: Literal["added", "changed", "unchanged", "removed", "absent"]
    path: str
    backup: str | None
    """The copy of what the file was; None where nothing was written, or there was no file."""


def entry(client: Client | None, command: Sequence[str]) -> dict[str, object]:
    """What stands under the server's name. `command` is the argv that serves."""
    made: dict[str, object] = {"command": command[0], "args": list(command[1:])}
    if client is not None and client.typed:
        made = {"type": "stdio", **made}
    return made


def printed(command: Sequence[str]) -> str:
    """The text for a client that is not known here."""
    return json.dumps({"mcpServers": {NAME: entry(None, command)}}, indent=2)


def place(client: Client, home: str, config_home: str | None) -> str:
    """The client's file. Raises UsageError without a home directory."""
    if not home.startswith("/"):
        raise UsageError("HOME is not set: there is no file of the client to edit")
    if config_home and config_home.startswith("/") and client.path.startswith(".config/"):
        return os.path.join(config_home, client.path.removeprefix(".config/"))
    return os.path.join(home, client.path)


def setup_mcp(client: Client, path: str, command: Sequence[str]) -> Report:
    """Add the entry, or bring it up to date. Raises UsageError, and the file is as it was."""
    text, settings = _read(path)
    servers = settings.setdefault(client.key, {})
    if not isinstance(servers, dict):
        raise UsageError(f"{escape(path)}: {client.key} is not an object; nothing was changed")
    wanted = entry(client, command)
    if servers.get(NAME) == wanted:
        return Report("unchanged", path, None)
    action: Literal["added", "changed"] = "changed" if NAME in servers else "added"
    servers[NAME] = wanted
    return Report(action, path, _write(path, text, settings))


def remove_mcp(client: Client, path: str) -> Report:
    """Take the entry away. Raises UsageError, and the file is as it was."""
    text, settings = _read(path)
    servers = settings.get(client.key)
    if not isinstance(servers, dict) or NAME not in servers:
        return Report("absent", path, None)
    del servers[NAME]
    return Report("removed", path, _write(path, text, settings))


def _read(path: str) -> tuple[str | None, dict[str, object]]:
    """(the file's text, what it says); (None, {}) where there is none. Raises UsageError."""
    shown = escape(path)
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{shown}: not a regular file")
            data = file.read(_FILE_MAX + 1)
    except FileNotFoundError:
        return None, {}
    except OSError as error:
        raise UsageError(f"{shown}: {error.strerror}") from None
    if len(data) > _FILE_MAX:
        raise UsageError(f"{shown}: too large for a configuration; nothing was changed")
    try:
        text = data.decode()
        settings = _parsed(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{shown}: not JSON ({escape(str(error))}); mend it, or use `--client print`"
        ) from None
    if not isinstance(settings, dict):
        raise UsageError(f"{shown}: not a JSON object; nothing was changed")
    return text, settings


def _without_waiting(path: str, flags: int) -> int:
    """A FIFO in the file's place is told apart, and not waited for."""
    return os.open(path, flags | os.O_NONBLOCK)


def _parsed(text: str) -> object:
    """Raises ValueError also for what could not be written again as it is."""
    parsed: object = json.loads(
        text, object_pairs_hook=_once, parse_float=_exact, parse_constant=_no_number
    )
    return parsed


def _exact(text: str) -> float:
    value = float(text)
    if Decimal(repr(value)) != Decimal(text):
        raise ValueError(f"the number {text[:40]} would not be kept as it is")
    return value


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose every name stands once: else writing it again would lose something."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return made


def _write(path: str, text: str | None, settings: Mapping[str, object]) -> str | None:
    """Replace the file, keeping a copy. Returns the copy's path. Raises UsageError."""
    real = os.path.realpath(path)  # a link into a collection of such files stays one
    indent = re.search(r"\n([ \t]+)\S", text or "")
    new = json.dumps(settings, indent=indent[1] if indent else 2, ensure_ascii=False) + "\n"
    # The escape of half a character, "\ud800", is text of JSON that UTF-8 cannot hold.
    new = re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", new)
    try:
        backup = None if text is None else _copy(real, text)
        replace(real, new)
    except OSError as error:
        raise UsageError(f"{escape(real)}: {error.strerror}; nothing was changed") from None
    return backup


def _copy(path: str, text: str) -> str:
    like = os.stat(path)
    for number in range(1, _BACKUPS_MAX):
        backup = f"{path}.before-shannot-{number}"
        try:
            create(backup, text, like)
        except FileExistsError:
            continue
        return backup
    raise UsageError(f"{escape(path)}: too many copies beside it; nothing was changed")
