"""`--effects 1,3-5`: which effects of a plan are meant."""

from __future__ import annotations

from shannot.errors import UsageError

_TEXT_LIMIT = 1 << 20  # characters


def read_selection(text: str, total: int) -> tuple[int, ...]:
    """The numbers, ascending, each once, all of them from 1 to total. Raises UsageError."""
    chosen: set[int] = set()
    if len(text) > _TEXT_LIMIT:
        raise UsageError("--effects: too long")
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        low = _number(first, total, part)
        high = _number(last, total, part) if dash else low
        if high < low:
            raise UsageError(f"--effects {part.strip()}: it ends before it begins")
        chosen.update(range(low, high + 1))
    return tuple(sorted(chosen))


def _number(text: str, total: int, part: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageError(f"--effects {part!r}: expected numbers and ranges like 1,3-5")
    number = int(text)
    if not 1 <= number <= total:
        raise UsageError(f"--effects {number}: the plan has effects 1 to {total}")
    return number
