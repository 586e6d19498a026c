"""Removing a session: gone at once, or not at all, whoever looks at it. For `workflows/prune.py`.

It is renamed to a hidden name under its own lock, so that nobody executes what is being removed,
and then taken apart; what a killed removal leaves under the hidden name is swept later.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from shannot.effects.document import MalformedError
from shannot.errors import NotFoundError
from shannot.sessions.model import DRAFT, Summary
from shannot.sessions.store import Store

GONE = f"{DRAFT}gone-"
"""Swept like drafts, by `Store.sweep`."""


def remove(store: Store, session_id: str, may_go: Callable[[Summary], bool]) -> bool:
    """Remove a session, unless it has come to be one that `may_go` does not want removed.

    UnsuccessfulError where another process is at work on it, NotFoundError where it is gone.
    """
    hidden = hidden_name()
    with store.lock(session_id, "prune", patience=0):
        if not may_go(store.summary(session_id)):
            return False
        put_aside(store, session_id, hidden)
    import shutil  # seldom needed, and slow to load

    shutil.rmtree(f"{store.root}/{hidden}", ignore_errors=True)
    return True


def hidden_name() -> str:
    """A name that no session has, and that is swept."""
    return f"{GONE}{os.urandom(8).hex()}"


def put_aside(store: Store, session_id: str, hidden: str) -> None:
    """Rename a session, whose lock is held, so that it is no session any more. OSError."""
    root_fd = store.open_root()
    try:
        os.rename(session_id, hidden, src_dir_fd=root_fd, dst_dir_fd=root_fd)
        os.fsync(root_fd)
    finally:
        os.close(root_fd)


def size(store: Store, session_id: str) -> int:
    """Bytes that a session takes on the disk. What cannot be looked at counts nothing."""
    try:
        fd = store.open_session(session_id)
    except (OSError, MalformedError, NotFoundError):  # another prune may have been quicker
        return 0
    try:
        return _size(fd)
    finally:
        os.close(fd)


def _size(fd: int) -> int:
    total = 0
    for name in os.listdir(fd):
        try:
            found = os.lstat(name, dir_fd=fd)
            total += found.st_blocks * 512  # stat(2): whatever the block size
            if stat.S_ISDIR(found.st_mode):
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
                try:
                    total += _size(inner)
                finally:
                    os.close(inner)
        except OSError:
            continue
    return total
