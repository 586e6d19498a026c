"""The effects: every change to the world that a plan can hold.

Paths, arguments and link targets are `str` as `os.fsdecode` makes them (undecodable bytes are
lone surrogates), so that every name a Linux file can have survives the way to disk and back.
Modes are permission bits only (`0o7777`). Hashes are lower-case hexadecimal SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["file", "directory", "link"]
UnreadKind = Literal["file", "directory", "link", "pipe", "socket", "device"]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What stands at a path: what `execute` compares with the host before it changes anything."""

    kind: Kind
    mode: int
    """Permission bits; 0 for a link, whose bits mean nothing."""
    sha256: str = ""
    """Of a file's contents or of a link's target; empty for a directory."""
    size: int = 0
    """Bytes of a file or of a link's target; 0 for a directory."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One path below a deleted or moved directory, relative to it."""

    path: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Unread:
    """What moves along with a directory though the script could not read it (`unread.py`).

    A hidden file, another user's, a pipe, a socket, a device: known by name and kind only.
    """

    path: str
    """Relative to the directory that moves."""
    kind: UnreadKind
    below: int = 0
    """Of a hidden directory: how many paths are in it, at any depth. They move along, too."""
    sha256: str = ""
    """Of a hidden directory: over names and kinds of all that is in it, which are not told."""


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Make the regular file at `path` hold the blob `after.sha256`, with `after.mode`."""

    path: str
    before: Fingerprint | None
    """None where nothing stood at the path."""
    after: Fingerprint
    mtime_ns: int | None = None
    """A modification time the script set itself; None leaves it to the clock."""
    other_names: int = 0
    """Names (hard links) of the old file that the plan does not know. They would keep the old
    contents, which no script meant by writing: `execute` refuses it where there are any."""


@dataclass(frozen=True, slots=True)
class DeletePath:
    """Remove a file, a link, or a directory with everything below it."""

    path: str
    before: Fingerprint
    entries: tuple[Entry, ...] = ()
    """For a directory: everything below it, parents first. Never folded away in review."""


@dataclass(frozen=True, slots=True)
class MakeDirectory:
    """mkdir(2), with the permission bits of `mode`."""

    path: str
    mode: int
    mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class MakeLink:
    """A symbolic link with `target`, or a second name (`hard`) of the file at the path `target`."""

    path: str
    target: str
    before: Fingerprint | None = None
    hard: bool = False


@dataclass(frozen=True, slots=True)
class MovePath:
    """rename(2): `source` becomes `path`, whole subtree included."""

    source: str
    path: str
    before: Fingerprint
    """Of `source`."""
    replaced: Fingerprint | None = None
    """Of the file that stood at `path`, None where nothing did."""
    entries: tuple[Entry, ...] = ()
    """For a directory: everything that moves along, relative to it."""
    unread: tuple[Unread, ...] = ()
    """For a directory: what moves along besides, which the script could not read; sorted."""


@dataclass(frozen=True, slots=True)
class ChangeMode:
    """chmod(2): permission bits."""

    path: str
    before: int
    after: int
    other_names: int = 0
    """Of a file: its other names (hard links), whose mode it is as well."""


@dataclass(frozen=True, slots=True)
class ChangeOwner:
    """chown(2), numeric ids: (user, group)."""

    path: str
    before: tuple[int, int]
    after: tuple[int, int]
    other_names: int = 0
    """Of a file: its other names (hard links), whose owner it is as well."""


@dataclass(frozen=True, slots=True)
class ChangeTimes:
    """utimensat(2) on a path whose contents stay: nanoseconds since the epoch."""

    path: str
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class RunCommand:
    """A command for the host. It sees the file effects before it, and none after it."""

    argv: tuple[str, ...]
    directory: str
    environment: tuple[tuple[str, str], ...]
    """What it runs with, whole (name, value), already cleaned; sorted by name."""
    executable: str
    """The absolute path that argv[0] resolved to."""
    executable_sha256: str
    """As it stands on the host, or as the effects before the command leave it. Empty where
    neither has it (or it cannot be read): then it can only be reviewed, `execute` refuses it."""
    verdict: Literal["ask", "allow"]
    rule: str
    reason: str
    state: Literal["queued", "assumed", "asked", "done", "refused", "barred"]
    """queued: the script was told it failed. assumed: it was told exit 0 with no output.
    asked: the script waits (or waited until it ended) for a person's decision about it.
    done: ran on the host during the run, as an allowed command, or as one that a person had
    approved while the script waited; `execute` never repeats it. refused: a person said no.
    barred: an operator's copy of a question that nobody there can say yes to."""
    exit_status: int | None = None
    """Of a done command; a signal is 128+N."""
    stdin_sha256: str | None = None
    """The blob that the script piped into it; None where it had no input of its own."""
    after_unseen_changes: bool = False
    """A done command that ran although the script had changes it could not see."""

    @property
    def shell_line(self) -> str | None:
        """The line, where the command is a shell given one with `-c`."""
        if len(self.argv) >= 3 and self.argv[1] == "-c":
            if self.argv[0].rpartition("/")[2] in ("sh", "bash", "dash", "ash", "zsh", "ksh"):
                return self.argv[2]
        return None


Effect = (
    WriteFile
    | DeletePath
    | MakeDirectory
    | MakeLink
    | MovePath
    | ChangeMode
    | ChangeOwner
    | ChangeTimes
    | RunCommand
)
