"""Which operator executes what another user has proposed: the one whose file is in the queue.

Each operator has a copy of the proposal, and may have approved it; only one of them executes it.
The queue is the place that all of them can write to, and sticky, so that nobody takes away what
another has put there. Called by `workflows/execute.py`.
"""

from __future__ import annotations

import os

from shannot.errors import ShannotError, UnsuccessfulError
from shannot.escape import escape
from shannot.sessions.accounts import name_of

CLAIM = ".executed-"
"""What the names begin with; the session's id follows. No entry of the queue is named so."""


def claim(queue: str, session_id: str, owner: int) -> None:
    """From here on this user executes it, and no other.

    UnsuccessfulError where another user does; ShannotError where that cannot be known. Asked again
    by the same user, to go on with it, it is still his.
    """
    path = f"{queue}/{CLAIM}{session_id}"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(path, flags, 0o644)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        return
    except FileExistsError:
        pass
    except OSError as error:
        raise ShannotError(
            f"it cannot be made sure that no other operator executes it: {escape(path)}"
            f" cannot be made: {error.strerror}"
        ) from error
    try:
        holder = os.lstat(path).st_uid
    except FileNotFoundError:
        raise UnsuccessfulError(f"{escape(path)} was taken away just now; try again") from None
    if holder != owner:
        raise UnsuccessfulError(
            f"user {escape(name_of(holder))} executes session {session_id}, or has executed it:"
            f" see {escape(path)}; nothing was changed"
        )
