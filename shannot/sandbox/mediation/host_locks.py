"""Host locks: record locks that the run holds on files of the host, though it was given none.

`kernel/locks.py` lets the kernel take a record lock after a look at the descriptor, which a thread
can swap meanwhile. Asked by `attendant.py` at each tick of a run that has locked anything.
"""

from __future__ import annotations

import os

from shannot.sandbox.vfs.node import File

from . import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.kernel.task import System


def any_held(system: System) -> bool:
    """Has a process of the run a lock on a file that is still the host's? See proc_locks(5)."""
    for line in procfs.read(b"/proc/locks").splitlines():
        fields = line.split()
        if len(fields) != 8 or fields[1] != b"POSIX":
            continue  # of an open file, or one that somebody waits for
        major, minor, inode = fields[5].split(b":")
        node = system.overlay.opened.get((os.makedev(int(major, 16), int(minor, 16)), int(inode)))
        if isinstance(node, File) and node.spool is None and system.is_member(int(fields[4])):
            return True
    return False
