"""What was read of session.json before, so that a list of many sessions need not read all again.

`$state/sessions/.index` holds a row for each session: how its session.json was (inode, size and
times; a file that is replaced has others), and the summary of it. What is another one now, or too
young to be told from another, is read anew; so is everything where the index is missing, damaged
or another's. It saves time, and nothing rests on it. Called by `store.py`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import cast

from shannot.effects.codec import to_json
from shannot.effects.document import Document, MalformedError, dump, parse
from shannot.errors import ShannotError
from shannot.sessions import files
from shannot.sessions.decision import event_from_json
from shannot.sessions.lifecycle import STATES, State
from shannot.sessions.model import Summary

NAME = ".index"
FORMAT = 1
FEW = 64
"""Sessions that are read so fast that nothing is written for them."""
_LIMIT = 256 << 20  # bytes
_YOUNG = 2_000_000_000  # nanoseconds: a clock of the filesystem is not finer than some milliseconds
_STALE = 3600  # seconds after which a killed writer's file is removed

_TYPES = [str, int, int, int, int, int, str, str, str, str, str, int, bool, int]
_Fields = tuple[str, int, str, State, str, str, str, int, bool, int]

Row = list[object]


class Index:
    """The summaries below one open directory, by id."""

    __slots__ = ("_directories", "_fd", "_kept", "_missed", "_now", "_owner", "_rows")

    def __init__(self, root_fd: int, owner: int, now_ns: int | None = None) -> None:
        """root_fd: open on the sessions' directory; owner: whose files are trusted."""
        self._fd = root_fd
        self._owner = owner
        self._now = time.time_ns() if now_ns is None else now_ns
        self._rows: dict[object, Row] = {}
        self._directories: set[str] = set()
        self._kept: list[Row] = []
        self._missed = 0

    def load(self) -> None:
        """Read what there is; nothing where that is not as it must be."""
        try:
            data = files.read(NAME, self._fd, self._owner, _LIMIT, NAME)
            document = parse(data, NAME)
            if document.integer("format") == FORMAT:
                self._rows = {row[0]: row for row in _rows(document)}
        except (OSError, ShannotError):
            self._rows = {}
        with os.scandir(self._fd) as entries:
            # What is a link by now has no place in any list.
            self._directories = {e.name for e in entries if e.is_dir(follow_symlinks=False)}

    def stamp(self, session_id: str) -> list[int]:
        """How session.json is now: to be asked before it is read. Empty where it is not known."""
        if session_id not in self._directories:
            return []
        try:
            found = os.lstat(f"{session_id}/session.json", dir_fd=self._fd)
        except OSError:
            return []
        return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]

    def find(self, session_id: str, stamp: list[int]) -> Summary | None:
        """Its summary, where session.json is still the same."""
        row = self._rows.get(session_id)
        if row is None or row[1:5] != stamp:
            return None
        try:
            summary = _summary(row)
        except MalformedError:
            return None
        self._kept.append(row)
        return summary

    def note(self, summary: Summary, stamp: list[int]) -> None:
        """It was read anew."""
        self._missed += 1
        if stamp and stamp[3] < self._now - _YOUNG and stamp[2] < self._now - _YOUNG:
            self._kept.append(_row(summary, stamp))

    def save(self) -> None:
        """Write it where that is worth the while. What goes wrong does no harm."""
        if self._missed <= FEW + len(self._kept) // 8 or len(self._kept) <= FEW:
            return
        temporary = f"{NAME}-{os.urandom(8).hex()}"
        try:
            self._sweep()
            data = dump({"format": FORMAT, "rows": self._kept}).encode("ascii")
            files.write_new(temporary, self._fd, data)
            os.replace(temporary, NAME, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError:
            try:
                os.unlink(temporary, dir_fd=self._fd)
            except OSError:
                pass  # it was not even begun

    def _sweep(self) -> None:
        """Remove what killed writers have left."""
        for name in os.listdir(self._fd):
            if name.startswith(f"{NAME}-"):
                if os.lstat(name, dir_fd=self._fd).st_mtime < self._now / 1e9 - _STALE:
                    os.unlink(name, dir_fd=self._fd)


def _rows(document: Document) -> Iterator[Row]:
    for row in document.items("rows"):
        if isinstance(row, list) and row and isinstance(row[0], str):
            yield row


def _row(summary: Summary, stamp: list[int]) -> Row:
    return [
        summary.id, *stamp, summary.created, summary.script, summary.state, summary.directory,
        summary.user, summary.host, summary.exit_status, summary.complete, summary.effects,
        summary.parent, summary.asking, to_json(summary.decided),
    ]  # fmt: skip


def _summary(row: Row) -> Summary:
    """MalformedError for what `_row` cannot have made. That the id is one is known by now."""
    if [*map(type, row[:14])] != _TYPES or len(row) != 17 or row[7] not in STATES:
        raise MalformedError(f"{NAME} is damaged")
    parent, asking, decided = row[14:]
    if not (parent is None or isinstance(parent, str)) or not (
        asking is None or type(asking) is int
    ):
        raise MalformedError(f"{NAME} is damaged")
    event = None if decided is None else event_from_json(Document(decided, NAME))
    return Summary(*cast(_Fields, (row[0], *row[5:14])), parent, event, asking)
