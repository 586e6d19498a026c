"""Effects in words: what every face says of one. Lines of text, complete and escaped.

Pure. Colour, order and place are the faces' (`cli/render.py`, `tui/`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    ChangeTimes,
    DeletePath,
    Effect,
    Entry,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    RunCommand,
    WriteFile,
)
from shannot.escape import escape, quote

_STATES = {
    "queued": "asked; the script was told that it failed",
    "assumed": "asked; assumed to succeed: the script was told exit 0, with no output",
    "asked": "asked while the script waits, which is told how it really ended",
    "done": "done during the run, as the policy allows it; execute does not repeat it",
    "refused": "refused by a person during the run; it will not be executed",
    "barred": "cannot be approved here; `shannot reject` lets the script go on without it",
}


def describe(effect: Effect) -> tuple[str, str, list[str]]:
    """(verb, what it is done to, one line for each further fact), escaped."""
    match effect:
        case WriteFile(path=path, before=before, after=after):
            return ("create" if before is None else "write"), escape(path), _written(before, after)
        case DeletePath(path=path, before=before, entries=entries):
            return "delete", _slashed(path, before), [_short(before), *_below(entries)]
        case MakeDirectory(path=path, mode=mode):
            return "mkdir", f"{escape(path)}/", [f"mode {mode:04o}"]
        case MakeLink(path=path, target=target, before=before, hard=hard):
            verb = "hardlink" if hard else "symlink"
            details = [] if before is None else [f"replaces: {_short(before)}"]
            return verb, f"{escape(path)} -> {escape(target)}", details
        case MovePath(source=source, path=path, before=before):
            goal = _slashed(path, before)
            return "move", f"{_slashed(source, before)} -> {goal}", _moved(effect)
        case ChangeMode(path=path, before=old, after=new):
            return "chmod", escape(path), [f"mode {old:04o} -> {new:04o}"]
        case ChangeOwner(path=path, before=(user, group), after=(new_user, new_group)):
            return "chown", escape(path), [f"owner {user}:{group} -> {new_user}:{new_group}"]
        case ChangeTimes(path=path, mtime_ns=mtime):
            return "touch", escape(path), [f"modification time {_moment(mtime)}"]
        case RunCommand():
            return "run", command_line(effect), _command(effect)


def command_line(command: RunCommand) -> str:
    """A command as it would be typed; every word shows where it begins and ends."""
    return " ".join(quote(word) for word in command.argv)


def _written(before: Fingerprint | None, after: Fingerprint) -> list[str]:
    if before is None:
        return [f"new file, {_bytes(after.size)}, mode {after.mode:04o}"]
    if before.kind != "file":
        return [f"replaces: {_short(before)}", f"by {_bytes(after.size)}, mode {after.mode:04o}"]
    mode = f"mode {after.mode:04o}"
    if before.mode != after.mode:
        mode = f"mode {before.mode:04o} -> {after.mode:04o}"
    return [f"{before.size} -> {_bytes(after.size)}, {mode}"]


def _command(command: RunCommand) -> list[str]:
    lines = []
    sha256 = command.executable_sha256 or "unknown"
    if command.shell_line is not None:
        lines.append(f"shell line  {escape(command.shell_line)}")
    lines += [
        f"directory   {escape(command.directory)}",
        f"executable  {escape(command.executable)} (sha256 {sha256})",
        f"policy      {command.verdict}: {escape(command.reason)}{_rule(command.rule)}",
        f"state       {_state(command)}",
    ]
    if command.exit_status is not None:
        lines.append(f"exit status {command.exit_status}")
    if command.stdin_sha256 is not None:
        lines.append(f"stdin       sha256 {command.stdin_sha256}")
    variables = (f"{escape(name)}={quote(value)}" for name, value in command.environment)
    lines.append(" ".join(["environment", *variables]))
    return lines


def _state(command: RunCommand) -> str:
    if command.state == "done" and command.verdict == "ask":
        return "done during the run, as a person approved it; execute does not repeat it"
    return _STATES[command.state]


def _rule(rule: str) -> str:
    return f" (rule: {escape(rule)})" if rule else ""


def _bytes(size: int) -> str:
    return f"{size} byte{'' if size == 1 else 's'}"


def _short(fingerprint: Fingerprint) -> str:
    match fingerprint.kind:
        case "directory":
            return f"directory, mode {fingerprint.mode:04o}"
        case "link":
            return f"symbolic link, target sha256 {fingerprint.sha256}"
        case "file":
            size = f"{_bytes(fingerprint.size)}, mode {fingerprint.mode:04o}"
            return f"file, {size}, sha256 {fingerprint.sha256}"


def _slashed(path: str, fingerprint: Fingerprint) -> str:
    return escape(path) + ("/" if fingerprint.kind == "directory" else "")


def _moment(nanoseconds: int) -> str:
    """UTC, exact; a year beyond what the calendar holds stays a number of seconds."""
    whole, rest = divmod(nanoseconds, 10**9)
    try:
        return time.strftime(f"%Y-%m-%dT%H:%M:%S.{rest:09}Z", time.gmtime(whole))
    except (OverflowError, ValueError, OSError):
        return f"{whole}.{rest:09}"


def _moved(effect: MovePath) -> list[str]:
    details = [] if effect.replaced is None else [f"replaces: {_short(effect.replaced)}"]
    details += _below(effect.entries)
    for unread in effect.unread:
        what = f"{unread.kind}"
        if unread.below:
            what += f" with {unread.below} path{'' if unread.below == 1 else 's'} in it"
        details.append(
            f"  {escape(unread.path)}  ({what}: moves along, the script could not read it)"
        )
    return details


def _below(entries: Sequence[Entry]) -> list[str]:
    return [f"  {_slashed(entry.path, entry.fingerprint)}" for entry in entries]
