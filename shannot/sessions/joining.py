"""Files of several names (hard links) in a rollback: they become one again. Called by `inverse.py`.

Where each file is, by its inode, is followed through the rollback from what the host has now. What
comes back under a second name becomes another name of the first; where none is known, it comes back
as a file of its own, and is named.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence

from shannot.effects.model import DeletePath, Effect, MakeLink, MovePath, WriteFile
from shannot.sessions.blobs import hash_descriptor
from shannot.sessions.journal_lines import Saved
from shannot.sessions.place import READ

Inverse = tuple[Effect, Saved | None]


def join(
    pairs: Sequence[tuple[int, Inverse]], present: Iterable[str]
) -> tuple[list[tuple[int, Inverse]], tuple[str, ...]]:
    """(the effects of a rollback, the paths of files that come back apart from their other names).

    present: paths at which there may be other names now.
    """
    names = _Names(present)
    apart: dict[str, Saved] = {}
    found: list[tuple[int, Inverse]] = []
    for number, (effect, saved) in pairs:
        joined = effect
        if isinstance(effect, WriteFile) and saved is not None and saved.inode:
            other = names.another(saved, effect.path)
            if other is not None:
                joined, saved = MakeLink(effect.path, other, effect.before, True), None
            else:
                apart[effect.path] = saved
        names.follow(effect)
        found.append((number, (joined, saved)))
    parted = [path for path, saved in apart.items() if saved.names > names.count(saved.inode)]
    return found, tuple(sorted(parted))


class _Names:
    """The paths of each file, by inode, as the rollback goes on."""

    __slots__ = ("_inodes", "_now", "_paths")

    def __init__(self, present: Iterable[str]) -> None:
        self._inodes: dict[str, str] = {}  # by path
        self._paths: dict[str, set[str]] = {}  # by inode
        # Where what the rollback has not made stands now: an inode may be another file by now.
        self._now: dict[str, str] = {}
        for path in present:
            try:
                found = os.lstat(path)
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode):
                self._put(path, f"{found.st_dev}:{found.st_ino}")
                self._now[path] = path

    def another(self, saved: Saved, path: str) -> str | None:
        """A path of the same file but this one; from here on it is one of them."""
        others = sorted(self._paths.get(saved.inode, set()) - {path})
        found = next((p for p in others if p not in self._now), None)
        if found is None and saved.names:
            found = next((p for p in others if _holds(self._now[p], saved)), None)
        self._put(path, saved.inode)
        return found

    def count(self, inode: str) -> int:
        """How many paths the file has."""
        return len(self._paths.get(inode, ()))

    def follow(self, effect: Effect) -> None:
        """The effect is done."""
        match effect:
            case MovePath(source=source, path=path):
                for old in [p for p in self._inodes if f"{p}/".startswith(f"{source}/")]:
                    now, moved = self._now.get(old), path + old[len(source) :]
                    self._put(moved, self._drop(old))
                    if now is not None:
                        self._now[moved] = now
            case DeletePath(path=path) | MakeLink(path=path):
                self._drop(path)
            case _:
                pass

    def _put(self, path: str, inode: str) -> None:
        self._drop(path)
        self._inodes[path] = inode
        self._paths.setdefault(inode, set()).add(path)

    def _drop(self, path: str) -> str:
        self._now.pop(path, None)
        inode = self._inodes.pop(path, "")
        self._paths.get(inode, set()).discard(path)
        return inode


def _holds(path: str, saved: Saved) -> bool:
    try:
        fd = os.open(path, READ)
    except OSError:
        return False
    try:
        return hash_descriptor(fd) == (saved.sha256, saved.size)
    except OSError:
        return False
    finally:
        os.close(fd)
