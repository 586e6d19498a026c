"""Does the log say what it said when it was written? Every line against the next, the last against
the sealed head, which stands apart.

An edited, added, removed or moved line no longer has the hash that the next one names; a log that
was cut off no longer ends where the head says. What is found is listed, and reading goes on.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shannot.audit import (
    DIRECTORY,
    HEAD_SIZE,
    START,
    Head,
    Log,
    parse_head,
    read_key,
    segment_name,
    wait_for,
)
from shannot.audit.repair import MAX_LINE, link, segment_numbers
from shannot.digest import sha256_of
from shannot.errors import ShannotError

MAX_FINDINGS = 100
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the whole log came to."""

    records: int
    """That were read."""
    sha256: str
    """Of the last line: noted elsewhere, it tells later whether the log still begins so."""
    findings: tuple[str, ...]
    """One line each, at most 100; none: the log is whole."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A record that was noted elsewhere."""

    number: int
    sha256: str
    """Of its line."""


class Line:
    """One line of a segment, and what of the chain it carries."""

    __slots__ = ("data", "link", "number", "segment")

    def __init__(self, segment: int, number: int, data: bytes) -> None:
        self.segment = segment
        self.number = number  # in its segment, from 1
        self.data = data
        self.link = link(data) if data.endswith(b"\n") else None

    def where(self) -> str:
        return f"{segment_name(self.segment)} line {self.number}"


def verify(log: Log, expected: Expected | None = None) -> Verified:
    """Read the whole log. ShannotError where that cannot be done at all."""
    try:
        snapshot = Snapshot(log)
        head = snapshot.head
        findings: list[str] = []
        found = lines(log, snapshot.sizes)
        if expected is not None:
            found = _compared(found, expected, findings)
        count, sha256 = _check_chain(found, head, findings)
    except OSError as error:
        raise ShannotError(
            f"the audit log in {log.segments_path} cannot be read: {error.strerror}"
        ) from error
    if head is not None and count < head.count:
        _add(findings, f"the log was cut off: it ends at record {count}, not at {head.count}")
    elif head is not None and count == head.count and sha256 != head.sha256:
        _add(findings, f"record {count}, the last, was changed")
    elif head is None and (snapshot.sealed or count):
        _add(findings, "the sealed end of the log is missing or was changed")
    return Verified(count, sha256, tuple(findings))


def _check_chain(found: Iterator[Line], head: Head | None, findings: list[str]) -> tuple[int, str]:
    """(number of the last record, the SHA-256 of its line)."""
    count, before = 0, START
    beyond = 0
    for line in found:
        if line.link is None:
            what = "half a record" if not line.data.endswith(b"\n") else "no record"
            _add(findings, f"{line.where()}: {what}")
            continue
        number, named = line.link
        if line.number == 1 and line.segment != number:
            _add(findings, f"{line.where()}: record {number} stands in the wrong segment")
        if number != count + 1:
            _add(findings, f"{line.where()}: {_misplaced(count, number)}")
        elif named != before:
            _add(findings, f"{line.where()}: {_broken(count, number)}")
        if b',"event":"damaged",' in line.data[:400]:
            _add(findings, f"{line.where()}: the log was found damaged when it was written")
        count, before = number, sha256_of(line.data[:-1])
        if head is not None and number == head.count and before != head.sha256:
            _add(findings, f"{line.where()}: record {number} was changed")
        beyond += head is not None and number > head.count
    if beyond:
        _add(
            findings,
            f"{beyond} records stand after the sealed end: a writer was killed there, or they"
            " were added by hand",
        )
    return count, before


def _compared(found: Iterator[Line], expected: Expected, findings: list[str]) -> Iterator[Line]:
    """The same lines; what was expected of one of them is looked for in passing."""
    there = False
    for line in found:
        if line.link is not None and line.link[0] == expected.number:
            there = there or sha256_of(line.data[:-1]) == expected.sha256
        yield line
    if not there:
        _add(findings, f"record {expected.number} is not the one that was noted, or is gone")


def _misplaced(count: int, number: int) -> str:
    if number <= count:
        return f"record {number} comes after record {count}: records were moved or repeated"
    first, last = count + 1, number - 1
    if first == last:
        return f"record {first} is missing"
    return f"records {first} to {last} are missing"


def _broken(count: int, number: int) -> str:
    if not count:
        return "the first record names one before it: the beginning was removed"
    return f"record {count} was changed, or record {number} was"


def _add(findings: list[str], text: str) -> None:
    if len(findings) < MAX_FINDINGS:
        findings.append(text)


def lines(log: Log, sizes: Mapping[int, int]) -> Iterator[Line]:
    """Every line in the order of the segments, as long as they were. Raises OSError."""
    if not sizes:
        return
    segments = os.open(log.segments_path, DIRECTORY)
    try:
        for first, size in sizes.items():
            fd = os.open(segment_name(first), _FILE, dir_fd=segments)
            with os.fdopen(fd, "rb") as file:
                number = 0
                while size > 0 and (data := file.readline(min(size, MAX_LINE))):
                    number += 1
                    size -= len(data)
                    yield Line(first, number, data)
    finally:
        os.close(segments)


class Snapshot:
    """The log at one moment between two appends."""

    __slots__ = ("head", "sealed", "sizes")

    def __init__(self, log: Log) -> None:
        self.head: Head | None = None
        self.sealed = False  # is there a head, a good one or not?
        self.sizes: dict[int, int] = {}  # of each segment, by the number of its first record
        try:
            seals = os.open(log.seal_path, DIRECTORY)
        except FileNotFoundError:
            self._measure(log)
            return
        try:
            self._look(log, seals)
        finally:
            os.close(seals)

    def _look(self, log: Log, seals: int) -> None:
        try:
            fd = os.open("head", _FILE, dir_fd=seals)
        except FileNotFoundError:
            self._measure(log)
            return
        try:
            wait_for(fd, fcntl.LOCK_SH)
            self._measure(log)
            data = os.read(fd, HEAD_SIZE + 1)
            self.sealed = bool(data)
            self.head = parse_head(data, read_key(seals))
        finally:
            os.close(fd)

    def _measure(self, log: Log) -> None:
        try:
            segments = os.open(log.segments_path, DIRECTORY)
        except FileNotFoundError:
            return
        try:
            for first in segment_numbers(segments):
                self.sizes[first] = os.lstat(segment_name(first), dir_fd=segments).st_size
        finally:
            os.close(segments)
