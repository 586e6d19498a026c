"""Keeping a single file that came by the verb `put`: beside those that the bootstrap keeps.

Nothing is started from it, and nothing that stands is replaced: it gets the name of its checksum.
Counterpart: `deploy.py`, which sends it; `bootstrap.py` has the same rules for a machine that has
no shannot yet, and finds this file as one of its own.
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING

from shannot.errors import RefusedError

if TYPE_CHECKING:
    from typing import BinaryIO

KEPT_MAX = 8
"""Files that are kept at most: a key that may put must not fill the disk."""
_PIECE = 1 << 20


def receive(directory: str, digest: str, size: int, stream: BinaryIO) -> tuple[str, bool]:
    """Keep the next `size` bytes of the stream in a directory of ours. (path, was it new).

    Raises RefusedError where it is not the file that was announced, where something else stands in
    its place, and where too many stand there already; OSError where it cannot be written.
    """
    path = f"{directory}/{digest}.pyz"
    data = stream.read(size + 1)
    if len(data) != size or sha256(data).hexdigest() != digest:
        raise RefusedError("what came is not the file that was announced")
    if os.path.lexists(path):
        check(path, digest, size)
        return path, False
    if len(os.listdir(directory)) >= KEPT_MAX:
        raise RefusedError(f"{directory}: {KEPT_MAX} files are kept there already; remove some")
    new = f"{directory}/.{digest}.pyz.{os.getpid()}"
    host_fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with open(host_fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(host_fd)
        os.rename(new, path)
    except OSError:
        os.unlink(new)
        raise
    return path, True


def check(path: str, digest: str, size: int) -> None:
    """Is that the file, a regular one of this user's alone? Raises RefusedError."""
    wrong = RefusedError(f"{path}: not the file that was sent; look who changed it, and remove it")
    try:
        host_fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise wrong from None
    with open(host_fd, "rb") as file:
        status = os.fstat(host_fd)
        if (
            not stat.S_ISREG(status.st_mode)
            or status.st_uid != os.geteuid()
            or status.st_nlink != 1
            or status.st_mode & 0o077
            or status.st_size != size
        ):
            raise wrong
        found = sha256()
        while piece := file.read(_PIECE):
            found.update(piece)
    if found.hexdigest() != digest:
        raise wrong
