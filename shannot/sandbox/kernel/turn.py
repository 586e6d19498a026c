"""Turn: one thread answers at a time, where commands of a script have mediators of their own.

The `pypy` runtime reads its pipe on one thread, and each confined command is mediated on another;
they share tree, overlay and gate, which know no threads. Whoever answers a call has the turn, and
gives it up while it only waits.
"""

from __future__ import annotations

from _thread import allocate_lock


class Turn:
    """The lock of one run. Not reentrant."""

    __slots__ = ("give", "take")

    def __init__(self) -> None:
        lock = allocate_lock()
        self.take = lock.acquire
        self.give = lock.release

    def __enter__(self) -> None:
        self.take()

    def __exit__(self, *_error: object) -> None:
        self.give()
