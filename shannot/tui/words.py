"""Which words of two lines differ: for a diff that shows what changed within a line. Pure."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

Ranges = tuple[tuple[int, int], ...]

_MAX_TOKENS = 400  # difflib is quadratic; beyond, the middle between equal ends is one change
_ALIKE = 0.3  # of the characters must be equal, or the lines have nothing to do with each other
# Marks stay with the letter they stand on.
_TOKEN = re.compile(r"\w[\w\u0300-\u036f]*|\s+|[^\w\s][\u0300-\u036f]*|.", re.DOTALL)


def changed(old: str, new: str) -> tuple[Ranges, Ranges]:
    """The ranges of characters that differ, in each line; none where the lines are not alike."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    shorter = min(len(before), len(after))
    head = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    rest = shorter - head
    tail = next((n for n in range(rest) if before[-1 - n] != after[-1 - n]), rest)
    middle = before[head : len(before) - tail], after[head : len(after) - tail]
    if max(map(len, middle)) > _MAX_TOKENS:
        operations = [("replace", 0, len(middle[0]), 0, len(middle[1]))]
    else:
        operations = list(SequenceMatcher(None, *middle, autojunk=False).get_opcodes())
    parts = [(t, a + head, b + head, c + head, d + head) for t, a, b, c, d in operations]
    different = [part for part in parts if part[0] != "equal"]
    ranges = (
        _ranges(before, [(a, b) for _, a, b, _, _ in different]),
        _ranges(after, [(c, d) for _, _, _, c, d in different]),
    )
    equal = len(old) - sum(end - start for start, end in ranges[0])
    return ranges if equal >= _ALIKE * max(len(old), len(new)) else ((), ())


def _ranges(tokens: list[str], borders: list[tuple[int, int]]) -> Ranges:
    """Ranges of tokens as ranges of characters."""
    starts = [0]
    for token in tokens:
        starts.append(starts[-1] + len(token))
    return tuple((starts[a], starts[b]) for a, b in borders if a < b)
