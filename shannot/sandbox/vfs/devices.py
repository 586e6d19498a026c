"""The devices of the machine that every script sees."""

from __future__ import annotations

import os
import stat

from shannot.errors import ShannotError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = (b"null", b"zero", b"full", b"random", b"urandom")


def host_devices() -> Iterator[tuple[bytes, os.stat_result]]:
    """Path and status of each. Raises ShannotError where the machine has no such device."""
    for name in _NAMES:
        path = b"/dev/" + name
        try:
            found = os.stat(path)
        except OSError:
            raise ShannotError(_missing(path)) from None
        if not stat.S_ISCHR(found.st_mode):
            raise ShannotError(_missing(path))
        yield path, found


def _missing(path: bytes) -> str:
    return f"{os.fsdecode(path)} is not a device here: mount /dev as Linux has it"
