"""The descriptors of a child that has none of its own: its numbers, and our host descriptors.

For the `pypy` runtime, where every read comes to us. Counterpart of `ProcessDescriptors` in
`channel/seccomp_notify.py`, which finds the numbers in a real process.
"""

from __future__ import annotations

import os
from errno import EBADF, EINVAL, EMFILE

NUMBERS_MAX = 1024
"""Descriptors that a child may hold: each is one of ours."""


class DescriptorTable:
    """`Descriptors` of `channel/base.py`, over host descriptors that belong to this table."""

    __slots__ = ("_inheritable", "_open", "limit", "waiting")

    def __init__(self, limit: int = NUMBERS_MAX) -> None:
        self._open: dict[int, int] = {}
        self._inheritable: set[int] = set()
        self.limit = limit
        self.waiting: set[int] = set()
        """Numbers whose reads and writes may have to wait: pipes, terminals."""

    # -- the child's own acts --------------------------------------------------------------------

    def host(self, number: int) -> int:
        """Our descriptor behind the child's number. Errors: EBADF."""
        try:
            return self._open[number]
        except KeyError:
            raise OSError(EBADF, "bad descriptor") from None

    def give(self, host_fd: int, inheritable: bool = False, lowest: int = 0) -> int:
        """Take over a host descriptor under the lowest free number. Errors: EMFILE, EINVAL."""
        if not 0 <= lowest < self.limit:
            os.close(host_fd)
            raise OSError(EINVAL, "no such number")
        number = lowest
        while number in self._open:
            number += 1
        if number >= self.limit:
            os.close(host_fd)
            raise OSError(EMFILE, "too many open files")
        self._put(number, host_fd, inheritable)
        return number

    def put(self, number: int, host_fd: int, inheritable: bool = True) -> None:
        """Take over a host descriptor under this very number; what was there is closed.

        Errors: EBADF for a number that cannot be.
        """
        if not 0 <= number < self.limit:
            os.close(host_fd)
            raise OSError(EBADF, "no such number")
        if number in self._open:
            self.close(number)
        self._put(number, host_fd, inheritable)

    def _put(self, number: int, host_fd: int, inheritable: bool) -> None:
        self._open[number] = host_fd
        if inheritable:
            self._inheritable.add(number)

    def close(self, number: int) -> None:
        """Errors: EBADF."""
        host_fd = self.host(number)
        del self._open[number]
        self._inheritable.discard(number)
        self.waiting.discard(number)
        os.close(host_fd)

    def set_inheritable(self, number: int, inheritable: bool) -> None:
        """Errors: EBADF."""
        self.host(number)
        if inheritable:
            self._inheritable.add(number)
        else:
            self._inheritable.discard(number)

    def close_all(self) -> None:
        for number in list(self._open):
            self.close(number)

    # -- `Descriptors` ---------------------------------------------------------------------------

    def stat(self, number: int) -> os.stat_result:
        return os.fstat(self.host(number))

    def reopen(self, number: int, flags: int) -> int:
        return os.open(b"/proc/self/fd/%d" % self.host(number), flags | os.O_CLOEXEC)

    def duplicate(self, number: int) -> int:
        return os.dup(self.host(number))

    def closes_on_exec(self, number: int) -> bool:
        self.host(number)
        return number not in self._inheritable

    def numbers(self) -> list[int]:
        return list(self._open)

    def describe(self, number: int) -> bytes:
        return os.readlink(b"/proc/self/fd/%d" % self.host(number))

    def forget(self) -> None:
        """Nothing is held but what the child has open."""
