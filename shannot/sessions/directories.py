"""Directories of the host, walked to name by name and kept open for a while.

Neighbouring effects work in the same directories, and the walk is what costs. A directory that is
open stays the one that was walked to, whatever becomes of its path; so everything is forgotten
when a batch ends, after each command, and when a directory itself moves (`apply.py`).
"""

from __future__ import annotations

import os

from shannot.sessions.place import Place, Protected, open_root, step_into

_MANY = 128  # descriptors kept; every process may have 1024 (RLIMIT_NOFILE)


class Directories:
    """Open directories by path, none of them protected. Descriptors are borrowed, not given."""

    __slots__ = ("_open", "_protected")

    def __init__(self, protected: Protected) -> None:
        self._protected = protected
        self._open: dict[str, int] = {}

    def place(self, path: str) -> Place:
        """The place at an absolute, normalised path. ConflictError where the way is not as it was,
        RefusedError where no plan may change it. Valid until `trim` or `forget`."""
        directory, _, name = path.rpartition("/")
        if not self._protected.is_free(directory):
            self._protected.check(path)
        return Place(self.open(directory), name, path)

    def open(self, path: str) -> int:
        """A descriptor (O_PATH) of a directory, no link followed; "" is the root."""
        found = self._open.get(path)
        if found is not None:
            return found
        missing = [path]
        while missing[-1] and missing[-1] not in self._open:
            missing.append(missing[-1].rpartition("/")[0])
        start = missing.pop()
        if start in self._open:
            fd = self._open[start]
        else:
            fd = self._open[""] = open_root()
        for walked in reversed(missing):
            fd = self._step(fd, walked)
        return fd

    def _step(self, fd: int, path: str) -> int:
        below = step_into(fd, path.rpartition("/")[2], path)
        try:
            self._protected.check_open(below, path)
        except BaseException:
            os.close(below)
            raise
        self._open[path] = below
        return below

    def trim(self) -> None:
        """Close some where too many are open. Nothing borrowed so far may be used any more."""
        if len(self._open) > _MANY:
            self.forget()

    def forget(self) -> None:
        """Close all of them."""
        while self._open:
            os.close(self._open.popitem()[1])
