"""Putting a PyPy into its place and taking it away: locked, in one step, never half.

Called by `workflows/setup.py`. Below `$state/runtime` stand `pypy` (`installed.py`), and while a
set-up works `pypy.new`, `pypy.old`, `pypy.lock` and `download/SHA256`: one that was killed leaves
them, and the next clears up, or goes on with the download.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256

from shannot import libc
from shannot.errors import ShannotError, UnsuccessfulError
from shannot.escape import escape
from shannot.sandbox.runtimes.installed import (
    BINARY,
    LIBRARIES,
    STANDARD_LIBRARY,
    pypy_directory,
)

PATIENCE = 1800.0
"""Seconds to wait for another set-up, which may have a slow line."""
_PAUSE = 0.05  # seconds


class Place:
    """The directories of one state directory. Whoever changes them holds the lock (`locked`)."""

    def __init__(self, state: str) -> None:
        self.final = pypy_directory(state)
        self.staging = f"{self.final}.new"
        self.downloads = f"{os.path.dirname(self.final)}/download"
        self._old = f"{self.final}.old"

    @contextmanager
    def locked(self, wait: Callable[[], None], patience: float = PATIENCE) -> Iterator[None]:
        """The right to change it, for one process at a time. The directory above must be there.

        wait: told once, where somebody else has it. UnsuccessfulError after `patience` seconds.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        path = f"{self.final}.lock"
        try:
            lock_fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise ShannotError(f"{escape(path)} cannot be opened: {error.strerror}") from error
        try:
            _flock(lock_fd, wait, patience)
            self._recover()
            yield
        finally:
            os.close(lock_fd)

    def _recover(self) -> None:
        """After a set-up that was killed: the whole installation, the old one if need be."""
        if os.path.lexists(self._old) and not os.path.lexists(self.final):
            os.rename(self._old, self.final)
        for left in (self.staging, self._old):
            remove_tree(left)

    def stage(self) -> None:
        """An empty directory to fill."""
        try:
            os.mkdir(self.staging, 0o755)
            os.makedirs(self.downloads, 0o700, exist_ok=True)
        except OSError as error:
            raise ShannotError(f"cannot write {escape(self.staging)}: {error.strerror}") from error

    def unstage(self) -> None:
        """Drop what was staged, if it is still there; unfinished downloads stay."""
        remove_tree(self.staging)
        try:
            os.rmdir(self.downloads)
        except OSError:
            pass  # not empty, or not there

    def switch(self) -> None:
        """What was staged is the installation from one moment to the next, also after a crash."""
        libc.sync_below(self.staging)
        if not os.path.lexists(self.final):
            os.rename(self.staging, self.final)
        elif not libc.exchange(self.staging, self.final):
            os.rename(self.final, self._old)
            os.rename(self.staging, self.final)
        libc.sync_below(os.path.dirname(self.final))
        for left in (self.staging, self._old, self.downloads):
            remove_tree(left)

    def remove(self) -> bool:
        """Take the installation and unfinished downloads away; was there an installation?"""
        for left in (self.downloads, f"{self.final}.checked", f"{self.final}.cache"):
            remove_tree(left)
        if not os.path.lexists(self.final):
            return False
        os.rename(self.final, self.staging)  # gone at once, whatever happens to the rest
        self.unstage()
        return True


def contents_digest(directory: str) -> str:
    """One SHA-256 of all that belongs to a PyPy in a directory: names and contents.

    Compiled modules do not count. Errors: OSError.
    """
    total = sha256()
    for part in sorted((BINARY, *LIBRARIES, *STANDARD_LIBRARY)):
        if not os.path.lexists(f"{directory}/{part}"):
            continue
        for path in _files(f"{directory}/{part}"):
            name = os.fsencode(path[len(directory) :])
            total.update(len(name).to_bytes(4, "little") + name + _fingerprint(path))
    return total.hexdigest()


def _fingerprint(path: str) -> bytes:
    file_fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(file_fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(file_fd).st_mode):
            return b"?"
        return b"=" + file_digest(file, "sha256").digest()


def _files(top: str) -> Iterator[str]:
    """Every file at or below top, in one order."""
    if not os.path.isdir(top):
        yield top
        return
    for parent, directories, names in os.walk(top):
        directories[:] = sorted(name for name in directories if name != "__pycache__")
        for name in sorted(names):
            yield f"{parent}/{name}"


def remove_tree(path: str) -> None:
    """Remove a directory with everything in it, if it is there. ShannotError where that fails."""
    try:
        if stat.S_ISDIR(os.lstat(path).st_mode):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ShannotError(f"cannot remove {escape(path)}: {error.strerror}") from error


def _flock(lock_fd: int, wait: Callable[[], None], patience: float) -> None:
    end, told = time.monotonic() + patience, False
    while True:
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= end:
                raise UnsuccessfulError(
                    "another `shannot setup pypy` is working; try again when it is done"
                ) from None
        if not told:
            wait()
            told = True
        time.sleep(_PAUSE)
