"""A rollback against the host as it is: what has changed since is overwritten, where that can be.

Each effect of the rollback is run through a forecast of the host; one that finds something else
than it should is made to expect what is there. What it then replaces is saved first. A directory
that holds what no plan knows is never emptied.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    DeletePath,
    Effect,
    Entry,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    WriteFile,
)
from shannot.sessions.forecast import Forecast, Item
from shannot.sessions.foresight import Operator, foresee
from shannot.sessions.happened import has_happened
from shannot.sessions.place import ConflictError
from shannot.sessions.preflight import Conflict


@dataclass(frozen=True, slots=True)
class Forced:
    """A rollback that can be done."""

    effects: Mapping[int, Effect]
    """By number, those that were made to fit included; without those that cannot be done."""
    changed: frozenset[int]
    """The numbers of those that were made to fit: they replace what is not in any plan."""
    conflicts: tuple[Conflict, ...]
    """What cannot be done."""


def fit(effects: Mapping[int, Effect], operator: Operator) -> Forced:
    """Make the effects fit the host."""
    own = frozenset(getattr(effect, "path", "") for effect in effects.values())
    forecast = Forecast()
    fitting: dict[int, Effect] = {}
    changed: set[int] = set()
    conflicts: list[Conflict] = []
    for number, effect in effects.items():
        try:
            foresee(forecast, effect, operator)
            fitting[number] = effect
            continue
        except ConflictError as error:
            reason = str(error)
        if has_happened(forecast, effect, own, lenient=True):
            fitting[number] = effect
            continue
        try:
            fitted = _fit(forecast, effect)
            if fitted is None:
                raise ConflictError(getattr(effect, "path", ""), reason)
            foresee(forecast, fitted, operator)
        except ConflictError:
            conflicts.append(Conflict(number, reason))
            continue
        fitting[number] = fitted
        changed.add(number)
    return Forced(fitting, frozenset(changed), tuple(conflicts))


def _fit(forecast: Forecast, effect: Effect) -> Effect | None:
    """The effect as it must be to be possible now. None where it cannot be, ConflictError."""
    match effect:
        case WriteFile(path=path) | MakeLink(path=path):
            found = forecast.find(path)
            if found is not None and found.kind not in ("file", "link"):
                return None
            return replace(effect, before=None if found is None else _fingerprint(found))
        case DeletePath(path=path):
            found = forecast.find(path)
            if found is None or found.kind not in ("file", "link", "directory"):
                return None
            return DeletePath(path, _fingerprint(found))
        case MakeDirectory(path=path, mode=mode):
            found = forecast.find(path)
            if found is None or found.kind != "directory":
                return None
            return ChangeMode(path, found.mode, mode)
        case MovePath(source=source):
            found = forecast.find(source)
            if found is None or found.kind not in ("file", "link", "directory"):
                return None
            return replace(effect, before=_fingerprint(found), entries=_entries(found), unread=())
        case ChangeMode(path=path):
            found = forecast.find(path)
            return None if found is None else replace(effect, before=found.mode)
        case ChangeOwner(path=path):
            found = forecast.find(path)
            return None if found is None else replace(effect, before=found.owner)
        case _:
            return None


def _fingerprint(item: Item) -> Fingerprint:
    match item.kind:
        case "directory":
            return Fingerprint("directory", item.mode)
        case "link":
            return Fingerprint("link", 0, item.digest(), len(os.fsencode(item.target)))
        case _:
            return Fingerprint("file", item.mode, item.digest(), item.size)


def _entries(top: Item) -> tuple[Entry, ...]:
    """Everything below a directory, parents first; ConflictError for what is no file."""
    found: list[Entry] = []
    waiting = [("", top)] if top.kind == "directory" else []
    while waiting:
        parent, directory = waiting.pop()
        for name in directory.names():
            item = directory.child(name)
            relative = f"{parent}/{name}" if parent else name
            if item is None:
                continue
            if item.kind not in ("file", "link", "directory"):
                raise ConflictError(relative, f"it is a {item.kind}")
            found.append(Entry(relative, _fingerprint(item)))
            if item.kind == "directory":
                waiting.append((relative, item))
    return tuple(sorted(found, key=lambda entry: entry.path.split("/")))
