"""Sessions that cannot be read: which ones, and their removal, at a word (`prune --damaged`).

Nothing of such a session can be approved, executed or put back; its files can still be looked at
by hand. What may be whole is not removed: a newer version's, and what another user owns or others
can write, which is for its owner to set right.
"""

from __future__ import annotations

import calendar
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from errno import EISDIR, EPERM

from shannot.effects.document import MalformedError, NotOursError
from shannot.errors import NotFoundError, ShannotError
from shannot.sessions.model import Summary
from shannot.sessions.removal import hidden_name, put_aside
from shannot.sessions.store import Store

STATE = "damaged"
"""What is told of them in place of a state that cannot be read."""


def damage(store: Store, found: Summary | MalformedError) -> ShannotError | None:
    """What is wrong with a session of which this is known, looked at whole."""
    if isinstance(found, MalformedError):
        return found
    try:
        store.script(store.load(found.id))
    except NotFoundError:
        return None  # removed since
    except ShannotError as error:
        return error
    return None


def damaged(store: Store, older: float, now: float) -> Iterator[tuple[str, MalformedError]]:
    """Each that is, begun so many seconds ago or earlier: its id, which says when, and why."""
    for session_id in store.ids():
        if now - _begun(session_id) < older:
            continue
        error = _error(store, session_id)
        if error is not None:
            yield session_id, error


def remove_damaged(store: Store, session_id: str) -> bool:
    """False where it can be read by now. UnsuccessfulError where another process is at work on it,
    OSError."""
    if _is_no_directory(store, session_id):
        _unlink(store, session_id)
        return True
    hidden = hidden_name()
    with store.lock(session_id, "prune", patience=0):
        if _error(store, session_id) is None:
            return False
        put_aside(store, session_id, hidden)
    shutil.rmtree(f"{store.root}/{hidden}", ignore_errors=True)
    return True


def _error(store: Store, session_id: str) -> MalformedError | None:
    try:
        store.script(store.load(session_id))
    except MalformedError as error:
        return error
    except ShannotError:
        return None  # gone, or it cannot be looked at now, which is another matter
    return None


def _begun(session_id: str) -> float:
    """Seconds since the epoch; 0 where the id tells of no moment that there is."""
    with suppress(ValueError):
        return float(calendar.timegm(time.strptime(session_id[:15], "%Y%m%d-%H%M%S")))
    return 0.0


def _is_no_directory(store: Store, session_id: str) -> bool:
    try:
        os.close(store.open_session(session_id))
    except NotOursError:
        raise
    except MalformedError:
        return True
    return False


def _unlink(store: Store, session_id: str) -> None:
    """A link or a file where a session should be. What a link leads to stays."""
    root_fd = store.open_root()
    try:
        os.unlink(session_id, dir_fd=root_fd)
    except FileNotFoundError:
        raise NotFoundError(f"session {session_id} was removed just now")
    except OSError as error:
        if error.errno not in (EISDIR, EPERM):
            raise
        raise ShannotError(f"{store.root}/{session_id} has changed just now") from error
    finally:
        os.close(root_fd)
