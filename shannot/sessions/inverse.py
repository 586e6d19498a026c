"""The effects that take an execution back: the inverse of each that was begun, the last one first.

Worked out from the plan and the journal, so that a rollback which was killed and is run again has
the same effects under the same numbers. What stood at a path is in the plan; who owned it, its
attributes and its time are in what was saved. For `workflows/rollback.py`; `apply.py` does it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from shannot.effects.document import MalformedError
from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    ChangeTimes,
    DeletePath,
    Effect,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    RunCommand,
    WriteFile,
)
from shannot.escape import escape
from shannot.sessions.joining import Inverse, join
from shannot.sessions.journal import Progress
from shannot.sessions.journal_lines import Saved

_MANY = 200_000  # names looked at for those of one file; what is beyond comes back on its own


@dataclass(frozen=True, slots=True)
class Undoing:
    """What a rollback does."""

    effects: Mapping[int, Effect]
    """Numbered from 1, in this order."""
    restored: Mapping[int, Saved]
    """Owner, attributes and time of what they make again."""
    origins: Mapping[int, int]
    """The effect of the plan that each takes back."""
    commands: tuple[int, ...]
    """The commands of the plan that were started: what they did is not undone."""
    parted: tuple[str, ...]
    """Paths of files whose other names (hard links) nobody knows: they come back on their own."""
    several: bool
    """There were files of several names, so that the effects depend on what the host has now."""


def invert(effects: Sequence[Effect], progress: Progress) -> Undoing:
    """MalformedError where the journal does not fit the plan."""
    commands: list[int] = []
    pairs: list[tuple[int, Inverse]] = []
    last: list[tuple[int, Inverse]] = []
    old = _Old(effects)
    for number in sorted(progress.begun, reverse=True):
        if number > len(effects):
            raise MalformedError(f"the journal names effect {number}, and the plan has none")
        effect = effects[number - 1]
        if isinstance(effect, RunCommand):
            commands.append(number)
            continue
        for inverse in _invert(effect, _By(number, progress.begun[number])):
            # The time of a directory comes last: whatever is done in it changes it again.
            late = isinstance(inverse[0], ChangeTimes) and old.is_directory(inverse[0].path)
            (last if late else pairs).append((number, inverse))
    several = any(saved.names for begun in progress.begun.values() for saved in begun)
    joined, parted = [*pairs, *last], tuple[str, ...]()
    if several:
        joined, parted = join(joined, paths_of(effects))
    numbered = list(enumerate(joined, 1))
    return Undoing(
        effects={number: pair[1][0] for number, pair in numbered},
        restored={number: pair[1][1] for number, pair in numbered if pair[1][1] is not None},
        origins={number: pair[0] for number, pair in numbered},
        commands=tuple(reversed(commands)),
        parted=parted,
        several=several,
    )


class _Old:
    """The paths that are the same before and after the rollback."""

    __slots__ = ("_made", "_moves")

    def __init__(self, effects: Sequence[Effect]) -> None:
        self._moves = any(isinstance(effect, MovePath) for effect in effects)
        self._made = {e.path for e in effects if isinstance(e, MakeDirectory | WriteFile)}

    def is_directory(self, path: str) -> bool:
        """Is it a directory, and was it one, at this path?"""
        if self._moves or not os.path.isdir(path) or os.path.islink(path):
            return False
        while path and path not in self._made:
            path = path.rpartition("/")[0]
        return not path


def paths_of(effects: Sequence[Effect]) -> Iterator[str]:
    """The paths in every directory in which an effect has worked, as they are now."""
    directories: set[str] = set()
    for effect in effects:
        match effect:
            case RunCommand():
                continue
            case MakeLink(hard=True, target=other) | MovePath(source=other):
                directories.add(os.path.dirname(other))
            case _:
                pass
        directories.add(os.path.dirname(effect.path))
    left = _MANY
    for directory in sorted(directories):
        try:
            names = os.listdir(directory)
        except OSError:
            continue  # moved, or not there
        left -= len(names)
        if left < 0:
            return
        yield from (f"{directory.rstrip('/')}/{name}" for name in names)


class _By:
    """What was saved for one effect, by path."""

    __slots__ = ("_number", "_saved")

    def __init__(self, number: int, saved: tuple[Saved, ...]) -> None:
        self._number = number
        self._saved = {item.path: item for item in saved}

    def at(self, path: str, kind: str) -> Saved:
        found = self._saved.get(path)
        if found is None or found.kind != kind:
            raise MalformedError(
                f"the journal does not say what stood at {escape(path)} before"
                f" effect {self._number}"
            )
        return found


def _invert(effect: Effect, saved: _By) -> Iterator[Inverse]:
    match effect:
        case WriteFile(path=path, before=before, after=after):
            yield _put_back(path, before, after, saved)
        case MakeDirectory(path=path, mode=mode):
            yield DeletePath(path, Fingerprint("directory", mode)), None
        case MakeLink(hard=False, path=path, before=before, target=target):
            yield _put_back(path, before, _link(target), saved)
        case MakeLink(path=path, before=before, target=target):
            # Renaming a file over another name of itself would do nothing (rename(2)).
            yield DeletePath(path, _file(saved.at(target, "file"))), None
            if before is not None:
                yield _put_back(path, before, None, saved)
        case DeletePath(path=path, before=before, entries=entries):
            yield _put_back(path, before, None, saved)
            for entry in entries:
                yield _put_back(f"{path}/{entry.path}", entry.fingerprint, None, saved)
        case MovePath(source=source, path=path, before=before, replaced=replaced):
            yield MovePath(path, source, before, None, effect.entries, effect.unread), None
            if replaced is not None:
                yield _put_back(path, replaced, None, saved)
        case ChangeMode() | ChangeOwner() | ChangeTimes():
            yield _set_back(effect, saved), None
        case RunCommand():
            return


def _set_back(effect: ChangeMode | ChangeOwner | ChangeTimes, saved: _By) -> Effect:
    match effect:
        case ChangeMode(path=path, before=before, after=after, other_names=others):
            return ChangeMode(path, after, before, others)
        case ChangeOwner(path=path, before=owner, after=new, other_names=others):
            return ChangeOwner(path, new, owner, others)
        case ChangeTimes(path=path):
            return ChangeTimes(path, _any(saved, path).mtime_ns)


def _put_back(
    path: str, before: Fingerprint | None, present: Fingerprint | None, saved: _By
) -> Inverse:
    """What makes the path what it was: `before`; `present` is what the effect left there."""
    if before is None:
        saved.at(path, "nothing")
        if present is None:
            raise MalformedError(f"{escape(path)}: nothing is to become nothing")
        return DeletePath(path, present), None
    was = saved.at(path, before.kind)
    match before.kind:
        case "file":
            return WriteFile(path, present, before, was.mtime_ns), was
        case "link":
            if _link(was.target) != before:
                raise MalformedError(f"{escape(path)}: the journal has another target of the link")
            return MakeLink(path, was.target, present), was
        case "directory":
            return MakeDirectory(path, before.mode, was.mtime_ns), was


def _any(saved: _By, path: str) -> Saved:
    for kind in ("file", "directory", "link"):
        try:
            return saved.at(path, kind)
        except MalformedError:
            continue
    return saved.at(path, "file")


def _file(saved: Saved) -> Fingerprint:
    return Fingerprint("file", saved.mode, saved.sha256, saved.size)


def _link(target: str) -> Fingerprint:
    data = os.fsencode(target)
    return Fingerprint("link", 0, sha256(data).hexdigest(), len(data))
