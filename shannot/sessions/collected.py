"""Which entries of the queue were looked at: each once, whatever its owner makes of it later.

A file for each below `$state/collected/`, named after owner and session; empty where the session
was taken over, else the reason why not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from shannot.sessions import files

_MAX_REASON = 2000
_GROWING = "\0growing "
"""What the note of a session begins with whose script ran on; no reason does."""


class Ledger:
    """The entries that were looked at by one user."""

    @staticmethod
    def version(reason: str) -> str | None:
        """Of the entry that a session was taken from which may grow; None for other notes."""
        return reason.removeprefix(_GROWING) if reason.startswith(_GROWING) else None

    __slots__ = ("_fd", "_owner")

    def __init__(self, state: str, owner: int) -> None:
        """ShannotError where the state directory cannot be written."""
        path = f"{state}/collected"
        files.make_private(path)
        self._owner = owner
        self._fd = files.open_directory(path, owner)

    def reason(self, session_id: str, user: int) -> str | None:
        """None: not looked at yet; "": taken over; else why not."""
        name = f"{user}-{session_id}"
        try:
            data = files.read(name, self._fd, self._owner, _MAX_REASON * 4, name)
        except FileNotFoundError:
            return None
        return data.decode("utf-8", "replace")

    def declined(self, session_id: str, user: int) -> bool:
        """Was it looked at, and not taken over?"""
        reason = self.reason(session_id, user)
        return bool(reason) and self.version(reason or "") is None

    def growing(self, session_id: str, user: int, version: str) -> None:
        """It was taken over, and may grow: its entry is looked at again when it is another one.
        Raises OSError."""
        self.note(session_id, user, _GROWING + version)

    def note(self, session_id: str, user: int, reason: str = "") -> None:
        """It was looked at. Raises OSError."""
        data = reason[:_MAX_REASON].encode("utf-8", "backslashreplace")
        files.replace(f"{user}-{session_id}", self._fd, data)

    def forget_all_but(self, entries: Iterable[tuple[str, int]]) -> None:
        """What is no longer in the queue cannot come a second time: ids are unique."""
        known = {f"{user}-{session_id}" for session_id, user in entries}
        for name in os.listdir(self._fd):
            if name not in known and not name.startswith("."):
                os.unlink(name, dir_fd=self._fd)

    def close(self) -> None:
        os.close(self._fd)
