"""What has to reach the disk before the next thing may happen: file by file, or all together.

Called by `steps.py` and `batch.py`. A few files are cheapest synced one by one; for many, one
syncfs(2) of each filesystem takes a few milliseconds for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from shannot import libc
from shannot.sessions.place import Place


class Disks:
    """Notes what was written, and brings it to the disk. OSError where it does not get there."""

    __slots__ = ("_by_device", "_noted", "together")

    def __init__(self, together: bool) -> None:
        """together: nothing is synced before `settle`."""
        self.together = together
        self._by_device: dict[int, int | None] = {}
        self._noted: set[str] = set()  # directories whose filesystem is among them

    def written(self, fd: int, place: Place | None = None) -> None:
        """The contents of an open file are whole. place: where it has just been made, if there."""
        if not self.together:
            os.fsync(fd)
            return
        directory = "" if place is None else place.path.rpartition("/")[0]
        if place is None or directory not in self._noted:
            self._note(fd, lambda: os.dup(fd))
            if place is not None:
                self._noted.add(directory)

    def renamed(self, place: Place) -> None:
        """The names in the directory of a place have changed."""
        if not self.together:
            place.sync()
            return
        directory = place.path.rpartition("/")[0]
        if directory not in self._noted:
            self._note(place.directory_fd, lambda: _readable(place.directory_fd))
            self._noted.add(directory)

    def settle(self) -> None:
        """All that was noted is on the disk."""
        noted, self._by_device = self._by_device, {}
        self._noted.clear()
        errors: list[OSError] = []
        for fd in noted.values():
            try:
                if fd is None:
                    os.sync()
                else:
                    libc.sync_filesystem(fd)
            except OSError as error:
                errors.append(error)
            finally:
                if fd is not None:
                    os.close(fd)
        if errors:
            raise errors[0]

    def forget(self) -> None:
        """Nothing of it matters any more."""
        for fd in self._by_device.values():
            if fd is not None:
                os.close(fd)
        self._by_device = {}
        self._noted.clear()

    def _note(self, fd: int, keep: Callable[[], int | None]) -> None:
        device = os.fstat(fd).st_dev
        if device not in self._by_device:
            self._by_device[device] = keep()


def _readable(directory_fd: int) -> int | None:
    """syncfs(2) refuses a descriptor of O_PATH. None where the directory cannot be read."""
    try:
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory_fd)
    except PermissionError:
        return None
