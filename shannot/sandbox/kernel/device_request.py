"""A request to the command device: its fields, read as a hostile child's. For `command_device.py`,
which describes them."""

from __future__ import annotations

import os
from errno import EINVAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST_MAX = 8 << 20
"""Bytes: the largest argv and environment (`processes.ARGUMENTS_MAX`) and room for the rest."""
FIELDS_MAX = 1 << 18

_DIGITS = 10


class Fields:
    """The fields of a request, from first to last. Errors: EINVAL."""

    __slots__ = ("_left",)

    def __init__(self, data: bytes) -> None:
        if data[-1:] != b"\0" or data.count(b"\0") > FIELDS_MAX:
            raise OSError(EINVAL, "no request")
        self._left: Iterator[bytes] = iter(data[:-1].split(b"\0"))

    def take(self) -> bytes:
        for field in self._left:
            return field
        raise OSError(EINVAL, "cut short")

    def number(self, limit: int) -> int:
        """A whole number from -1 to `limit`."""
        field = self.take()
        digits = field.removeprefix(b"-")
        if not digits.isdigit() or len(digits) > _DIGITS or not -1 <= int(field) <= limit:
            raise OSError(EINVAL, "no such number")
        return int(field)

    def several(self, limit: int) -> list[bytes]:
        """A count, and that many."""
        return [self.take() for _ in range(self.number(limit))]

    def end(self) -> None:
        for _ in self._left:
            raise OSError(EINVAL, "more than a request")


def read(request: int) -> bytes:
    """What was written to the file of a request: the length says how much. Errors: EINVAL."""
    head = os.pread(request, _DIGITS + 1, 0)
    length, end, _ = head.partition(b"\0")
    if not end or not length.isdigit() or int(length) > REQUEST_MAX - len(head):
        raise OSError(EINVAL, "no request")
    return os.pread(request, int(length), len(length) + 1)
