"""The journal of an execution: one synced line before each step and one after it.

It is the only record of what was done, and holds what stood at each path before (`checkpoint.py`),
so that an execution which was killed goes on, and can be rolled back. A line that was cut off by a
crash was never acted upon, and is dropped.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from shannot.effects.codec import MAX_ID, MAX_MODE, MIN_TIME, one_of, to_json
from shannot.effects.document import Document, MalformedError, dump, parse
from shannot.errors import ShannotError
from shannot.sessions import files
from shannot.sessions.model import MAX_EFFECTS, EffectResult, result_from_json

FILE = "journal"
MAX_JOURNAL = 512 << 20  # bytes
_MAX_ATTRIBUTES = 1000


@dataclass(frozen=True, slots=True)
class Saved:
    """What stood at a path before it was changed; a file's contents are in `checkpoint/`."""

    path: str
    kind: str
    """`file`, `directory`, `link`, or `nothing`."""
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0
    sha256: str = ""
    """Of a file's contents; empty where they were not changed, and so not kept."""
    target: str = ""
    """Of a link."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Extended attributes of a file or directory: name, value in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a journal says: by effect number."""

    results: dict[int, EffectResult]
    """The last result of each effect that ended."""
    begun: dict[int, tuple[Saved, ...]]
    """What was saved for each effect that was begun, ended or not. The first time counts."""

    def shown(self) -> tuple[EffectResult, ...]:
        """The results by number; what was begun and has none was interrupted."""
        interrupted = {
            number: EffectResult(number, "interrupted", "the execution was killed here")
            for number in self.begun
        }
        return tuple(result for _, result in sorted({**interrupted, **self.results}.items()))


class JournalError(ShannotError):
    """Nothing more may be done, because nothing more can be recorded."""


class Journal:
    """Appends to the journal in the session directory that `directory_fd` is open on.

    JournalError where that fails; then the line is not there, not even in part.
    """

    __slots__ = ("_fd",)

    def __init__(self, directory_fd: int) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fd = os.open(FILE, flags, 0o600, dir_fd=directory_fd)
        os.ftruncate(self._fd, _end_of_lines(self._fd))
        os.lseek(self._fd, 0, os.SEEK_END)
        os.fsync(directory_fd)

    def begin(self, number: int, saved: tuple[Saved, ...]) -> None:
        """Effect number is about to change the world; saved is what it will change."""
        self._append({"event": "begin", "number": number, "saved": to_json(saved)})

    def end(self, result: EffectResult, sync: bool = True) -> None:
        """The effect has come to this result.

        sync: at once, not with the next line that is; see `apply.py` for when that will do.
        """
        self._append({"event": "end", "result": to_json(result)}, sync)

    def close(self) -> None:
        """Everything is on the disk."""
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise _unwritable(error) from error
        finally:
            os.close(self._fd)

    def _append(self, line: dict[str, object], sync: bool = True) -> None:
        end = os.lseek(self._fd, 0, os.SEEK_CUR)
        try:
            files.write_all(self._fd, f"{dump(line)}\n".encode("ascii"))
            if sync:
                os.fsync(self._fd)
        except OSError as error:
            # Half a line must not stand before the next one.
            os.ftruncate(self._fd, end)
            os.lseek(self._fd, end, os.SEEK_SET)
            raise _unwritable(error) from error


def _unwritable(error: OSError) -> JournalError:
    return JournalError(
        f"the journal of the execution cannot be written: {error.strerror};"
        " it stopped there, and `shannot execute` goes on with it"
    )


def read(directory_fd: int, owner: int, shown: str) -> Progress:
    """What the journal says; nothing where there is none. MalformedError names the line."""
    results: dict[int, EffectResult] = {}
    begun: dict[int, tuple[Saved, ...]] = {}
    try:
        data = files.read(FILE, directory_fd, owner, MAX_JOURNAL, f"{shown}/{FILE}")
    except FileNotFoundError:
        return Progress({}, {})
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        document = parse(line, f"{shown}/{FILE} line {number}")
        if one_of(document, "event", ("begin", "end")) == "begin":
            effect = document.integer("number", 1, MAX_EFFECTS)
            saved = tuple(_saved_from_json(child) for child in document.children("saved"))
            begun.setdefault(effect, saved)
            results.pop(effect, None)  # a command that failed is run again: open until it ends
        else:
            result = result_from_json(document.child("result"))
            results[result.number] = result
        document.finish()
    return Progress(results, begun)


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
    saved = Saved(
        path=document.path("path"),
        kind=kind,
        mode=document.integer("mode", 0, MAX_MODE),
        uid=document.integer("uid", 0, MAX_ID),
        gid=document.integer("gid", 0, MAX_ID),
        mtime_ns=document.integer("mtime_ns", MIN_TIME),
        sha256=document.sha256_or_empty("sha256"),
        target=document.text("target", 4096),
        attributes=_attributes(document),
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
