"""Find the line of a key in TOML text: `tomllib` tells positions of syntax errors only.

Called by `settings.py` for its messages. An approximation: where it cannot tell (inline tables),
it names the nearest table or key above.
"""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*[^=\s]+)*)\s*=")
_PART = re.compile(r"\"[^\"]*\"|'[^']*'|[^.\s]+")


def find_line(text: str, path: tuple[str, ...], item: int | None = None) -> int:
    """The line, from 1, of the key at the path, or of the item of its array; 1 where unknown."""
    lines = text.split("\n")
    best, depth = 1, 0
    table: tuple[str, ...] = ()
    for number, line in enumerate(lines, 1):
        header = _HEADER.match(line)
        key = None if header else _KEY.match(line)
        if header:
            table = _parts(header[1])
            here = table
        elif key:
            here = (*table, *_parts(key[1]))
        else:
            continue
        if len(here) > depth and path[: len(here)] == here:
            best, depth = number, len(here)
    if item is None or depth < len(path):
        return best
    return _item_line(lines, best, item)


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _item_line(lines: list[str], start: int, item: int) -> int:
    """The line of the item of an array that begins in line `start`: strings are counted."""
    seen = -1
    for number in range(start, len(lines) + 1):
        line = lines[number - 1]
        if number == start:
            line = line.partition("=")[2]
        seen += _strings(line)
        if seen >= item:
            return number
        if number > start and line.strip().startswith("["):
            break
    return start


def _strings(line: str) -> int:
    """How many strings (or other values) stand in a line of an array."""
    line = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'", "'", line).partition("#")[0]
    return line.count("'") or len(re.findall(r"[\w.+-]+", line))
