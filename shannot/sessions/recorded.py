"""The effects of a run while it runs: the list that the gate fills, and threads amend.

Called by `gate.py` only.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from collections.abc import Callable, Sequence
from dataclasses import replace

from shannot.effects.history import origin
from shannot.effects.model import Effect, RunCommand
from shannot.errors import ShannotError
from shannot.sessions.blobs import hash_descriptor


class Recorded:
    """Effects in their order. Any thread may call; the lock is held for a few instructions, never
    while anything is read or written."""

    __slots__ = ("_effects", "_lock")

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._effects: list[Effect] = []

    def extend(self, effects: Sequence[Effect]) -> int:
        """These come next. Returns the place of the last one, as a ticket."""
        with self._lock:
            self._effects += effects
            return len(self._effects) - 1

    def append(self, effect: RunCommand) -> int:
        """This one comes next. Returns the ticket by which it is amended."""
        with self._lock:
            self._effects.append(effect)
            return len(self._effects) - 1

    def amend(self, ticket: object, change: Callable[[RunCommand], RunCommand]) -> None:
        """More is known of a command."""
        if not isinstance(ticket, int):
            return
        with self._lock:
            effect = self._effects[ticket]
            if isinstance(effect, RunCommand):
                self._effects[ticket] = change(effect)

    def effects(self) -> tuple[Effect, ...]:
        """All of them, as they now are."""
        with self._lock:
            return tuple(self._effects)

    def count(self) -> int:
        """How many there are by now."""
        with self._lock:
            return len(self._effects)

    def hash_program(self, path: str) -> str:
        """SHA-256 of the file that they leave at a path; "" where they leave none there."""
        host_path, sha256 = origin(reversed(self.effects()), path)
        return sha256 if host_path is None else _hash_file(host_path)


def with_input(sha256: str) -> Callable[[RunCommand], RunCommand]:
    """The script piped this blob into it."""
    return lambda command: replace(command, stdin_sha256=sha256)


def with_status(exit_status: int) -> Callable[[RunCommand], RunCommand]:
    """It ended so."""
    return lambda command: replace(command, exit_status=exit_status)


def with_decision(exit_status: int | None) -> Callable[[RunCommand], RunCommand]:
    """It was done so; or, where negative, refused; None: nobody decided about it."""
    if exit_status is None:
        return lambda command: command
    if exit_status < 0:
        return lambda command: replace(command, state="refused")
    return lambda command: replace(command, state="done", exit_status=exit_status)


def _hash_file(path: str) -> str:
    """Of a file of the host, executable or not yet; "" where there is none that can be read."""
    try:
        host_fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return ""
    try:
        return hash_descriptor(host_fd)[0]
    except (OSError, ShannotError):
        return ""
    finally:
        os.close(host_fd)
