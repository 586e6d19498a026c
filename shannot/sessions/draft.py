"""A session in the making: built in a hidden directory, and there at once, whole, or not at all."""

from __future__ import annotations

import fcntl
import os

from shannot import libc
from shannot.effects import plan as plans
from shannot.effects.document import dump
from shannot.errors import ShannotError, UnsuccessfulError
from shannot.sessions import files
from shannot.sessions.blobs import BlobDirectory
from shannot.sessions.head import dump_head
from shannot.sessions.model import DRAFT, MAX_PLAN, Session


class IdTakenError(UnsuccessfulError):
    """Two sessions of one second came to the same id."""


class Draft:
    """A session in the making: its directory is hidden until `commit`, and gone on `discard`."""

    __slots__ = ("_blobs_fd", "_fd", "_owner", "_root", "blobs", "path")

    def __init__(self, root: str, suffix: str, owner: int) -> None:
        """root: the directory of all sessions; suffix: makes the hidden name a new one."""
        self._root = root
        self._owner = owner
        self.path = path = f"{root}/{DRAFT}{suffix}"
        os.mkdir(path, 0o700)
        self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(self._fd, fcntl.LOCK_SH)  # tells `sweep` that this process is still alive
        os.mkdir("blobs", 0o700, dir_fd=self._fd)
        self._blobs_fd = os.open(
            "blobs", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._fd
        )
        self.blobs = BlobDirectory(self._blobs_fd, owner, f"{path}/blobs")

    def write(self, name: str, data: bytes) -> None:
        """The session's `script`, `stdout` or `stderr`."""
        files.write_new(name, self._fd, data)

    def hold(self, name: str) -> int:
        """A new file with a lock (flock) that lasts as long as the descriptor that is returned."""
        flags = os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(name, flags, 0o600, dir_fd=self._fd)
        fcntl.flock(fd, fcntl.LOCK_EX)
        return fd

    def drop(self, name: str) -> None:
        """Remove a file of it again."""
        os.unlink(name, dir_fd=self._fd)

    def commit(self, session: Session, live: bool = False) -> None:
        """The session is on disk, whole, under session.id.

        live: its script still runs. It stays open for that: `blobs` can be used until `close`.

        IdTakenError where another process took the id just now: commit again with another one.
        """
        plan = dump(plans.to_json(session.plan)).encode("ascii")
        if len(plan) > MAX_PLAN:
            raise ShannotError(f"the plan is larger than {MAX_PLAN >> 20} MiB and cannot be kept")
        files.write_new("plan.json", self._fd, plan)
        files.write_new("session.json", self._fd, dump_head(session))
        files.write_new("lock", self._fd, b"")
        libc.sync_filesystem(self._fd)
        parent_fd = files.open_directory(self._root, self._owner)
        try:
            libc.rename_new(os.path.basename(self.path), parent_fd, session.id, parent_fd)
            os.fsync(parent_fd)
        except FileExistsError:
            for name in ("plan.json", "session.json", "lock"):
                os.unlink(name, dir_fd=self._fd)
            raise IdTakenError(f"there is a session {session.id} already") from None
        finally:
            os.close(parent_fd)
        if not live:
            self.close()

    def discard(self) -> None:
        """Nothing of it is kept."""
        import shutil  # seldom needed, and slow to load

        shutil.rmtree(self.path, ignore_errors=True)
        self.close()

    def close(self) -> None:
        """Nothing more is written."""
        os.close(self._fd)
        os.close(self._blobs_fd)
