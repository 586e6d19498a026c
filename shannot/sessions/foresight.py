"""One effect applied to the forecast, if the host will then be as it was recorded.

Called by `preflight.py` for each effect in order. The counterpart that changes the real host, and
compares once more, is `steps.py`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

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
from shannot.sessions.command import UNKNOWN_PROGRAM
from shannot.sessions.forecast import Forecast, Item
from shannot.sessions.metadata import more_names, would_part
from shannot.sessions.place import ConflictError


@dataclass(frozen=True, slots=True)
class Operator:
    """Who executes: what this user may do is known before anything is tried."""

    uid: int
    gid: int
    groups: frozenset[int]

    @staticmethod
    def current() -> Operator:
        """The user of this process."""
        return Operator(os.geteuid(), os.getegid(), frozenset(os.getgroups()))

    def check_owner(self, path: str, owner: tuple[int, int]) -> None:
        """Raise ConflictError where this user cannot give a file this owner."""
        uid, gid = owner
        if self.uid not in (0, uid):
            raise ConflictError(path, f"only user {uid} or root can change it and keep its owner")
        if self.uid != 0 and gid != self.gid and gid not in self.groups:
            raise ConflictError(path, f"only a member of group {gid} can change it and keep that")


def foresee(forecast: Forecast, effect: Effect, operator: Operator, partial: bool = False) -> None:
    """Apply effect to the forecast. ConflictError where it will not find what was recorded.

    partial: it was begun before and not ended, and has not happened as a whole.
    """
    match effect:
        case WriteFile():
            _write_file(forecast, effect, operator)
        case DeletePath(path=path, before=before, entries=entries):
            parent, name, item = _target(forecast, path, operator)
            gone = _existing(path, item)
            gone.compare_tree(path, before, entries, partial)
            forecast.lose(gone)
            parent.put(name, None)
            forecast.moved()
        case MakeDirectory(path=path, mode=mode):
            parent, name, item = _target(forecast, path, operator)
            _compare(path, item, None)
            parent.put(name, Item(Fingerprint("directory", mode), (operator.uid, operator.gid)))
        case MakeLink():
            _make_link(forecast, effect, operator)
        case MovePath():
            _move_path(forecast, effect, operator)
        case ChangeMode() | ChangeOwner() | ChangeTimes():
            _change_metadata(forecast, effect, operator, partial)
        case RunCommand():
            _run_command(forecast, effect)


def _target(forecast: Forecast, path: str, operator: Operator) -> tuple[Item, str, Item | None]:
    """The directory of path, the name in it, and what stands there."""
    parent, name = forecast.parent(path)
    if not _may_change(parent, operator):
        raise ConflictError(path, "this user may not change its directory")
    return parent, name, parent.child(name)


def _may_change(directory: Item, operator: Operator) -> bool:
    """May this user make and remove names in it? The kernel is asked where it can know."""
    if directory.host_path() is None:
        return True  # made by the plan, so by this user
    if directory.mode_set and operator.uid == directory.owner[0] != 0:
        return directory.mode & 0o300 == 0o300
    return directory.can_change()


def _existing(path: str, item: Item | None) -> Item:
    if item is None:
        raise ConflictError(path, "it is not there any more")
    return item


def _compare(path: str, item: Item | None, expected: Fingerprint | None) -> None:
    if expected is not None:
        _existing(path, item).compare(path, expected)
    elif item is not None:
        raise ConflictError(path, "something stands there now")


def _write_file(forecast: Forecast, effect: WriteFile, operator: Operator) -> None:
    path = effect.path
    parent, name, item = _target(forecast, path, operator)
    _compare(path, item, effect.before)
    owner = (operator.uid, operator.gid)
    if item is not None and item.kind == "file":
        if item.links > 1:
            raise ConflictError(path, would_part(item.links))
        operator.check_owner(path, item.owner)
        owner = item.owner
    parent.put(name, Item(effect.after, owner))


def _make_link(forecast: Forecast, effect: MakeLink, operator: Operator) -> None:
    path = effect.path
    parent, name, item = _target(forecast, path, operator)
    _compare(path, item, effect.before)
    first = _existing(effect.target, forecast.find(effect.target)) if effect.hard else None
    if first is not None and first.kind != "file":
        raise ConflictError(effect.target, "it is no file that could have a second name")
    if item is not None:
        forecast.lose(item)
    if first is not None:
        first.links += 1
        parent.put(name, first)
    else:
        made = Fingerprint("link", 0, "", len(os.fsencode(effect.target)))
        parent.put(name, Item(made, (operator.uid, operator.gid), effect.target))


def _move_path(forecast: Forecast, effect: MovePath, operator: Operator) -> None:
    origin, old_name, item = _target(forecast, effect.source, operator)
    moved = _existing(effect.source, item)
    moved.compare_tree(effect.source, effect.before, effect.entries, unread=effect.unread)
    parent, name, replaced = _target(forecast, effect.path, operator)
    _compare(effect.path, replaced, effect.replaced)
    if replaced is moved:
        raise ConflictError(effect.path, "it is another name of what would be moved there")
    if replaced is not None and replaced.kind == "directory" and replaced.names():
        raise ConflictError(effect.path, "the directory to be replaced is not empty")
    if replaced is not None:
        forecast.lose(replaced)
    origin.put(old_name, None)
    parent.put(name, moved)
    forecast.moved()


def _change_metadata(
    forecast: Forecast,
    effect: ChangeMode | ChangeOwner | ChangeTimes,
    operator: Operator,
    partial: bool,
) -> None:
    path = effect.path
    item = _existing(path, forecast.find(path))
    if operator.uid not in (0, item.owner[0]):
        raise ConflictError(path, f"only user {item.owner[0]} or root can change it")
    match effect:
        case ChangeMode(before=before, after=after):
            if item.kind == "link":
                raise ConflictError(path, "it is a link, whose mode cannot change")
            _compare_names(path, item, effect.other_names)
            if item.mode != before and not (partial and item.mode == after):
                raise ConflictError(path, f"its mode is {item.mode:04o} now, not {before:04o}")
            item.mode = after
            item.mode_set = True
        case ChangeOwner(before=old, after=new):
            _compare_names(path, item, effect.other_names)
            if item.owner != old and not (partial and item.owner == new):
                raise ConflictError(path, f"its owner is {item.owner} now, not {old}")
            operator.check_owner(path, new)
            item.owner = new
        case ChangeTimes():
            pass


def _compare_names(path: str, item: Item, others: int) -> None:
    """A file must not have more names than the reviewer was told."""
    if item.kind == "file" and item.links - 1 > others:
        raise ConflictError(path, more_names(item.links, others))


def _run_command(forecast: Forecast, command: RunCommand) -> None:
    if command.state == "done":
        return
    if not command.executable_sha256:
        raise ConflictError(command.executable, UNKNOWN_PROGRAM)
    forecast.directory(command.directory)
    program = forecast.resolve(command.executable)
    if program is None or program.kind != "file":
        raise ConflictError(command.executable, "the program is not there any more")
    if program.digest() != command.executable_sha256:
        raise ConflictError(command.executable, "the program has changed since the script ran")
    if not program.mode & 0o111:
        raise ConflictError(command.executable, "the program is not executable")
