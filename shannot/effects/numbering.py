"""The numbers of effects as people write them: `1,3-5`. `workflows/approve.py` reads them."""

from __future__ import annotations

from collections.abc import Sequence


def numbered(numbers: Sequence[int], separator: str = ",") -> str:
    """`1,3-5` for (1, 3, 4, 5)."""
    parts: list[str] = []
    start = 0
    for index, number in enumerate(numbers):
        if index + 1 == len(numbers) or numbers[index + 1] != number + 1:
            first = numbers[start]
            parts.append(f"{first}" if first == number else f"{first}-{number}")
            start = index + 1
    return separator.join(parts)
