"""The journal of an execution: one synced line before each step and one after it.

It is the only record of what was done, and holds what stood at each path before (`checkpoint.py`),
so that an execution which was killed goes on, and can be rolled back. A line that was cut off by a
crash was never acted upon, and is dropped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from shannot.effects.codec import MAX_ID, MAX_LINKS, MAX_MODE, MIN_TIME, one_of
from shannot.effects.document import Document, MalformedError, parse
from shannot.errors import ShannotError
from shannot.sessions import files
from shannot.sessions.journal_lines import Saved, begin_line, end_lines, withdraw_line
from shannot.sessions.model import MAX_EFFECTS, EffectResult, result_from_json

FILE = "journal"
MAX_JOURNAL = 512 << 20  # bytes
_MAX_ATTRIBUTES = 1000
_MAX_TOLD = 2 * MAX_EFFECTS  # results in all lines together


@dataclass(frozen=True, slots=True)
class Progress:
    """What a journal says: by effect number."""

    results: dict[int, EffectResult]
    """The last result of each effect that ended."""
    begun: dict[int, tuple[Saved, ...]]
    """What was saved for each effect that was begun, ended or not. The first time counts."""
    digest: str = field(default="", compare=False)
    """SHA-256 of what it was read from; empty where there was nothing."""

    def shown(self) -> tuple[EffectResult, ...]:
        """The results by number. Of what was begun and has none, the first is where it was killed:
        what follows may have been done as well, and the next execution looks at it."""
        found = dict(self.results)
        for number in sorted(self.begun):
            if number not in found:
                found[number] = EffectResult(number, "interrupted", "the execution was killed here")
                break
        return tuple(result for _, result in sorted(found.items()))


class JournalError(ShannotError):
    """Nothing more may be done, because nothing more can be recorded."""


class Journal:
    """Appends to the journal in the session directory that `directory_fd` is open on.

    JournalError where that fails; then the line is not there, not even in part.
    """

    __slots__ = ("_end", "_fd")

    def __init__(self, directory_fd: int, file: str = FILE) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fd = os.open(file, flags, 0o600, dir_fd=directory_fd)
        os.ftruncate(self._fd, _end_of_lines(self._fd))
        self._end = os.lseek(self._fd, 0, os.SEEK_END)
        os.fsync(directory_fd)

    def begin(self, number: int, saved: Sequence[Saved]) -> None:
        """Effect number is about to change the world; saved is what it will change."""
        self._append(begin_line(number, saved), sync=True)

    def begin_together(self, steps: Iterable[tuple[int, Sequence[Saved]]]) -> None:
        """The same of several effects. `sync` must follow before any of them does anything."""
        lines = [begin_line(number, saved) for number, saved in steps]
        if lines:
            self._append("".join(lines), sync=False)

    def withdraw(self, number: int) -> None:
        """The effect was begun, and has changed nothing, and will not."""
        self._append(withdraw_line(number), sync=False)

    def end(self, results: Sequence[EffectResult], sync: bool = True) -> None:
        """The effects have come to these results.

        sync: at once, not with the next line that is; see `apply.py` for when that will do.
        """
        self._append("".join(end_lines(results)), sync)

    def sync(self) -> None:
        """Every line so far is on the disk."""
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise _unwritable(error) from error

    def close(self) -> None:
        """Everything is on the disk."""
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise _unwritable(error) from error
        finally:
            os.close(self._fd)

    def _append(self, lines: str, sync: bool) -> None:
        data = lines.encode("ascii")
        try:
            files.write_all(self._fd, data)
            if sync:
                os.fsync(self._fd)
        except OSError as error:
            # Half a line must not stand before the next one.
            os.ftruncate(self._fd, self._end)
            os.lseek(self._fd, self._end, os.SEEK_SET)
            raise _unwritable(error) from error
        self._end += len(data)


def _unwritable(error: OSError) -> JournalError:
    return JournalError(
        f"the journal of the execution cannot be written: {error.strerror};"
        " it stopped there, and `shannot execute` goes on with it"
    )


def read(
    directory_fd: int, owner: int, shown: str, file: str = FILE, known: Progress | None = None
) -> Progress:
    """What the journal says; nothing where there is none. MalformedError names the line.

    known: what was read before; it is the answer where the journal is still the same.
    """
    results: dict[int, EffectResult] = {}
    begun: dict[int, tuple[Saved, ...]] = {}
    try:
        data = files.read(file, directory_fd, owner, MAX_JOURNAL, f"{shown}/{file}")
    except FileNotFoundError:
        return Progress({}, {})
    digest = sha256(data).hexdigest()
    if known is not None and known.digest == digest:
        return known
    told = 0
    ranges: list[range] = []
    for document in _documents(data.split(b"\n")[:-1], f"{shown}/{file}"):
        event = one_of(document, "event", ("begin", "withdraw", "done", "end"))
        if event == "done":
            first = document.integer("first", 1, MAX_EFFECTS)
            last = document.integer("last", first, MAX_EFFECTS)
            told += last - first + 1
            if told > _MAX_TOLD:
                raise MalformedError(f"{document.where}: more is done than any plan holds")
            ranges.append(range(first, last + 1))  # taken apart once all of it is believed
            document.finish()
            continue
        _spread(ranges, results)
        if event == "end":
            result = result_from_json(document.child("result"))
            results[result.number] = result
        else:
            effect = document.integer("number", 1, MAX_EFFECTS)
            if event == "withdraw":
                begun.pop(effect, None)
            else:
                saved = tuple(_saved_from_json(child) for child in document.children("saved"))
                begun.setdefault(effect, saved)
                results.pop(effect, None)  # a command that failed is run again: open until it ends
        document.finish()
    _spread(ranges, results)
    return Progress(results, begun, digest)


def _spread(ranges: list[range], results: dict[int, EffectResult]) -> None:
    """All of them are done; the list is empty then."""
    for numbers in ranges:
        results |= {number: EffectResult(number, "done") for number in numbers}
    ranges.clear()


def _documents(lines: list[bytes], shown: str) -> Iterator[Document]:
    """One of each line. All are decoded at once, which takes a third of the time."""
    try:
        values: object = json.loads(b"[%s]" % b",".join(lines))
    except (ValueError, RecursionError):
        values = ()
    if isinstance(values, list) and len(values) == len(lines):
        for place, value in enumerate(values, 1):
            yield Document(value, f"{shown} line {place}")
        return
    for place, line in enumerate(lines, 1):  # to say which one it is
        yield parse(line, f"{shown} line {place}")


def _end_of_lines(fd: int) -> int:
    """The length up to the last newline: what follows was cut off while it was written."""
    end = os.fstat(fd).st_size
    while end > 0:
        start = max(0, end - (1 << 16))
        found = os.pread(fd, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _saved_from_json(document: Document) -> Saved:
    kind = one_of(document, "kind", ("file", "directory", "link", "nothing"))
    given = document.names()
    saved = Saved(
        path=document.path("path"),
        kind=kind,
        mode=document.integer("mode", 0, MAX_MODE) if "mode" in given else 0,
        uid=document.integer("uid", 0, MAX_ID) if "uid" in given else 0,
        gid=document.integer("gid", 0, MAX_ID) if "gid" in given else 0,
        mtime_ns=document.integer("mtime_ns", MIN_TIME) if "mtime_ns" in given else 0,
        sha256=document.sha256("sha256") if "sha256" in given else "",
        target=document.text("target", 4096) if "target" in given else "",
        attributes=_attributes(document) if "attributes" in given else (),
        size=document.integer("size") if "size" in given else 0,
        inode=document.text("inode", 80) if "inode" in given else "",
        names=document.integer("names", 0, MAX_LINKS) if "names" in given else 0,
    )
    document.finish()
    return saved


def _attributes(document: Document) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    for item in document.items("attributes", _MAX_ATTRIBUTES):
        match item:
            case [str(name), str(value)] if _is_hexadecimal(value):
                pairs.append((name, value))
            case _:
                raise MalformedError(f"{document.where}: 'attributes' holds no name and value")
    return tuple(pairs)


def _is_hexadecimal(value: str) -> bool:
    try:
        bytes.fromhex(value)
    except ValueError:
        return False
    return True
