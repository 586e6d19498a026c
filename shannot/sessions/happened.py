"""Is the host as an effect leaves it? Asked of one that was begun, or is to be taken back.

For `preflight.py` and `apply.py`; the counterpart for what is still to come is `foresight.py`.
"""

from __future__ import annotations

from collections.abc import Container

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
from shannot.sessions.forecast import Forecast, Item
from shannot.sessions.place import ConflictError

LEFTOVER = ".shannot-"
"""What temporary names begin with (`steps.py`)."""


def has_happened(
    forecast: Forecast, effect: Effect, own: Container[str], lenient: bool = False
) -> bool:
    """own: the paths that effects make, which may be in a directory that was made.

    lenient: a mode or owner that is as it will be counts; else it is better set once more, for it
    may have been set by half.
    """
    try:
        match effect:
            case WriteFile(path=path, after=after):
                return _is(forecast.find(path), after)
            case DeletePath(path=path):
                return forecast.lacks(path)
            case MakeDirectory(path=path, mode=mode):
                item = forecast.find(path)
                # While it is filled its owner may write to it, whatever its mode will be.
                fits = item is not None and item.mode in (mode, mode | 0o700)
                return fits and item is not None and _holds_only(item, path, own)
            case MakeLink(path=path, target=target, hard=hard):
                item = forecast.find(path)
                if item is None or not hard:
                    return item is not None and item.kind == "link" and item.target == target
                return forecast.find(target) is item  # one file of several names is one item
            case MovePath(source=source, path=path, before=before):
                return forecast.find(source) is None and _is(forecast.find(path), before)
            case ChangeMode(path=path, after=mode):
                item = forecast.find(path)
                return lenient and item is not None and item.mode == mode
            case ChangeOwner(path=path, after=owner):
                item = forecast.find(path)
                return lenient and item is not None and item.owner == owner
            case ChangeTimes() | RunCommand():
                return False  # doing it again does no harm; a command is never guessed about
    except ConflictError:
        return False


def _holds_only(item: Item, path: str, own: Container[str]) -> bool:
    return item.kind == "directory" and all(
        name.startswith(LEFTOVER) or f"{path}/{name}" in own for name in item.names()
    )


def _is(item: Item | None, fingerprint: Fingerprint) -> bool:
    if item is None:
        return False
    try:
        item.compare("", fingerprint)
    except ConflictError:
        return False
    return True
