"""After a rollback: is everything as the checkpoint has it? Read from the host, not remembered."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    ChangeTimes,
    Effect,
    MovePath,
    RunCommand,
    WriteFile,
)
from shannot.escape import escape
from shannot.sessions.blobs import hash_descriptor
from shannot.sessions.checkpoint import SIGNATURES, read_attributes
from shannot.sessions.journal import Progress
from shannot.sessions.journal_lines import Saved
from shannot.sessions.place import READ

_METADATA = (ChangeMode, ChangeOwner, ChangeTimes)


def differences(effects: Sequence[Effect], progress: Progress) -> tuple[str, ...]:
    """One line for each path that is not what it was before the effects; none where all are.

    A path that a former effect has made, moved or replaced was another one then, and what is in it
    as well: the former one tells.
    """
    found: list[str] = []
    changed: set[str] = set()
    elsewhere: set[str] = set()  # files whose mode, owner or time was set under another name
    replaced = False  # was a file of several names written? All of them are another file then
    for number in sorted(progress.begun):
        effect = effects[number - 1]
        if isinstance(effect, RunCommand):
            continue
        metadata = isinstance(effect, _METADATA)
        for saved in progress.begun[number]:
            if saved.inode in elsewhere or (replaced and saved.names):
                continue
            if metadata and saved.inode:
                elsewhere.add(saved.inode)
            if saved.path not in changed and not _is_below(saved.path, changed):
                found += [f"{escape(saved.path)}: {what}" for what in _compare(saved, effect)]
            replaced = replaced or bool(isinstance(effect, WriteFile) and saved.names)
        changed.add(effect.path)
        if isinstance(effect, MovePath):
            changed.add(effect.source)
    return tuple(found)


def _is_below(path: str, changed: set[str]) -> bool:
    while path := path.rpartition("/")[0]:
        if path in changed:
            return True
    return False


def _compare(saved: Saved, effect: Effect) -> Iterator[str]:
    try:
        found = os.lstat(saved.path)
    except (FileNotFoundError, NotADirectoryError):
        if saved.kind != "nothing":
            yield f"it is not there; a {saved.kind} was"
        return
    except OSError as error:
        yield f"it cannot be looked at: {error.strerror}"
        return
    kind = _kind(found.st_mode)
    if kind != saved.kind:
        yield f"it is a {kind}; there was {_article(saved.kind)}"
        return
    if kind != "link" and stat.S_IMODE(found.st_mode) != saved.mode:
        yield f"its mode is {stat.S_IMODE(found.st_mode):04o}; it was {saved.mode:04o}"
    if (found.st_uid, found.st_gid) != (saved.uid, saved.gid):
        yield f"its owner is {found.st_uid}:{found.st_gid}; it was {saved.uid}:{saved.gid}"
    if kind == "link" and os.readlink(saved.path) != saved.target:
        yield "it points elsewhere"
    if kind == "file" and not isinstance(effect, _METADATA):
        yield from _compare_contents(saved, isinstance(effect, MovePath))


def _compare_contents(saved: Saved, moved: bool) -> Iterator[str]:
    """moved: it was never anything but renamed, so only what it holds was looked at before."""
    try:
        fd = os.open(saved.path, READ)
    except OSError as error:
        yield f"it cannot be read: {error.strerror}"
        return
    try:
        if saved.sha256 and hash_descriptor(fd)[0] != saved.sha256:
            yield "its contents are not what they were"
        if os.fstat(fd).st_mtime_ns != saved.mtime_ns:
            yield "its time is not what it was"
        attributes = {name: value.hex() for name, value in read_attributes(fd, SIGNATURES).items()}
        if not moved and attributes != dict(saved.attributes):
            yield "its extended attributes are not what they were"
    finally:
        os.close(fd)


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "directory"
    return "link" if stat.S_ISLNK(mode) else "file" if stat.S_ISREG(mode) else "special file"


def _article(kind: str) -> str:
    return "nothing" if kind == "nothing" else f"a {kind}"
