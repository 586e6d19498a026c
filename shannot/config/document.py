"""One configuration file: read as hostile, parsed, and able to say in which line an error is.

Called by `settings.py` only.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from dataclasses import dataclass
from hashlib import sha256

from shannot.config.lines import find_line
from shannot.errors import UsageError

SIZE_LIMIT = 1 << 20
"""Bytes of one file."""
LIST_LIMIT = 10_000
"""Items of one array."""

Table = dict[str, object]


@dataclass(frozen=True, slots=True)
class Listed:
    """A string of a list, and where it stands: "config.toml:3"."""

    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read. `key` is always the path of keys from the top."""

    path: str
    text: str
    table: Table
    sha256: str
    """Of the file, as it was read."""

    def fail(self, key: tuple[str, ...], message: str, item: int | None = None) -> UsageError:
        """The error for a key, naming file and line."""
        return UsageError(f"{self.where(key, item)}: {message}")

    def where(self, key: tuple[str, ...], item: int | None = None) -> str:
        """File and line of a key, or of an item of its array."""
        return f"{self.path}:{find_line(self.text, key, item)}"

    def tables(self, key: tuple[str, ...], value: object, known: tuple[str, ...]) -> Table:
        """The value as a table with known keys only. Raises UsageError."""
        if not isinstance(value, dict):
            raise self.fail(key, f"{key[-1]} must be a table")
        for name in value:
            if name not in known:
                raise self.unknown((*key, name), known)
        return value

    def unknown(self, key: tuple[str, ...], known: tuple[str, ...]) -> UsageError:
        """The error for a key that does not exist (here)."""
        shown = ascii(key[-1][:40])[1:-1]
        return self.fail(key, f'unknown key "{shown}" (expected one of: {", ".join(known)})')

    def strings(self, key: tuple[str, ...], value: object) -> tuple[Listed, ...]:
        """The value as a list of strings. Raises UsageError."""
        if not isinstance(value, list):
            raise self.fail(key, f"{key[-1]} must be a list of strings")
        if len(value) > LIST_LIMIT:
            raise self.fail(key, f"{key[-1]} has more than {LIST_LIMIT} items")
        listed: list[Listed] = []
        for item, text in enumerate(value):
            if not isinstance(text, str) or not text or "\0" in text:
                raise self.fail(key, f"{key[-1]} must be a list of strings, none empty", item)
            listed.append(Listed(text, ""))
        # Lines are looked up for short lists only: a long one would cost a second.
        return tuple(
            Listed(one.text, self.where(key, item if len(listed) <= 1_000 else None))
            for item, one in enumerate(listed)
        )

    def string(self, key: tuple[str, ...], value: object, choices: tuple[str, ...] = ()) -> str:
        """The value as a string, one of the choices if there are any. Raises UsageError."""
        if not isinstance(value, str) or not value or "\0" in value:
            raise self.fail(key, f"{key[-1]} must be a string")
        if choices and value not in choices:
            expected = ", ".join(f'"{choice}"' for choice in choices)
            raise self.fail(key, f"{key[-1]} must be one of: {expected}")
        return value

    def boolean(self, key: tuple[str, ...], value: object) -> bool:
        """The value as a boolean. Raises UsageError."""
        if not isinstance(value, bool):
            raise self.fail(key, f"{key[-1]} must be true or false")
        return value


def read_document(path: str, uid: int) -> Document | None:
    """Read and parse a file; None where there is none. Raises UsageError naming file and line."""
    try:
        data = _read(path, uid)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            raise UsageError(f"{path}: a link to a file that is not there")
        return None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: not UTF-8 text")
    try:
        return Document(path, text, tomllib.loads(text), sha256(data).hexdigest())
    except tomllib.TOMLDecodeError as error:
        raise UsageError(_syntax_error(path, text, str(error)))
    except (ValueError, RecursionError):
        raise UsageError(f"{path}:1: not TOML that can be read: too large a number, or too deep")


def _read(path: str, uid: int) -> bytes:
    _check_owner(os.stat(os.path.dirname(path) or "."), os.path.dirname(path), uid)
    host_fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        status = os.fstat(host_fd)
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path}: not a regular file")
        _check_owner(status, path, uid)
        with open(host_fd, "rb", closefd=False) as file:
            data = file.read(SIZE_LIMIT + 1)
    finally:
        os.close(host_fd)
    if len(data) > SIZE_LIMIT:
        raise UsageError(f"{path}: larger than {SIZE_LIMIT >> 20} MiB")
    return data


def _check_owner(status: os.stat_result, path: str, uid: int) -> None:
    """Raises UsageError where somebody else may have written what stands there."""
    if status.st_uid not in (0, uid):
        raise UsageError(
            f"{path}: belongs to another user (uid {status.st_uid}), so it is not read"
        )
    if status.st_mode & 0o022:
        raise UsageError(f"{path}: other users can write it; `chmod go-w {path}` takes that away")


def _syntax_error(path: str, text: str, message: str) -> str:
    """`tomllib` ends its messages with "(at line 3, column 5)" or "(at end of document)"."""
    found = re.search(r" \(at line (\d+), column \d+\)$", message)
    line = int(found[1]) if found else text.count("\n") + 1
    return f"{path}:{line}: {ascii(message.partition(' (at ')[0])[1:-1]}"
