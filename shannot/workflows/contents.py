"""The verb `diff`: what effects change in contents. Nothing is changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import sha256
from typing import NamedTuple

from shannot.effects import diff as diffs
from shannot.effects.diff import Diff
from shannot.effects.document import MalformedError
from shannot.effects.model import DeletePath, Effect, Fingerprint, MovePath, RunCommand, WriteFile
from shannot.errors import ShannotError, UsageError
from shannot.sessions.blobs import BlobDirectory
from shannot.sessions.directories import Directories
from shannot.sessions.model import Session
from shannot.sessions.place import Protected
from shannot.sessions.store import Store


class EffectDiff(NamedTuple):
    """The contents that one effect changes."""

    number: int
    path: str
    diff: Diff


def diff(
    store: Store, session: Session, numbers: Sequence[int] | None = None, limit: int | None = None
) -> tuple[EffectDiff, ...]:
    """The diffs of the effects that change contents, or of these numbers only.

    limit: lines of each diff, the rest is counted in it. UsageError for a number that is not.
    """
    effects = session.plan.effects
    for number in numbers or ():
        if not 1 <= number <= len(effects):
            raise UsageError(f"there is no effect {number}; the last one is {len(effects)}")
    wanted = None if numbers is None else frozenset(numbers)
    found: list[EffectDiff] = []
    with ExitStack() as stack:
        blobs = [stack.enter_context(store.blobs(session.id))]
        if session.results:
            try:
                blobs.append(stack.enter_context(store.blobs(session.id, "checkpoint")))
            except MalformedError:
                pass  # nothing had to be saved
        moves: list[MovePath] = []
        directories = Directories(Protected(()))
        stack.callback(directories.forget)
        for number, effect in enumerate(effects, 1):
            if isinstance(effect, MovePath):
                moves.append(effect)
            if wanted is not None and number not in wanted:
                continue
            change = _diff(blobs, directories, moves, effect, limit)
            if change is not None and not isinstance(effect, RunCommand):
                found.append(EffectDiff(number, effect.path, change))
    return tuple(found)


def _diff(
    blobs: Sequence[BlobDirectory],
    directories: Directories,
    moves: Sequence[MovePath],
    effect: Effect,
    limit: int | None,
) -> Diff | None:
    """None for an effect that changes no contents."""
    after: Fingerprint | None
    match effect:
        case WriteFile(path=path, before=before, after=after):
            pass
        case DeletePath(path=path, before=before) if before.kind == "file":
            after = None
        case _:
            return None
    if before is not None and before.kind != "file":
        before = None
    old = b"" if before is None else _contents(blobs, directories, _origin(moves, path), before)
    new = b"" if after is None else blobs[0].read(after.sha256, diffs.MAX_CONTENTS)
    if old is None or new is None:
        lines = (f"- {_told(before)}", f"+ {_told(after)}")
        return Diff("large" if new is None else "unavailable", lines)
    return diffs.diff(
        None if before is None else old, None if after is None else new, path, path, limit
    )


def _told(fingerprint: Fingerprint | None) -> str:
    if fingerprint is None:
        return "nothing"
    return diffs.summary(fingerprint.size, fingerprint.sha256)


def _origin(moves: Sequence[MovePath], path: str) -> str:
    """Where the file at path stands on the host now: back through the moves before the effect."""
    for move in reversed(moves):
        if f"{path}/".startswith(f"{move.path}/"):
            path = move.source + path[len(move.path) :]
    return path


def _contents(
    blobs: Sequence[BlobDirectory], directories: Directories, path: str, expected: Fingerprint
) -> bytes | None:
    """The contents before the effect, from an earlier effect, the checkpoint or the host; None:
    not to be had."""
    if expected.size > diffs.MAX_CONTENTS:
        return None
    for directory in blobs:
        try:
            return directory.read(expected.sha256, diffs.MAX_CONTENTS)
        except MalformedError:
            continue  # no earlier effect wrote it, and none has replaced it yet
    try:
        # Through no link, and never a device, whose mere opening can do something: the path may be
        # another user's wish.
        directories.trim()
        place = directories.place(path)
        found = place.look()
        if found is None or not stat.S_ISREG(found.st_mode) or found.st_size != expected.size:
            return None
        fd = place.open()
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return None
            data = os.pread(fd, expected.size + 1, 0)
        finally:
            os.close(fd)
    except (OSError, ShannotError):
        return None
    return data if sha256(data).hexdigest() == expected.sha256 else None
