"""Usage: what the run holds outside of any process's own memory and of the layer's named files.

Shared memory (memfd, shared anonymous mappings) is in no process's RssAnon, and a file of the
layer without a name on no list. Called by `attendant.py`, and only once the machine as a whole has
lost so much that it may be this run: counting looks at every descriptor.

Pages that only a small mapping keeps alive, after the last descriptor was closed, are in nobody's
count. Where a run has such a mapping, all that the machine has gained of shared memory is the
run's: nearly no program makes one, and the machine must have gained as much as the limit.

What is left uncounted: pages of a file of the layer that has neither a name nor a descriptor, which
are on the disk.
"""

from __future__ import annotations

import os

from . import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

_BLOCK = 512  # the unit of st_blocks, stat(2)
_MEMFD = b"/memfd:"
_NAMELESS = b"/dev/zero"  # what proc_pid_maps(5) calls shared memory without a file


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
    names = (b"\nRssShmem:",) if shared else (b"\nRssAnon:", b"\nVmSwap:", b"\nVmPTE:")
    return sum(_kilobytes(status, name) for name in names)


def proportional_of(pids: Iterable[int]) -> int:
    """Bytes that these processes have for themselves, what forks have in common divided among them.

    The kernel walks their page tables for it: a millisecond for each gigabyte or more.
    """
    return sum(map(_proportional, pids))


def _proportional(pid: int) -> int:
    try:
        rollup = procfs.read(b"/proc/%d/smaps_rollup" % pid)
        tables = _kilobytes(procfs.status(pid), b"\nVmPTE:")
    except OSError:
        return memory_of(pid, shared=False)
    return tables + sum(_kilobytes(rollup, name) for name in (b"\nPss_Anon:", b"\nSwapPss:"))


def _kilobytes(text: bytes, name: bytes) -> int:
    start = text.find(name)
    return int(text[start + len(name) :].split(None, 1)[0]) * 1024 if start >= 0 else 0


def shared_of(pids: Iterable[int], gained: int) -> int:
    """Bytes of shared memory that these processes hold, by mapping or by descriptor, at most
    `gained`, which is what the machine has of it more than before. A page that several have mapped
    is counted as often."""
    found = list(pids)
    opened = _opened(found, lambda path, _status: path.startswith(_MEMFD))
    inodes = {inode for _, inode in opened}
    if any(_keeps_more(pid, inodes) for pid in found):
        return gained
    mapped = sum(memory_of(pid, shared=True) for pid in found)
    return min(gained, max(mapped, sum(opened.values())))


def _keeps_more(pid: int, opened: Container[int]) -> bool:
    """Has it mapped an anonymous file that no descriptor leads to, or a nameless mapping that may
    be a part of a larger one? See proc_pid_maps(5): inode and name are the fields 5 and 6."""
    from shannot.sandbox.kernel.proc_process import read_host  # seldom needed

    try:
        maps = read_host(b"/proc/%d/maps" % pid)
    except OSError:
        return False
    for line in maps.split(b"\n"):
        fields = line.split(None, 5)
        if len(fields) == 6 and fields[5].startswith((_MEMFD, _NAMELESS)):
            if int(fields[4]) not in opened:
                return True
    return False


def nameless_of(pids: Iterable[int], device: int) -> int:
    """Bytes on this device of files that only a descriptor of these processes leads to."""
    found = _opened(pids, lambda _path, found: found.st_nlink == 0 and found.st_dev == device)
    return sum(found.values())


def _opened(
    pids: Iterable[int], wanted: Callable[[bytes, os.stat_result], bool]
) -> dict[tuple[int, int], int]:
    """Bytes of each open file that is wanted, by (st_dev, st_ino)."""
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
    return sizes
