"""What a reviewer must not overlook in a plan: pure, from the effects alone."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from shannot.effects.lookalikes import lookalikes
from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    ChangeTimes,
    DeletePath,
    Effect,
    MakeDirectory,
    MakeLink,
    MovePath,
    RunCommand,
    WriteFile,
)
from shannot.effects.plan import Plan
from shannot.effects.telling_paths import TellingPaths, holds_keys, is_startup_file

_TELLING_BITS = 0o6113
_WORDS = re.compile(r"[^\s'\"`;|&<>(){}$=]+")


def warnings(plan: Plan) -> tuple[tuple[str, ...], ...]:
    """For each effect, in order, what is dangerous about it, one line each."""
    later = _paths_run(plan)
    telling = TellingPaths()
    found: list[tuple[str, ...]] = []
    for number, effect in enumerate(plan.effects, 1):
        lines = _of_effect(effect)
        if isinstance(effect, WriteFile):
            lines += telling.of(effect.path)  # nearly all of a large plan
        elif not isinstance(effect, RunCommand):
            for path in changed_paths(effect):
                lines += telling.of(path)
        if later and not isinstance(effect, RunCommand):
            lines += _run_later(number, effect, later)
        for text in _texts(effect):
            if not text.isascii():
                lines += lookalikes(text)
        found.append(tuple(dict.fromkeys(lines)) if lines else ())
    return tuple(found)


def _texts(effect: Effect) -> tuple[str, ...]:
    """What names things in it."""
    match effect:
        case WriteFile(path=path):
            return (path,)
        case RunCommand(argv=argv, directory=directory, executable=executable):
            return (*argv, directory, executable)
        case MovePath(source=other) | MakeLink(target=other):
            return (effect.path, other)
        case _:
            return (effect.path,)


def changed_paths(effect: Effect) -> Iterator[str]:
    """Every path that the effect makes, changes or removes, what lies in a directory included."""
    match effect:
        case RunCommand():
            return
        case MovePath(source=source, path=path, entries=entries, unread=unread):
            yield from (source, path)
            for below in (*(entry.path for entry in entries), *(entry.path for entry in unread)):
                yield f"{source}/{below}"
                yield f"{path}/{below}"
        case DeletePath(path=path, entries=entries):
            yield path
            for entry in entries:
                yield f"{path}/{entry.path}"
        case _:
            yield effect.path


def _of_effect(effect: Effect) -> list[str]:
    match effect:
        case WriteFile(before=before, after=after):
            gained = after.mode & ~(0 if before is None else before.mode)
            lines = [*_of_mode(gained, after.mode)] if gained & _TELLING_BITS else []
            return [*lines, *_of_others(effect)] if effect.other_names else lines
        case ChangeMode(before=old, after=new):
            return [*_of_mode(new & ~old, new), *_of_others(effect)]
        case MakeDirectory(mode=mode):
            return [*_of_mode(mode & ~0o111, mode)]  # a directory is always searchable
        case DeletePath(before=before, entries=entries) if before.kind == "directory":
            return [f"deletes a directory with everything in it: {len(entries)} paths"]
        case MovePath():
            return [*_of_move(effect)]
        case ChangeOwner(after=(user, group)):
            return [f"gives it to user {user}, group {group}", *_of_others(effect)]
        case MakeLink(target=target, hard=hard):
            return [*_of_link(target, hard)]
        case RunCommand():
            return [*_of_command(effect)]
        case DeletePath() | ChangeTimes():
            return []


def _of_mode(gained: int, mode: int) -> Iterator[str]:
    """gained: the bits that were not set before."""
    if gained & 0o111:
        yield "makes it executable"
    if gained & 0o4000:
        yield "sets the setuid bit: it runs as its owner"
    if gained & 0o2000:
        yield "sets the setgid bit"
    if gained & 0o002 and not mode & 0o1000:
        yield "lets every user write to it"


def _of_others(effect: WriteFile | ChangeMode | ChangeOwner) -> Iterator[str]:
    others = effect.other_names
    if others:
        names = "1 other name (hard link)" if others == 1 else f"{others} other names (hard links)"
        if isinstance(effect, WriteFile):
            yield f"the file has {names}, not in this plan: execute refuses to part them from it"
        else:
            yield f"the file has {names}, wherever they stand: this changes them, too"


def _of_move(move: MovePath) -> Iterator[str]:
    if move.replaced is not None:
        yield "replaces what stands at the new path"
    if move.unread:
        yield "moves along what the script could not read"


def _of_link(target: str, hard: bool) -> Iterator[str]:
    word = "is a second name of" if hard else "points to"
    if holds_keys(target):
        yield f"{word} a key or a secret"
    if is_startup_file(target):
        yield f"{word} a start-up file"
    if target.startswith("/etc/"):
        yield f"{word} a path in /etc"


def _of_command(command: RunCommand) -> Iterator[str]:
    if command.state == "assumed":
        yield "the script was told that it succeeded; what follows rests on that"
    if command.state == "done":
        yield "has already run"
    if command.after_unseen_changes:
        yield "ran without seeing the changes that the script had made before it"
    if command.shell_line is not None:
        yield "runs a shell line"
    if not command.executable_sha256 and command.state not in ("done", "refused"):
        yield "its program is neither on this host nor in this plan: execute refuses it"


def _paths_run(plan: Plan) -> dict[str, list[int]]:
    """Path: the numbers of the commands, not yet run, that name it."""
    found: dict[str, list[int]] = {}
    for number, effect in enumerate(plan.effects, 1):
        if isinstance(effect, RunCommand) and effect.state not in ("done", "refused"):
            for path in {*named_paths(effect), effect.executable}:
                found.setdefault(path, []).append(number)
    return found


def named_paths(command: RunCommand) -> set[str]:
    """The absolute paths that the words of a command may mean."""
    words = {word for argument in command.argv for word in _words(argument)}
    return {posixpath.normpath(posixpath.join(command.directory, word)) for word in words}


def _words(argument: str) -> Iterator[str]:
    """The argument itself, and what a shell line or `--option=value` may hold a path in."""
    yield argument
    yield from _WORDS.findall(argument)


def _run_later(number: int, effect: Effect, later: dict[str, list[int]]) -> Iterator[str]:
    if isinstance(effect, DeletePath | ChangeTimes):
        return
    for path in changed_paths(effect):
        after = [str(command) for command in later.get(path, ()) if command > number]
        if after:
            yield f"command {', '.join(after)} runs it or is given it"
