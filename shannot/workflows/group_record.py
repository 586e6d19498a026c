"""What a run on several machines left on each of them: its session there, under one id here.

One file each, in `groups/` of the state directory: {"format": 1, "id": …, "created": seconds,
"script": name, "sessions": {machine: session id}}. Ids are made like those of sessions.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shannot.effects.document import MalformedError, dump, parse
from shannot.errors import NotFoundError
from shannot.machines.directories import own_directory
from shannot.sessions import ids
from shannot.sessions.files import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEPT = 1000
"""Records: with one more the oldest goes."""
_SIZE_MAX = 1 << 20
_DIRECTORY = "groups"


@dataclass(frozen=True, slots=True)
class GroupRun:
    """The sessions of one run on several machines."""

    id: str
    created: int
    """Seconds since the epoch."""
    script: str
    sessions: Mapping[str, str]
    """Session id by machine, of those where something was kept."""


class GroupRuns:
    """The records of this user. state: the state directory."""

    def __init__(self, state: str) -> None:
        self._state = state
        self._path = f"{state}/{_DIRECTORY}"

    def add(self, found: GroupRun) -> None:
        """Keep one. Raises RefusedError, OSError."""
        own_directory(self._state)
        dir_fd = os.open(own_directory(self._path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fields = {"created": found.created, "script": found.script}
        document = {"format": 1, "id": found.id, **fields, "sessions": dict(found.sessions)}
        try:
            replace(f"{found.id}.json", dir_fd, dump(document).encode())
            for name in self.ids()[:-_KEPT]:
                os.unlink(f"{name}.json", dir_fd=dir_fd)
        finally:
            os.close(dir_fd)

    def ids(self) -> list[str]:
        """All of them, the oldest first."""
        try:
            names = os.listdir(self._path)
        except FileNotFoundError:
            return []
        found = (name.removesuffix(".json") for name in names if name.endswith(".json"))
        return sorted(filter(ids.is_id, found))

    def find(self, prefix: str) -> GroupRun:
        """The only one whose id begins so. Raises UsageError, NotFoundError, MalformedError."""
        try:
            group_id = ids.resolve(prefix, self.ids())
        except NotFoundError:
            raise NotFoundError(
                f"there is no run on several machines {prefix};"
                " `shannot list --target` with the same machines shows them"
            ) from None
        return self.read(group_id)

    def read(self, group_id: str) -> GroupRun:
        """Raises NotFoundError, MalformedError."""
        path = f"{self._path}/{group_id}.json"
        try:
            with open(path, "rb") as file:
                data = file.read(_SIZE_MAX + 1)
        except FileNotFoundError:
            raise NotFoundError(f"there is no run on several machines {group_id}") from None
        if len(data) > _SIZE_MAX:
            raise MalformedError(f"{path}: longer than any record")
        document = parse(data, path)
        if document.integer("format") != 1:
            raise MalformedError(f"{path}: of another shannot")
        sessions = document.child("sessions")
        found = {host: sessions.text(host, ids.MAX_ID) for host in sessions.names()}
        if document.text("id", ids.MAX_ID) != group_id or not all(map(ids.is_id, found.values())):
            raise MalformedError(f"{path}: not the record that its name says")
        return GroupRun(group_id, document.integer("created"), document.text("script"), found)
