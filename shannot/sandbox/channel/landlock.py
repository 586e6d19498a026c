"""What the child may open and execute by itself, should one of its calls ever reach the kernel.

The second wall, behind the filter. Called at launch; its counterpart is the exec of
`kernel/processes.py`, the one call with a path that the child itself is let do.

Theory of operation. The mediator opens files on the child's behalf, outside this domain, so the
rules bind nothing that was handed over: Landlock looks when a file is opened, and an open file
keeps the rights of whoever opened it. They bind the exec that is CONTINUEd, whose path another
thread may rewrite between our look and the kernel's: only what lies beneath the given descriptors
can be executed or read. Not bound are files without a place in a tree (memfd, pipe): a child can
so win the race for a program it wrote itself, which is no more than what it can do in place,
under the same filter.

Rights: include/uapi/linux/landlock.h; the kernel ABI that brought each is in its documentation,
Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import os
from stat import S_ISDIR

from shannot.errors import ShannotError
from shannot.sandbox.channel.kernel_calls import (
    landlock_add_path,
    landlock_create_ruleset,
    landlock_restrict_self,
    landlock_version,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
# Every right over files that the ABI knows: execute, write, read, list, remove, make of each kind;
# from 2 refer, from 3 truncate, from 5 ioctl on devices.
_FS_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_NET_RIGHTS = 0b11  # bind and connect of TCP, from ABI 4
_SCOPES = 0b11  # abstract unix sockets, signals, from ABI 6


def rights(version: int) -> tuple[int, int, int]:
    """What a kernel of this ABI can refuse: (fs, net, scoped)."""
    fs = max(mask for since, mask in _FS_RIGHTS.items() if since <= version)
    return fs, _NET_RIGHTS if version >= 4 else 0, _SCOPES if version >= 6 else 0


def ruleset(read_execute: Sequence[int]) -> int:
    """A ruleset for `restrict`, close-on-exec; can be made before the fork.

    `read_execute`: descriptors (O_PATH will do) of directories and files. Raises ShannotError
    where the kernel has no Landlock, OSError EBADF for a bad descriptor.
    """
    version = landlock_version()
    if version < 1:
        raise ShannotError(
            "this kernel offers no Landlock, without which commands cannot be confined: "
            "boot with lsm=landlock,… or use a kernel from 5.13 on"
        )
    made = landlock_create_ruleset(*rights(version))
    try:
        for fd in read_execute:
            access = EXECUTE | READ_FILE
            if S_ISDIR(os.fstat(fd).st_mode):
                access |= READ_DIR  # EINVAL for a file
            landlock_add_path(made, fd, access)
    except OSError:
        os.close(made)
        raise
    return made


def restrict(read_execute: Sequence[int]) -> None:
    """Confine this thread and its descendants to reading and executing what is beneath.

    No write, make, remove, rename, truncate, device ioctl, TCP; no signal and no abstract socket
    to the outside. The caller has set NO_NEW_PRIVS. Raises as `ruleset`.
    """
    made = ruleset(read_execute)
    try:
        landlock_restrict_self(made)
    finally:
        os.close(made)
