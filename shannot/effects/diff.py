"""What a change of contents looks like to a reviewer: a unified diff, or sizes and hashes.

Pure. Who holds the contents calls it (`workflows/contents.py`); the faces escape what it returns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Literal, NamedTuple

MAX_CONTENTS = 16 << 20  # bytes on one side; more is told by size and hash
CONTEXT = 3  # unchanged lines around a change, as diff(1) shows them
NO_NEWLINE = "\\ No newline at end of file"

# difflib is quadratic where lines repeat. Beyond these the changed region is one block: still
# complete, only less clever. Measured: the pairs take about one second at this bound.
_MAX_LINES = 40_000
_MAX_PAIRS = 4_000_000


class Diff(NamedTuple):
    """The difference of two contents. A tuple is made fast, and there are as many as effects."""

    kind: Literal["same", "text", "binary", "large", "unavailable"]
    """unavailable: the host no longer has the contents that the script saw."""
    lines: tuple[str, ...] = ()
    """Of a text: the unified diff with its two header lines; undecodable bytes are surrogates.
    Of others: what there is to say, one line a side."""
    added: int = 0
    """Lines, whole diff."""
    removed: int = 0
    omitted: int = 0
    """Lines of the diff that `limit` left off, never silently: ask again without it."""


def diff(
    before: bytes | None,
    after: bytes | None,
    before_name: str,
    after_name: str,
    limit: int | None = None,
) -> Diff:
    """The unified diff of two contents; None is a file that does not exist.

    limit: lines at most, the rest is counted in `omitted`.
    """
    if before == after:
        return Diff("same")
    old, new = before or b"", after or b""
    if len(old) > MAX_CONTENTS or len(new) > MAX_CONTENTS:
        return Diff("large", (_summary("-", before), _summary("+", after)))
    if b"\0" in old or b"\0" in new:
        return Diff("binary", (_summary("-", before), _summary("+", after)))
    first = "--- /dev/null" if before is None else f"--- {before_name}"
    second = "+++ /dev/null" if after is None else f"+++ {after_name}"
    if not old or not new:  # a file that is new or gone, as most are in a large plan
        body, added, removed = _one_sided(old, new)
    else:
        body = [line for hunk in _hunks(_lines(old), _lines(new)) for line in hunk]
        added = sum(line.startswith("+") for line in body)
        removed = sum(line.startswith("-") for line in body)
    lines = (first, second, *body)
    if limit is None or len(lines) <= limit:
        return Diff("text", lines, added, removed)
    return Diff("text", lines[:limit], added, removed, len(lines) - limit)


def summary(size: int, digest: str) -> str:
    """Contents told by size and hash, for what cannot be shown line by line."""
    return f"{size} bytes, sha256 {digest}"


def _summary(sign: str, data: bytes | None) -> str:
    if data is None:
        return f"{sign} nothing"
    return f"{sign} {summary(len(data), sha256(data).hexdigest())}"


def _one_sided(before: bytes, after: bytes) -> tuple[list[str], int, int]:
    """(the one hunk, lines added, lines removed) where one of the two is empty."""
    data, sign = (after, "+") if after else (before, "-")
    if not data:
        return [], 0, 0
    text = data.decode("utf-8", "surrogateescape")
    whole = text.removesuffix("\n")
    body = f"{sign}{whole}".replace("\n", f"\n{sign}").split("\n")
    size = len(body)
    if len(whole) == len(text):  # something follows the last newline
        body.append(NO_NEWLINE)
    there = "1" if size == 1 else f"1,{size}"
    if after:
        return [f"@@ -0,0 +{there} @@", *body], size, 0
    return [f"@@ -{there} +0,0 @@", *body], 0, size


def _lines(data: bytes) -> list[str]:
    """Lines with their newline; only \\n ends one, as for diff(1)."""
    text = data.decode("utf-8", "surrogateescape")
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]  # what follows the last newline: empty, unless none ends the text
    return [*lines, last] if last else lines


def _hunks(old: Sequence[str], new: Sequence[str]) -> Iterator[list[str]]:
    for group in _groups(_operations(old, new)):
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        hunk = [f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@"]
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                hunk += _marked(" ", old[a1:a2])
            else:
                hunk += _marked("-", old[a1:a2]) + _marked("+", new[b1:b2])
        yield hunk


Operation = tuple[str, int, int, int, int]


def _operations(old: Sequence[str], new: Sequence[str]) -> list[Operation]:
    """difflib's opcodes, with the common head and tail taken off first."""
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    rest = shorter - head
    tail = next((n for n in range(rest) if old[-1 - n] != new[-1 - n]), rest)
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    pairs = _pairs(a, b)
    middle: list[Operation]
    if pairs == 0:  # nothing in common: difflib would say the same, later
        middle = [("replace", 0, len(a), 0, len(b))] if a or b else []
    elif len(a) > _MAX_LINES or len(b) > _MAX_LINES or pairs > _MAX_PAIRS:
        middle = [("replace", 0, len(a), 0, len(b))]
    else:
        from difflib import SequenceMatcher  # most plans only make new files, and need none

        middle = list(SequenceMatcher(None, a, b, autojunk=False).get_opcodes())
    moved = [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in middle]
    first: Operation = ("equal", 0, head, 0, head)
    last: Operation = ("equal", len(old) - tail, len(old), len(new) - tail, len(new))
    return [first, *moved, last]


def _pairs(a: Sequence[str], b: Sequence[str]) -> int:
    """How many pairs of equal lines there are: what difflib's time grows with."""
    counts = Counter(b)
    return sum(counts[line] for line in a)


def _groups(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Operations cut into hunks: a run of unchanged lines longer than two contexts ends one."""
    group: list[Operation] = []
    for number, (tag, i1, i2, j1, j2) in enumerate(operations):
        if tag != "equal":
            group.append((tag, i1, i2, j1, j2))
            continue
        length = i2 - i1
        final = number == len(operations) - 1
        if len(group) > 1 and (length > 2 * CONTEXT or final):  # more than its leading context
            keep = min(length, CONTEXT)
            yield [*group, ("equal", i1, i1 + keep, j1, j1 + keep)]
            group = []
        if final:
            break
        if not group:
            keep = min(length, CONTEXT)
            group = [("equal", i2 - keep, i2, j2 - keep, j2)]
        else:
            group.append((tag, i1, i2, j1, j2))


def _range(start: int, end: int) -> str:
    """A hunk's place as diff(1) writes it: an empty range names the line before it."""
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _marked(sign: str, lines: Sequence[str]) -> list[str]:
    marked: list[str] = []
    for line in lines:
        if line.endswith("\n"):
            marked.append(sign + line[:-1])
        else:
            marked += [sign + line, NO_NEWLINE]
    return marked
