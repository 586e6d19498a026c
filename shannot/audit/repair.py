"""What the next writer does where the end of the log is not where the head says. Under its lock.

Called by `Log`. What a killed writer can have left is taken over or dropped; everything else is
left as it stands for `verify.py` to find, and the log goes on in a new segment.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from shannot.audit import (
    DIRECTORY,
    START,
    Head,
    open_segment,
    segment_name,
    write_all,
)
from shannot.digest import sha256_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.audit import Record

MAX_LINE = 1 << 20
"""Bytes of a line that is read; those written are a quarter of that at most."""
_NAME = re.compile(r"([0-9]{12,18})\.jsonl\Z")
_LINK = re.compile(rb'\{"seq":([0-9]{1,18}),"time":"[^"]{1,40}","prev":"([0-9a-f]{64})"[,}]')


def make_directory(path: str) -> int:
    """A descriptor of one of the log's directories, which somebody else may make as well."""
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    return os.open(path, DIRECTORY)


def settle(
    segments: int, seals: int, head_fd: int, head: Head | None
) -> tuple[Head, str, Sequence[Record]]:
    """(where to go on, what is wrong or "", what is to be recorded first). Raises OSError."""
    if head is None:
        if os.fstat(head_fd).st_size or segment_numbers(segments):
            return _beheaded(segments, seals)
        head = Head(0, 1, 0, START, _new_key(seals))
        os.pwrite(head_fd, head.dump(), 0)
        return head, "", ()
    try:
        segment = open_segment(segments, head.first)
    except FileNotFoundError:
        return _damaged(head, f"{segment_name(head.first)} is missing")
    try:
        size = os.fstat(segment).st_size
        if size < head.size:
            return _damaged(head, f"{segment_name(head.first)} was cut off")
        return _taken_over(segment, head)
    finally:
        os.close(segment)


def _taken_over(segment: int, head: Head) -> tuple[Head, str, Sequence[Record]]:
    """Whole lines that continue the chain belong to it; half a line was never acted upon."""
    count = head.count
    while line := read_line(segment, head.size):
        if not line.endswith(b"\n"):
            os.ftruncate(segment, head.size)
            break
        if link(line) != (head.count + 1, head.sha256):
            head.count = count + _lines(segment, head.size)
            return _damaged(head, f"{segment_name(head.first)} holds what was not recorded there")
        head.count += 1
        head.size += len(line)
        head.sha256 = sha256_of(line[:-1])
    told: Record = {
        "event": "recovered",
        "found": "a writer was killed",
        "taken_over": head.count - count,
        "dropped_bytes": len(line),
    }
    return head, "", (told,)


def _beheaded(segments: int, seals: int) -> tuple[Head, str, Sequence[Record]]:
    """The head is gone, or not the one that was sealed: go on from the last line there is."""
    head = Head(0, 1, 0, START, _new_key(seals))
    for first in segment_numbers(segments)[-1:]:
        fd = open_segment(segments, first)
        try:
            size = os.fstat(fd).st_size
            tail = os.pread(fd, MAX_LINE, max(0, size - MAX_LINE)).split(b"\n")
        finally:
            os.close(fd)
        whole = [line for line in tail[:-1] if link(line) is not None]
        head.count = first
        for line in whole[-1:]:
            found = link(line)
            head.count = max(first, found[0] if found else 0)
            head.sha256 = sha256_of(line)
    return _damaged(head, "the sealed end of the log is missing or was changed")


def _damaged(head: Head, what: str) -> tuple[Head, str, Sequence[Record]]:
    """In a segment of its own: what is there stays as evidence."""
    head.first, head.size = head.count + 1, 0
    return head, f"the audit log is damaged: {what}", ({"event": "damaged", "found": what},)


def _lines(segment: int, offset: int) -> int:
    """How many lines stand from here on, so that the next segment gets a number nobody has."""
    lines = 1
    while data := os.pread(segment, MAX_LINE, offset):
        lines += data.count(b"\n")
        offset += len(data)
    return lines


def _new_key(seals: int) -> bytes:
    key = os.urandom(32)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(".key.new", flags, 0o600, dir_fd=seals)
    try:
        write_all(fd, key)
        os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(".key.new", "key", src_dir_fd=seals, dst_dir_fd=seals)
    os.fsync(seals)
    return key


def segment_numbers(segments: int) -> list[int]:
    """The first record's number of each segment, ascending."""
    found = [_NAME.match(name) for name in os.listdir(segments)]
    return sorted(int(match[1]) for match in found if match is not None)


def read_line(segment: int, offset: int) -> bytes:
    """The line there, its newline included if there is one; b"" at the end."""
    size = 4096
    while True:
        data = os.pread(segment, size, offset)
        end = data.find(b"\n")
        if end >= 0:
            return data[: end + 1]
        if len(data) < size or size >= MAX_LINE:
            return data
        size *= 16


def link(line: bytes) -> tuple[int, str] | None:
    """(its number, the SHA-256 of the one before it) of a line; None where it is no record."""
    match = _LINK.match(line)
    return None if match is None else (int(match[1]), match[2].decode("ascii"))
