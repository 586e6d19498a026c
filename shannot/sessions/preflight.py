"""Everything that can be known before the first change: called by `apply.py`, changes nothing.

What makes the whole session untrustworthy (contents that do not match their names, a place that no
plan may change) raises. What only makes an effect impossible is a conflict, named by its number.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shannot.effects.document import MalformedError
from shannot.effects.model import (
    DeletePath,
    Effect,
    Fingerprint,
    MakeLink,
    MovePath,
    RunCommand,
    WriteFile,
)
from shannot.errors import UnsuccessfulError
from shannot.escape import escape
from shannot.sessions.blobs import BlobDirectory
from shannot.sessions.forecast import Forecast
from shannot.sessions.foresight import Operator, foresee
from shannot.sessions.happened import has_happened
from shannot.sessions.place import ConflictError, Protected

MAX_KNOWN = 16 << 20
"""Bytes of contents that are held from the preflight to when they are written."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """An effect that cannot be done because the host is not what it was."""

    number: int
    message: str
    """One line; it names the path and what changed."""


class ConflictsError(UnsuccessfulError):
    """Nothing was changed, because the host is not what it was."""

    def __init__(self, conflicts: tuple[Conflict, ...], advice: str) -> None:
        """advice: what option to give to go on all the same."""
        first = conflicts[0]
        more = f" (and {len(conflicts) - 1} more)" if len(conflicts) > 1 else ""
        where = f"effect {first.number}: " if first.number else ""
        super().__init__(f"nothing was changed: {where}{first.message}{more}; {advice}")
        self.conflicts = conflicts


def find_conflicts(
    effects: Mapping[int, Effect],
    begun: frozenset[int],
    operator: Operator,
    own: frozenset[str] = frozenset(),
    lenient: bool = False,
) -> tuple[Conflict, ...]:
    """Run the effects, by number, through a forecast of the host.

    begun: those that a former execution began and did not end. own: the paths that effects make.
    lenient: what is already as an effect leaves it is no conflict.
    """
    forecast = Forecast()
    conflicts: list[Conflict] = []
    for number, effect in sorted(effects.items()):
        resumed = number in begun
        try:
            if not (resumed and has_happened(forecast, effect, own)):
                foresee(forecast, effect, operator, partial=resumed)
        except ConflictError as error:
            if not (lenient and has_happened(forecast, effect, own, lenient=True)):
                conflicts.append(Conflict(number, str(error)))
    return tuple(conflicts)


def check_places(effects: Sequence[Effect], protected: Protected) -> None:
    """Raise RefusedError where an effect would change what no plan may change."""
    for effect in effects:
        match effect:
            case RunCommand():
                continue
            case MovePath(source=other) | MakeLink(hard=True, target=other):
                protected.check(other)
            case _:
                pass
        protected.check(effect.path)


def check_blobs(effects: Sequence[Effect], blobs: BlobDirectory) -> dict[str, bytes]:
    """Raise MalformedError where contents are missing or were changed. Small ones, by name, while
    they are few: they need not be read and compared a second time."""
    sizes: dict[str, int] = {}
    known: dict[str, bytes] = {}
    left = MAX_KNOWN

    def check(name: str) -> int:
        nonlocal left
        if name not in sizes:
            sizes[name], data = blobs.check(name)
            if data is not None and len(data) <= left:
                known[name] = data
                left -= len(data)
        return sizes[name]

    for effect in effects:
        match effect:
            case WriteFile(path=path, after=after):
                if check(after.sha256) != after.size:
                    raise MalformedError(f"{escape(path)}: the plan and its contents do not agree")
            case RunCommand(stdin_sha256=str(name)):
                check(name)
            case _:
                pass
    return known


def check_space(effects: Sequence[Effect], state: str) -> None:
    """Raise UnsuccessfulError where a disk is clearly too full. Rough: blocks are not counted.

    state: the directory to which what will be lost is copied first.
    """
    needed: dict[int, tuple[str, int]] = {}
    devices: dict[str, int] = {}

    def add(directory: str, size: int) -> None:
        if directory not in devices:
            devices[directory] = os.stat(_existing_directory(directory)).st_dev
        device = devices[directory]
        needed[device] = (directory, needed.get(device, (directory, 0))[1] + size)

    for effect in effects:
        match effect:
            case WriteFile(path=path, before=before, after=after):
                kept = 0 if before is None else before.size
                add(path.rpartition("/")[0] or "/", max(0, after.size - kept))
                add(state, kept)
            case DeletePath(before=before, entries=entries):
                add(state, _size(before) + sum(_size(entry.fingerprint) for entry in entries))
            case _:
                pass
    for path, size in needed.values():
        found = os.statvfs(_existing_directory(path))
        free = (found.f_bfree if os.geteuid() == 0 else found.f_bavail) * found.f_frsize
        if size > free:
            raise UnsuccessfulError(
                f"the disk of {escape(path)} has {_kib(free)} free, the plan needs {_kib(size)}"
            )


def _size(fingerprint: Fingerprint) -> int:
    return fingerprint.size if fingerprint.kind == "file" else 0


def _existing_directory(path: str) -> str:
    """The path, or the nearest directory above it that is there already."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def _kib(size: int) -> str:
    return f"{(size + 1023) >> 10:,} KiB"
