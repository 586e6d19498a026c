"""What moves along unread: one way to name it, for those who record it and those who compare."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from hashlib import sha256

from shannot.effects.model import Unread, UnreadKind

_KINDS: dict[int, UnreadKind] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}


def kind_of(mode: int) -> UnreadKind:
    """The kind of what has this st_mode."""
    return _KINDS.get(stat.S_IFMT(mode), "device")


def unread_directory(path: str, below: Iterable[tuple[str, UnreadKind]]) -> Unread:
    """A directory that is hidden as a whole. below: (path relative to it, kind), in any order."""
    found = sorted((os.fsencode(name), kind) for name, kind in below)
    digest = sha256()
    for name, kind in found:
        digest.update(b"%s %s\0" % (kind.encode("ascii"), name))
    return Unread(path, "directory", len(found), digest.hexdigest())
