"""Adding and removing `[remotes.NAME]` in the user's configuration; its other text stays.

The text is edited by whole lines, then parsed: where that does not come to what was meant, nothing
is written and the person is told to edit the file.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import fields
from typing import TYPE_CHECKING

from shannot.config.document import read_document
from shannot.config.paths import user_config
from shannot.config.remotes import NAME, Remote
from shannot.errors import NotFoundError, ShannotError, UsageError
from shannot.escape import escape, is_visible
from shannot.machines.ssh import ssh_argv
from shannot.workflows.far import access_of, remotes
from shannot.workflows.user_file import replace

if TYPE_CHECKING:
    from shannot.workflows.request import Caller


def add_remote(caller: Caller, name: str, remote: Remote) -> str:
    """Add it. Returns the path of the file. UsageError for what is wrong or there already."""
    if not NAME.match(name):
        raise UsageError(
            "a remote's name is letters, digits, `.`, `_`, `-`; first a letter or digit"
        )
    ssh_argv(access_of(remote, caller), "true", None)  # refuses what no command line should hold
    if remote.directory is not None and not remote.directory.startswith("/"):
        raise UsageError("--directory: expected an absolute path of the other machine")
    if name in remotes(caller):
        raise UsageError(f"there is a remote {name} already: `shannot remote remove {name}`")
    lines = [f"[remotes.{_key(name)}]"]
    values: dict[str, object] = {}
    for item in fields(Remote):
        value: object = getattr(remote, item.name)
        if value is not None and value is not False:
            values[item.name] = value
            lines.append(f"{item.name} = {_value(value)}")
    path, old = _read(caller)
    before = tomllib.loads(old)
    blank = "" if not old or old.endswith("\n\n") else "\n" if old.endswith("\n") else "\n\n"
    table = before.get("remotes", {})
    wanted = {**before, "remotes": {**(table if isinstance(table, dict) else {}), name: values}}
    _write(path, old + blank + "\n".join(lines) + "\n", wanted)
    return path


def remove_remote(caller: Caller, name: str) -> str:
    """Remove it. Returns the path of the file. NotFoundError where it is not there."""
    path, old = _read(caller)
    before = tomllib.loads(old)
    table = before.get("remotes")
    if not isinstance(table, dict) or name not in table:
        raise NotFoundError(f"{path} has no remote {escape(name[:80])}")
    left = {key: value for key, value in table.items() if key != name}
    wanted = {key: value for key, value in before.items() if key != "remotes"}
    if left:
        wanted["remotes"] = left
    header = re.compile(rf'\s*\[\s*remotes\s*\.\s*["\']?{re.escape(name)}["\']?\s*\]\s*(#.*)?\Z')
    kept: list[str] = []
    inside = False
    for line in old.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            inside = header.match(line.rstrip("\r\n")) is not None
        if not inside:
            kept.append(line)
    _write(path, "".join(kept), wanted)
    return path


def _key(name: str) -> str:
    return name if "." not in name else f'"{name}"'


def _value(value: object) -> str:
    if value is True:
        return "true"
    text = str(value)
    if not is_visible(text):
        raise UsageError(f"{escape(text[:80])}: holds characters that cannot be seen")
    return json.dumps(text, ensure_ascii=False)


def _read(caller: Caller) -> tuple[str, str]:
    """(path, text) of the user's file; "" where there is none. Raises UsageError."""
    path = user_config(caller.environment)
    if path is None:
        raise UsageError("there is no place for a configuration: set HOME or XDG_CONFIG_HOME")
    path = os.path.realpath(path)
    if read_document(path, caller.uid) is None:
        return path, ""
    with open(path, encoding="utf-8", newline="") as file:
        return path, file.read()


def _write(path: str, text: str, wanted: dict[str, object]) -> None:
    """Replace the file, if the text means what is wanted. Raises UsageError, ShannotError."""
    try:
        right = tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        raise UsageError(f"{path}: its [remotes] are written in a way that only you can edit")
    try:
        replace(path, text, 0o700)
    except OSError as error:
        raise ShannotError(f"{path}: cannot be written: {error.strerror}")
