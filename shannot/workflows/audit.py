"""The verbs of `shannot audit`: list, show, verify, export. Nothing is changed.

`auditing.py` and `run_audit.py` are who writes what is read here.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shannot.audit import Log
from shannot.audit.records import Entry, entries
from shannot.audit.verify import Expected, Verified, verify
from shannot.effects.document import MalformedError
from shannot.errors import NotFoundError, UsageError
from shannot.escape import escape

_EXPECTED = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})\Z")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records are meant; empty: all."""

    event: str = ""
    session: str = ""
    """The beginning of a session's id."""
    since: str = ""
    """UTC, as the records have it."""
    last: int | None = None

    def matches(self, entry: Entry) -> bool:
        return (
            self.event in ("", entry.event)
            and entry.session.startswith(self.session)
            and entry.time >= self.since
        )


@dataclass(frozen=True, slots=True)
class Found:
    """Records, oldest first, and lines that are none."""

    entries: tuple[Entry, ...]
    unreadable: tuple[str, ...]


def find(log: Log, wanted: Wanted) -> Found:
    """The records that are meant. ShannotError where the log cannot be read."""
    unreadable: list[str] = []
    matching = (entry for entry in _readable(log, unreadable) if wanted.matches(entry))
    kept: Iterable[Entry] = matching if wanted.last is None else deque(matching, wanted.last)
    return Found(tuple(kept), tuple(unreadable))


def show(log: Log, number: int) -> Entry:
    """One record. NotFoundError."""
    for entry in _readable(log, []):
        if entry.seq == number:
            return entry
    raise NotFoundError(f"there is no record {number}; `shannot audit list` shows them")


def check(log: Log, expected: str | None) -> Verified:
    """Is the log whole? expected: `NUMBER:SHA256` of a record, noted elsewhere before."""
    if expected is None:
        return verify(log)
    match = _EXPECTED.match(expected)
    if match is None:
        raise UsageError(
            f"{escape(expected[:100])!r} is no NUMBER:SHA256, as `shannot audit verify` prints it"
        )
    return verify(log, Expected(int(match[1]), match[2]))


def _readable(log: Log, unreadable: list[str]) -> Iterator[Entry]:
    for found in entries(log):
        if isinstance(found, MalformedError):
            unreadable.append(str(found))
        else:
            yield found
