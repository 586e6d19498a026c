"""JSON that a person wrote: its value, and in which line each key and item stands.

Called by `document.py`. Stricter than `json`: a key that is given twice is an error, for one of
the two lists would be lost without a word. Counterpart: `toml_lines.py`.
"""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Path = tuple[str | int, ...]

DEPTH_LIMIT = 32
_BLANK = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"[-+.\w]+")


class JsonSyntaxError(Exception):
    """Not JSON; `line` is where, from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def read_json(text: str) -> tuple[object, Mapping[Path, int]]:
    """The value, and the line of each key by its path from the top. Raises JsonSyntaxError."""
    reader = _Reader(text)
    value = reader.value((), 0)
    reader.skip()
    if reader.at < len(text):
        raise reader.fault("something follows the end")
    return value, reader.lines


class _Reader:
    __slots__ = ("_counted", "_line", "at", "lines", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._counted = 0
        self._line = 1

    def value(self, path: Path, depth: int) -> object:
        self.skip()
        self.lines.setdefault(path, self.line())
        if depth > DEPTH_LIMIT:
            raise self.fault("nested too deep")
        character = self.text[self.at : self.at + 1]
        if character == "{":
            return self._table(path, depth)
        if character == "[":
            return self._array(path, depth)
        if character == '"':
            return self._string()
        return self._scalar()

    def skip(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def line(self) -> int:
        """Of the present position; positions only grow."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def fault(self, message: str) -> JsonSyntaxError:
        return JsonSyntaxError(message, self.line())

    def _table(self, path: Path, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        self.at += 1
        while not self._closes("}", bool(found)):
            self.skip()
            line = self.line()
            if self.text[self.at : self.at + 1] != '"':
                raise self.fault("expected a key in double quotes")
            key = self._string()
            if key in found:
                raise JsonSyntaxError(f"the key {key[:40]!a} is given twice", line)
            self.skip()
            if self.text[self.at : self.at + 1] != ":":
                raise self.fault("expected a colon after a key")
            self.at += 1
            self.lines[(*path, key)] = line
            found[key] = self.value((*path, key), depth + 1)
        return found

    def _array(self, path: Path, depth: int) -> list[object]:
        found: list[object] = []
        self.at += 1
        while not self._closes("]", bool(found)):
            found.append(self.value((*path, len(found)), depth + 1))
        return found

    def _closes(self, bracket: str, after_item: bool) -> bool:
        """Go over the bracket, or over the comma that must stand between items."""
        self.skip()
        character = self.text[self.at : self.at + 1]
        if character == bracket:
            self.at += 1
            return True
        if after_item:
            if character != ",":
                raise self.fault(f"expected a comma or {bracket}")
            self.at += 1
            self.skip()
            if self.text[self.at : self.at + 1] == bracket:
                raise self.fault(f"a comma before {bracket}")
        return False

    def _string(self) -> str:
        try:
            value, self.at = json.JSONDecoder().raw_decode(self.text, self.at)
        except ValueError:
            raise self.fault("a string that is not closed, or holds what must be escaped")
        return str(value)

    def _scalar(self) -> object:
        match = _SCALAR.match(self.text, self.at)
        if not match or match[0] in ("NaN", "Infinity", "-Infinity"):
            raise self.fault("expected a value")
        try:
            value: object = json.loads(match[0])
        except ValueError:
            raise self.fault("expected a value")
        self.at = match.end()
        return value
