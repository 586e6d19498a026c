"""Usage: what the run holds outside of any process's own memory and of the layer's named files.

Shared memory (memfd, shared anonymous mappings) is in no process's RssAnon, and a file of the
layer without a name on no list. Called by `attendant.py`, and only once the machine as a whole has
lost so much that it may be this run: counting looks at every descriptor.

What is left uncounted: pages of a memfd, or of a file without a name, that are neither in a
descriptor nor in the mapping that keeps them alive.
"""

from __future__ import annotations

import os

from . import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_BLOCK = 512  # the unit of st_blocks, stat(2)
_MEMFD = b"/memfd:"


def shared_of_machine() -> int:
    """Bytes of shared memory that the whole machine has in use. Errors: OSError."""
    return _kilobytes(procfs.read(b"/proc/meminfo"), b"\nShmem:")


def memory_of(pid: int, shared: bool) -> int:
    """Bytes that a process has for itself, or those it has touched of what may be shared; 0 if it
    is gone."""
    try:
        status = procfs.status(pid)
    except OSError:
        return 0
    # at a line's start: the first line is the name, which the process chooses
    return _kilobytes(status, b"\nRssShmem:" if shared else b"\nRssAnon:")


def _kilobytes(text: bytes, name: bytes) -> int:
    start = text.find(name)
    return int(text[start + len(name) :].split(None, 1)[0]) * 1024 if start >= 0 else 0


def shared_of(pids: Iterable[int]) -> int:
    """Bytes of shared memory that these processes hold, by mapping or by descriptor; a page that
    several have mapped is counted as often, at most up to what the machine has."""
    found = list(pids)
    mapped = sum(memory_of(pid, shared=True) for pid in found)
    return max(mapped, _opened(found, lambda path, _status: path.startswith(_MEMFD)))


def nameless_of(pids: Iterable[int], device: int) -> int:
    """Bytes on this device of files that only a descriptor of these processes leads to."""
    return _opened(pids, lambda _path, found: found.st_nlink == 0 and found.st_dev == device)


def _opened(pids: Iterable[int], wanted: Callable[[bytes, os.stat_result], bool]) -> int:
    sizes: dict[tuple[int, int], int] = {}
    for pid in pids:
        directory = b"/proc/%d/fd/" % pid
        try:
            numbers = os.listdir(directory)
        except OSError:
            continue
        for number in numbers:
            try:
                found = os.stat(directory + number)
                if wanted(os.readlink(directory + number), found):
                    sizes[found.st_dev, found.st_ino] = found.st_blocks * _BLOCK
            except OSError:
                continue
    return sum(sizes.values())
