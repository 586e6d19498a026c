"""In which line of a TOML text each key and each item stands: `tomllib` does not tell.

Called by `document.py` with text that tomllib has read, so that no syntax is checked here.
Counterpart: `json_text.py`.
"""

from __future__ import annotations

import re
import tomllib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\r]+|\#[^\n]*)
    | (?P<newline>\n)
    | (?P<string>\"\"\"(?:[^\"\\]|\\.|\"(?!\"\"))*\"{3,5} | '''(?:[^']|'(?!''))*'{3,5}
        | \"(?:[^\"\\\n]|\\.)*\" | '[^'\n]*')
    | (?P<bare>[^\s,\[\]{}=\#\"']+)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def find_lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of each key by its path from the top; items of arrays by number."""
    scanner = _Scanner(text)
    scanner.read()
    return scanner.lines


class _Scanner:
    __slots__ = ("_arrays", "_at", "_tokens", "lines")

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        line = 1
        for match in _TOKEN.finditer(text):
            kind, token = match.lastgroup or "", match[0]
            if kind != "blank":
                self._tokens.append((kind, token, line))
            line += token.count("\n")
        self._tokens.append(("end", "", line))
        self._at = 0
        self._arrays: dict[Path, int] = {}
        self.lines: dict[Path, int] = {(): 1}

    def read(self) -> None:
        table: Path = ()
        while self._kind() != "end":
            if self._kind() == "newline":
                self._at += 1
            elif self._text() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        line = self._line()
        self._at += 1
        is_array = self._text() == "["
        self._at += is_array
        parts = self._key()
        while self._is_sign("]"):
            self._at += 1
        path: Path = ()
        for number, part in enumerate(parts, 1):
            path = (*path, part)
            self.lines.setdefault(path, line)
            if is_array and number == len(parts):
                self._arrays[path] = self._arrays.get(path, -1) + 1
            if path in self._arrays:
                path = (*path, self._arrays[path])
        self.lines[path] = line
        return path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for part in self._key():
            path = (*path, part)
            self.lines.setdefault(path, line)
        self._at += self._kind() != "end"  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        opening = self._text()
        if self._kind() == "sign" and opening in "[{":
            self._at += 1
            item = 0
            while self._kind() != "end" and not self._is_sign("]}"):
                if self._kind() == "newline" or self._is_sign(","):
                    self._at += 1
                elif opening == "{":
                    self._pair(path)
                else:
                    self.lines[(*path, item)] = self._line()
                    self._value((*path, item))
                    item += 1
            self._at += 1
            return
        self._at += self._kind() != "end"
        while self._kind() in ("bare", "string"):  # a date and its time are two words
            self._at += 1

    def _is_sign(self, signs: str) -> bool:
        return self._kind() == "sign" and self._text() in signs

    def _key(self) -> list[str]:
        parts: list[str] = []
        while self._kind() in ("bare", "string"):
            text = self._text()
            if self._kind() == "string":
                parts.append(str(tomllib.loads(f"key = {text}")["key"]))
            else:
                parts += [part for part in text.split(".") if part]
            self._at += 1
        return parts

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _text(self) -> str:
        return self._tokens[self._at][1]

    def _line(self) -> int:
        return self._tokens[self._at][2]
