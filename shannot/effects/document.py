"""Reading JSON that an enemy may have written: every field by name, by type and within bounds.

The `from_json` of every type reads through a `Document`; what it refuses is one clear line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from shannot.errors import ShannotError
from shannot.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeGuard

MAX_PATH = 1 << 16  # bytes: deeper than PATH_MAX, because trees are walked name by name
MAX_NAME = 255  # bytes in one name, NAME_MAX of every Linux filesystem that matters
MAX_TEXT = 1 << 18  # characters: an argument (MAX_ARG_STRLEN is 128 KiB), a reason
MAX_ITEMS = 2_000_000
MAX_INTEGER = (1 << 63) - 1

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
# What `check_path` finds nothing wrong with, of ASCII only: nearly every path there is, at once.
_PLAIN_PATH = re.compile(r"(?:/(?!\.\.?(?:/|\Z))[^/\0]{1,255})+\Z")


class MalformedError(ShannotError):
    """Stored or received data is not what it should be. The message names where."""


class NotOursError(MalformedError):
    """Data that may be whole, but is not this program's to read: a newer version's, another
    user's, or where others can write."""


def parse(text: bytes, where: str) -> Document:
    """The JSON object in text. `where` (a file, usually) stands in every message."""
    try:
        value: object = _DECODER.decode(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise MalformedError(
            f"{where} is not valid JSON; it was damaged or tampered with"
        ) from error
    return Document(value, where)


def dump(value: object) -> str:
    """Canonical JSON: sorted keys, no spaces, ASCII only, so that lone surrogates survive."""
    return _ENCODER.encode(value)


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def is_plain_path(value: object) -> TypeGuard[str]:
    """Is it, at a look, an absolute and normalised path below the root? Nearly every one is."""
    if isinstance(value, str) and value.isascii() and len(value) <= MAX_PATH:
        return _PLAIN_PATH.match(value) is not None
    return False


def is_sha256(value: object) -> TypeGuard[str]:
    """Is it such a hash as it is written everywhere here?"""
    return isinstance(value, str) and len(value) == 64 and not value.strip("0123456789abcdef")


def check_text(value: object, where: str, limit: int = MAX_TEXT) -> str:
    """A string as os.fsdecode makes it, without NUL, of at most limit characters."""
    if not isinstance(value, str):
        raise MalformedError(f"{where} is not text")
    if len(value) > limit:
        raise MalformedError(f"{where} is longer than {limit} characters")
    if value.isascii() and "\0" not in value:
        return value
    try:
        # Two spellings of one name must not exist: what was compared would not be what is opened.
        same = value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") == value
    except UnicodeEncodeError:
        same = False
    if not same or "\0" in value:
        raise MalformedError(f"{where} holds characters that no name can have")
    return value


def check_relative(value: object, where: str) -> str:
    """A normalised path below something: no leading slash, no empty, `.` or `..` part."""
    path = check_text(value, where, MAX_PATH)
    for part in path.split("/"):
        if part in ("", ".", "..") or len(part.encode("utf-8", "surrogateescape")) > MAX_NAME:
            raise MalformedError(f"{where} is not a normalised path: {escape(path[:200])}")
    return path


def check_path(value: object, where: str) -> str:
    """An absolute, normalised path; `/` itself is one."""
    if is_plain_path(value):
        return value
    path = check_text(value, where, MAX_PATH)
    if not path.startswith("/"):
        raise MalformedError(f"{where} is not an absolute path: {escape(path[:200])}")
    if path != "/":
        check_relative(path[1:], where)
    return path


class Document:
    """One JSON object: fields are taken by name, and `finish` refuses those that nobody took."""

    __slots__ = ("_fields", "_taken", "where")

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise MalformedError(f"{where} is not an object")
        self._fields: dict[str, object] = value
        self._taken: set[str] = set()
        self.where = where

    def names(self) -> frozenset[str]:
        """The fields that there are: for those that may be left out."""
        return frozenset(self._fields)

    def take(self, name: str) -> object:
        """The raw value of a field that must be there."""
        try:
            value = self._fields[name]
        except KeyError:
            raise MalformedError(f"{self.where}: {name!r} is missing") from None
        self._taken.add(name)
        return value

    def fields(self) -> dict[str, object]:
        """Everything in it, unchecked: to be shown, escaped."""
        return dict(self._fields)

    def finish(self) -> None:
        """Refuse fields that were not asked for: nothing may hide in a session."""
        if len(self._taken) != len(self._fields):
            unknown = sorted(self._fields.keys() - self._taken)
            raise MalformedError(f"{self.where}: unknown field {escape(unknown[0][:80])!r}")

    def _at(self, name: str) -> str:
        return f"{self.where}: {name!r}"

    def text(self, name: str, limit: int = MAX_TEXT) -> str:
        value = self.take(name)
        if type(value) is str and value.isascii() and len(value) <= limit and "\0" not in value:
            return value  # nearly always
        return check_text(value, self._at(name), limit)

    def optional_text(self, name: str, limit: int = MAX_TEXT) -> str | None:
        return None if self.take(name) is None else self.text(name, limit)

    def path(self, name: str) -> str:
        return check_path(self.take(name), self._at(name))

    def relative(self, name: str) -> str:
        return check_relative(self.take(name), self._at(name))

    def integer(self, name: str, low: int = 0, high: int = MAX_INTEGER) -> int:
        value = self.take(name)
        if type(value) is not int or not low <= value <= high:
            raise MalformedError(f"{self._at(name)} is not a whole number from {low} to {high}")
        return value

    def optional_integer(self, name: str, low: int = 0, high: int = MAX_INTEGER) -> int | None:
        return None if self.take(name) is None else self.integer(name, low, high)

    def boolean(self, name: str) -> bool:
        value = self.take(name)
        if not isinstance(value, bool):
            raise MalformedError(f"{self._at(name)} is neither true nor false")
        return value

    def sha256(self, name: str) -> str:
        value = self.take(name)
        if not isinstance(value, str) or not _SHA256.match(value):
            raise MalformedError(f"{self._at(name)} is not a SHA-256")
        return value

    def sha256_or_empty(self, name: str) -> str:
        return "" if self.take(name) == "" else self.sha256(name)

    def optional_sha256(self, name: str) -> str | None:
        return None if self.take(name) is None else self.sha256(name)

    def items(self, name: str, limit: int = MAX_ITEMS) -> list[object]:
        """A list of at most limit raw values."""
        value = self.take(name)
        if not isinstance(value, list):
            raise MalformedError(f"{self._at(name)} is not a list")
        if len(value) > limit:
            raise MalformedError(f"{self._at(name)} has more than {limit} items")
        return value

    def texts(self, name: str, limit: int = MAX_ITEMS) -> tuple[str, ...]:
        where = self._at(name)
        return tuple(check_text(item, where) for item in self.items(name, limit))

    def child(self, name: str) -> Document:
        return Document(self.take(name), f"{self.where}: {name}")

    def optional_child(self, name: str) -> Document | None:
        return None if self.take(name) is None else self.child(name)

    def children(self, name: str, limit: int = MAX_ITEMS) -> Iterator[Document]:
        """The objects of a list; in messages they are counted from 1, as effects are."""
        for number, item in enumerate(self.items(name, limit), 1):
            yield Document(item, f"{self.where}: {name} {number}")
