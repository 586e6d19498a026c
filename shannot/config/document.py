"""One configuration file: read as hostile, parsed, and able to say in which line an error is.

TOML, or JSON where the name ends so. Called by `settings.py` and `profile_file.py`.
"""

from __future__ import annotations

import os
import stat

from shannot.digest import sha256_of
from shannot.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Key = tuple[str | int, ...]

SIZE_LIMIT = 1 << 20
"""Bytes of one file."""
LIST_LIMIT = 10_000
"""Items of one array."""

Table = dict[str, object]


class Listed:
    """A string of a list, and where it stands: "config.toml:3"."""

    __slots__ = ("text", "where")

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self.where = where


class Item:
    """A rule as it was written: a string or a table. `policy/entries.py` reads it."""

    __slots__ = ("_document", "_key", "value")

    def __init__(self, value: object, key: Key, document: Document) -> None:
        self.value = value
        self._key = key
        self._document = document

    def where(self, *inside: str | int) -> str:
        """File and line of the rule, or of something inside of its table."""
        return self._document.where((*self._key, *inside))


class Document:
    """A file that was read. `key` is always the path of keys, and of numbers, from the top."""

    __slots__ = ("_find_lines", "_lines", "path", "sha256", "table")

    def __init__(
        self, path: str, table: Table, sha256: str, find_lines: Callable[[], Mapping[Key, int]]
    ) -> None:
        self.path = path
        self.table = table
        self.sha256 = sha256  # of the file, as it was read
        self._find_lines = find_lines
        self._lines: Mapping[Key, int] | None = None  # found when the first is asked for

    def fail(self, key: Key, message: str) -> UsageError:
        """The error for a key, naming file and line."""
        return UsageError(f"{self.where(key)}: {message}")

    def where(self, key: Key) -> str:
        """File and line of a key, or of an item of its array."""
        if self._lines is None:
            self._lines = self._find_lines()
        while key and key not in self._lines:
            key = key[:-1]
        return f"{self.path}:{self._lines.get(key, 1)}"

    def tables(self, key: Key, value: object, known: tuple[str, ...]) -> Table:
        """The value as a table with known keys only. Raises UsageError."""
        if not isinstance(value, dict):
            raise self.fail(key, f"{key[-1] if key else 'all'} must be a table")
        for name in value:
            if name not in known:
                raise self.unknown((*key, name), known)
        return value

    def unknown(self, key: Key, known: tuple[str, ...]) -> UsageError:
        """The error for a key that does not exist (here)."""
        shown = ascii(str(key[-1])[:40])[1:-1]
        return self.fail(key, f'unknown key "{shown}" (expected one of: {", ".join(known)})')

    def items(self, key: Key, value: object) -> tuple[Item, ...]:
        """The value as a list of strings and tables. Raises UsageError."""
        self._check_list(key, value, "a list of strings and tables")
        found: list[Item] = []
        for number, item in enumerate(value if isinstance(value, list) else ()):
            if not isinstance(item, dict) and not _is_text(item):
                message = f"{key[-1]} must be a list of strings and tables, none empty"
                raise self.fail((*key, number), message)
            found.append(Item(item, (*key, number), self))
        return tuple(found)

    def strings(self, key: Key, value: object) -> tuple[Listed, ...]:
        """The value as a list of strings. Raises UsageError."""
        self._check_list(key, value, "a list of strings")
        listed: list[Listed] = []
        for number, text in enumerate(value if isinstance(value, list) else ()):
            if not isinstance(text, str) or not _is_text(text):
                message = f"{key[-1]} must be a list of strings, none empty"
                raise self.fail((*key, number), message)
            listed.append(Listed(text, self.where((*key, number))))
        return tuple(listed)

    def string(self, key: Key, value: object, choices: tuple[str, ...] = ()) -> str:
        """The value as a string, one of the choices if there are any. Raises UsageError."""
        if not isinstance(value, str) or not _is_text(value):
            raise self.fail(key, f"{key[-1]} must be a string")
        if choices and value not in choices:
            expected = ", ".join(f'"{choice}"' for choice in choices)
            raise self.fail(key, f"{key[-1]} must be one of: {expected}")
        return value

    def boolean(self, key: Key, value: object) -> bool:
        """The value as a boolean. Raises UsageError."""
        if not isinstance(value, bool):
            raise self.fail(key, f"{key[-1]} must be true or false")
        return value

    def _check_list(self, key: Key, value: object, expected: str) -> None:
        if not isinstance(value, list):
            raise self.fail(key, f"{key[-1]} must be {expected}")
        if len(value) > LIST_LIMIT:
            raise self.fail(key, f"{key[-1]} has more than {LIST_LIMIT} items")


def read_document(path: str, uid: int) -> Document | None:
    """Read and parse a file; None where there is none. Raises UsageError naming file and line."""
    try:
        data = _read(path, uid)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            raise UsageError(f"{path}: a link to a file that is not there")
        return None
    except (OSError, ValueError) as error:
        message = os.strerror(error.errno or 0) if isinstance(error, OSError) else "no such name"
        raise UsageError(f"{path}: cannot be read: {message}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: not UTF-8 text")
    digest = sha256_of(data)
    if path.endswith(".json"):
        return _parse_json(path, text, digest)
    return _parse_toml(path, text, digest)


def _parse_toml(path: str, text: str, digest: str) -> Document:
    import tomllib  # with re and datetime, and for nothing else

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(_syntax_error(path, text, str(error)))
    except (ValueError, RecursionError):
        raise UsageError(f"{path}:1: not TOML that can be read: too large a number, or too deep")
    return Document(path, table, digest, lambda: _toml_lines(text))


def _toml_lines(text: str) -> Mapping[Key, int]:
    """None of them where the text nests too deep for it."""
    from shannot.config.toml_lines import find_lines  # only where a line is to be named

    try:
        return find_lines(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError):
        return {}


def _parse_json(path: str, text: str, digest: str) -> Document:
    from shannot.config.json_text import JsonSyntaxError, read_json  # most files are TOML

    try:
        value, lines = read_json(text)
    except JsonSyntaxError as fault:
        raise UsageError(f"{path}:{fault.line}: not JSON: {fault}")
    if not isinstance(value, dict):
        raise UsageError(f"{path}:1: not a JSON object")
    return Document(path, value, digest, lambda: lines)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != "" and "\0" not in value


def _read(path: str, uid: int) -> bytes:
    for place in {os.path.dirname(os.path.abspath(path)), os.path.dirname(os.path.realpath(path))}:
        _check_owner(os.stat(place), place, uid)
        _check_above(os.path.dirname(place))
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


def _check_above(place: str) -> None:
    """Raises UsageError where anybody could put another directory in the place of one of these."""
    while place != "/":
        mode = os.stat(place).st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise UsageError(f"{place}: other users can write it, so nothing below it is read")
        place = os.path.dirname(place)


def _syntax_error(path: str, text: str, message: str) -> str:
    """`tomllib` ends its messages with "(at line 3, column 5)" or "(at end of document)"."""
    import re  # only here

    found = re.search(r" \(at line (\d+), column \d+\)$", message)
    line = int(found[1]) if found else text.count("\n") + 1
    return f"{path}:{line}: {ascii(message.partition(' (at ')[0])[1:-1]}"
