"""Effects as JSON and back: one reader per type, each of which trusts nothing it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from operator import itemgetter
from typing import Literal, cast, get_args

from shannot.effects.document import (
    MAX_INTEGER,
    MAX_ITEMS,
    Document,
    MalformedError,
    check_text,
    is_plain_path,
    is_sha256,
)
from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    ChangeTimes,
    DeletePath,
    Effect,
    Entry,
    Fingerprint,
    Kind,
    MakeDirectory,
    MakeLink,
    MovePath,
    RunCommand,
    Unread,
    UnreadKind,
    WriteFile,
)

MAX_MODE = 0o7777
MAX_ID = 0xFFFFFFFE  # (uid_t) -1 means "leave it" to chown(2), so it is not an id
MAX_STATUS = 255
MAX_LINKS = 0xFFFFFFFF  # st_nlink of statx(2)
MAX_ARGUMENTS = 1 << 16
MIN_TIME = -(1 << 63)
_WRITE_FILE = itemgetter("effect", "path", "before", "after", "mtime_ns", "other_names")
_FINGERPRINT = itemgetter("kind", "mode", "sha256", "size")
_PLAIN = frozenset({str, int, bool, type(None)})


def to_json(value: object) -> object:
    """Any of our frozen values as plain JSON data; an effect also names its type."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if is_dataclass(value):
        plain = {name: to_json(getattr(value, name)) for name in value.__dataclass_fields__}
        name = kind.__name__
        return {"effect": name, **plain} if name in _READERS else plain
    return value


def from_json(document: Document) -> Effect:
    """The effect in document. MalformedError names what is wrong with it."""
    name = document.text("effect", 40)
    reader = _READERS.get(name)
    if reader is None:
        raise MalformedError(f"{document.where}: unknown effect {name!r}; a newer shannot made it?")
    effect = reader(document)
    document.finish()
    return effect


def plain_write(item: object) -> WriteFile | None:
    """A written file of which nothing is unusual, as most effects are: told at once. None: to be
    looked at field by field, and refused where it is wrong."""
    if not isinstance(item, dict) or len(item) != 6:
        return None
    try:
        effect, path, before, after, mtime, others = _WRITE_FILE(item)
    except KeyError:
        return None
    if effect != "WriteFile" or mtime is not None or type(others) is not int or others:
        return None
    new = _plain_file(after)
    if new is None or not is_plain_path(path):
        return None
    if before is None:
        return WriteFile(path, None, new)
    old = _plain_file(before)
    return None if old is None else WriteFile(path, old, new)


def _plain_file(found: object) -> Fingerprint | None:
    """The fingerprint of a file, where that is what it is."""
    if not isinstance(found, dict) or len(found) != 4:
        return None
    try:
        kind, mode, sha256, size = _FINGERPRINT(found)
    except KeyError:
        return None
    if kind == "file" and type(mode) is int and type(size) is int and is_sha256(sha256):
        if 0 <= mode <= MAX_MODE and 0 <= size <= MAX_INTEGER:
            return Fingerprint("file", mode, sha256, size)
    return None


def fingerprint_from_json(document: Document) -> Fingerprint:
    kind = one_of(document, "kind", ("file", "directory", "link"))
    mode = document.integer("mode", 0, MAX_MODE)
    sha256 = document.text("sha256", 64) if kind == "directory" else document.sha256("sha256")
    size = document.integer("size")
    if kind == "directory" and (sha256 or size):
        raise MalformedError(f"{document.where}: a directory has no contents of its own")
    document.finish()
    return Fingerprint(cast(Kind, kind), mode, sha256, size)


def _fingerprint(document: Document, name: str) -> Fingerprint:
    """The one in a field. Most are a file's and right: those are told at once, there are many."""
    return _plain_file(document.take(name)) or fingerprint_from_json(document.child(name))


def one_of(document: Document, name: str, choices: tuple[str, ...]) -> str:
    """The text of a field that has one of a few values."""
    value = document.text(name, 40)
    if value not in choices:
        raise MalformedError(f"{document.where}: {name!r} is none of {', '.join(choices)}")
    return value


def target(document: Document, name: str = "path") -> str:
    """A path that an effect changes: never the root itself."""
    path = document.path(name)
    if path == "/":
        raise MalformedError(f"{document.where}: {name!r} is the root directory")
    return path


def _optional_fingerprint(document: Document, name: str) -> Fingerprint | None:
    return None if document.take(name) is None else _fingerprint(document, name)


def _entries(document: Document, top: Fingerprint) -> tuple[Entry, ...]:
    """Everything below a directory: each path once, each directory before what it holds."""
    found: list[Entry] = []
    kinds: dict[str, str] = {"": top.kind}
    for child in document.children("entries"):
        path = child.relative("path")
        entry = Entry(path, _fingerprint(child, "fingerprint"))
        child.finish()
        if path in kinds or kinds.get(path.rpartition("/")[0]) != "directory":
            raise MalformedError(f"{child.where}: listed twice, or before its directory")
        kinds[path] = entry.fingerprint.kind
        found.append(entry)
    return tuple(found)


def _write_file(document: Document) -> WriteFile:
    before = _optional_fingerprint(document, "before")
    after = _fingerprint(document, "after")
    if after.kind != "file" or (before is not None and before.kind == "directory"):
        raise MalformedError(f"{document.where}: only a file can be written, over a file or link")
    mtime = document.optional_integer("mtime_ns", MIN_TIME)
    others = _other_names(document)
    if others and (before is None or before.kind != "file"):
        raise MalformedError(f"{document.where}: only a file can have other names")
    return WriteFile(target(document), before, after, mtime, others)


def _other_names(document: Document) -> int:
    return document.integer("other_names", 0, MAX_LINKS)


def _delete_path(document: Document) -> DeletePath:
    before = _fingerprint(document, "before")
    return DeletePath(target(document), before, _entries(document, before))


def _make_directory(document: Document) -> MakeDirectory:
    mode = document.integer("mode", 0, MAX_MODE)
    return MakeDirectory(target(document), mode, document.optional_integer("mtime_ns", MIN_TIME))


def _make_link(document: Document) -> MakeLink:
    hard = document.boolean("hard")
    goal = target(document, "target") if hard else document.text("target", 4095)
    if not goal:
        raise MalformedError(f"{document.where}: 'target' is empty")
    before = _optional_fingerprint(document, "before")
    if before is not None and before.kind == "directory":
        raise MalformedError(f"{document.where}: a link cannot replace a directory")
    return MakeLink(target(document), goal, before, hard)


def _move_path(document: Document) -> MovePath:
    source, path = target(document, "source"), target(document)
    if f"{path}/".startswith(f"{source}/") or f"{source}/".startswith(f"{path}/"):
        raise MalformedError(f"{document.where}: one of 'source' and 'path' lies in the other")
    before = _fingerprint(document, "before")
    replaced = _optional_fingerprint(document, "replaced")
    if replaced is not None and (replaced.kind == "directory") != (before.kind == "directory"):
        raise MalformedError(f"{document.where}: a directory can replace only a directory")
    entries = _entries(document, before)
    return MovePath(source, path, before, replaced, entries, _unread(document, before, entries))


def _unread(document: Document, top: Fingerprint, entries: tuple[Entry, ...]) -> tuple[Unread, ...]:
    """What moves along unread: each path once, in a directory that was read."""
    kinds: dict[str, str] = {"": top.kind, **{e.path: e.fingerprint.kind for e in entries}}
    found: list[Unread] = []
    for child in document.children("unread"):
        path = child.relative("path")
        kind = cast(UnreadKind, one_of(child, "kind", get_args(UnreadKind)))
        sha256 = child.sha256("sha256") if kind == "directory" else child.text("sha256", 0)
        unread = Unread(path, kind, child.integer("below", 0, MAX_ITEMS), sha256)
        child.finish()
        if path in kinds or kinds.get(path.rpartition("/")[0]) != "directory":
            raise MalformedError(f"{child.where}: listed twice, or in no directory that was read")
        if unread.below and kind != "directory":
            raise MalformedError(f"{child.where}: nothing can be below a {kind}")
        kinds[path] = "unread"
        found.append(unread)
    return tuple(found)


def _change_mode(document: Document) -> ChangeMode:
    before, after = (document.integer(name, 0, MAX_MODE) for name in ("before", "after"))
    return ChangeMode(target(document), before, after, _other_names(document))


def _owner(document: Document, name: str) -> tuple[int, int]:
    match document.items(name, 2):
        case [int(user), int(group)] if 0 <= user <= MAX_ID and 0 <= group <= MAX_ID:
            return int(user), int(group)
        case _:
            raise MalformedError(f"{document.where}: {name!r} is not a user and a group id")


def _change_owner(document: Document) -> ChangeOwner:
    before, after = (_owner(document, name) for name in ("before", "after"))
    return ChangeOwner(target(document), before, after, _other_names(document))


def _change_times(document: Document) -> ChangeTimes:
    return ChangeTimes(target(document), document.integer("mtime_ns", MIN_TIME))


def _environment(document: Document) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    for item in document.items("environment", MAX_ARGUMENTS):
        match item:
            case [str(name), str(value)] if name and "=" not in name:
                where = f"{document.where}: 'environment'"
                pairs.append((check_text(name, where), check_text(value, where)))
            case _:
                raise MalformedError(f"{document.where}: 'environment' holds no name and value")
    return tuple(pairs)


def _run_command(document: Document) -> RunCommand:
    argv = document.texts("argv", MAX_ARGUMENTS)
    if not argv:
        raise MalformedError(f"{document.where}: 'argv' is empty")
    verdict = one_of(document, "verdict", ("ask", "allow"))
    state = one_of(document, "state", ("queued", "assumed", "asked", "done", "refused", "barred"))
    return RunCommand(
        argv=argv,
        directory=document.path("directory"),
        environment=_environment(document),
        executable=target(document, "executable"),
        executable_sha256=document.sha256_or_empty("executable_sha256"),
        verdict=cast(Literal["ask", "allow"], verdict),
        rule=document.text("rule"),
        reason=document.text("reason"),
        state=cast(Literal["queued", "assumed", "asked", "done", "refused", "barred"], state),
        exit_status=document.optional_integer("exit_status", 0, MAX_STATUS),
        stdin_sha256=document.optional_sha256("stdin_sha256"),
        after_unseen_changes=document.boolean("after_unseen_changes"),
    )


_READERS: Mapping[str, Callable[[Document], Effect]] = {
    "WriteFile": _write_file,
    "DeletePath": _delete_path,
    "MakeDirectory": _make_directory,
    "MakeLink": _make_link,
    "MovePath": _move_path,
    "ChangeMode": _change_mode,
    "ChangeOwner": _change_owner,
    "ChangeTimes": _change_times,
    "RunCommand": _run_command,
}
