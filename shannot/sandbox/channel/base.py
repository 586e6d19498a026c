"""What every transport offers.

Counterparts: `seccomp_notify.py`. The kernel layer sees `Descriptors` only; `Memory` is for the
table that decodes arguments (`syscalls/table.py`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Protocol

    class Memory(Protocol):
        """The child's memory. Every method raises OSError(EFAULT) where there is none."""

        def read(self, address: int, size: int) -> bytes:
            """Exactly `size` bytes."""

        def read_string(self, address: int, limit: int) -> bytes:
            """Up to the NUL byte, which is not returned. ENAMETOOLONG if none within `limit`."""

        def write(self, address: int, data: bytes) -> None: ...

        def forget(self) -> None:
            """The process executes a program: what was opened belongs to its old memory."""

        def detach(self) -> Memory:
            """The memory as it is now, to be kept beyond an exec; this one forgets it."""

    class Descriptors(Protocol):
        """The child's descriptors, by its own numbers. Every method raises OSError(EBADF)."""

        def stat(self, number: int) -> os.stat_result:
            """What fstat(2) says of the open file."""

        def reopen(self, number: int, flags: int) -> int:
            """A new open file of the same inode: a host descriptor."""

        def duplicate(self, number: int) -> int:
            """A host descriptor that shares the open file: offset and flags."""

        def closes_on_exec(self, number: int) -> bool: ...

        def numbers(self) -> list[int]:
            """Every number in use."""

        def describe(self, number: int) -> bytes:
            """What /proc says it is: `pipe:[123]`, a path of the host."""

        def forget(self) -> None:
            """Close what is held; it is opened again at the next use."""
