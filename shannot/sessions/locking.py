"""The lock of one session: who has it is written into it, for those who do not get it.

Called by `store.py`. What is written serves the message only; flock(2) alone decides.
"""

from __future__ import annotations

import fcntl
import os
import time

from shannot.errors import UnsuccessfulError
from shannot.escape import escape
from shannot.sessions.accounts import name_of, own_terminal

PATIENCE = 0.5
"""Seconds to wait for another process: transitions are short, executions are told at once."""
_LONG = frozenset({"execute", "rollback", "resume"})  # nobody waits for these to end
_LIMIT = 400  # bytes


def acquire(fd: int, session_id: str, verb: str, patience: float) -> None:
    """Lock the open file, and write there what for. UnsuccessfulError names who has it.

    verb: the subcommand, `execute`; patience: seconds to wait, but not for a long piece of work.
    """
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            holder = _read(fd)
            known_long = patience <= PATIENCE and holder[:1] and holder[0] in _LONG
            if known_long or time.monotonic() >= end:
                raise UnsuccessfulError(_busy(session_id, holder)) from None
            time.sleep(0.02)
    words = (verb, str(os.getpid()), str(os.getuid()), str(int(time.time())), own_terminal())
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, "\n".join(words).encode("utf-8", "surrogateescape"), 0)
    except OSError:
        pass  # a full disk: the lock is held all the same


def release(fd: int) -> None:
    """Nobody is named any more; closing the file is what unlocks it."""
    try:
        os.ftruncate(fd, 0)
    except OSError:
        pass


def _read(fd: int) -> list[str]:
    """(verb, process, user id, since, terminal) of the holder; empty where it is not known."""
    try:
        words = os.pread(fd, _LIMIT, 0).decode("utf-8", "replace").split("\n")
    except OSError:
        return []
    if len(words) != 5 or not all(w.isascii() and w.isdigit() and len(w) < 12 for w in words[1:4]):
        return []
    return words


def _busy(session_id: str, holder: list[str]) -> str:
    if not holder or not holder[0]:
        who = "another process"
    else:
        verb, process, user, since, terminal = holder
        clock = time.strftime("%H:%M:%S", time.localtime(int(since)))
        where = f" on {escape(terminal)}" if terminal else ""
        name = escape(name_of(int(user)))
        who = f"`shannot {escape(verb)}` of {name} (process {process}{where}, {clock})"
    return f"{who} is working on session {session_id}; try again when it is done"
