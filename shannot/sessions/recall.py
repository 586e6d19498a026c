"""Commands that were executed already, and what a script that is run again is told of them.

Asked by the gate before it records a command; made by `workflows/resume.py`. The results answer in
the order in which the commands were executed: the next one that the script asks for must be the
next one of these, else the script has gone another way, which is told, and the command waits like
any new one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shannot.effects.codec import to_json
from shannot.effects.document import MalformedError, dump, parse
from shannot.effects.model import RunCommand
from shannot.policy.command_line import shown
from shannot.sandbox.spec import Answer
from shannot.sessions.ids import MAX_ID, is_id
from shannot.sessions.model import MAX_EFFECTS

RECALLED = "recalled"
_SHOWN = 20  # commands named at the end, of those that the script did not ask for again

# What the command printed and ended with; what the script pipes in is read, as the command had it
# to read. $4 is the script's own stdin, which may never end.
_SAY_AGAIN = """\
if [ -p /dev/stdin ] && ! [ /dev/stdin -ef "$4" ]; then cat >/dev/null; fi
cat "$1"; cat "$2" >&2; exit "$3"
"""
_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


@dataclass(frozen=True, slots=True)
class Past:
    """A command that has ended."""

    session_id: str
    number: int
    """Its effect in that session."""
    command: RunCommand
    exit_status: int
    stdout: str
    """The file that holds what it printed."""
    stderr: str
    whole: bool = True
    """All that it printed is there."""


@dataclass(frozen=True, slots=True)
class Used:
    """One that has answered in a run: the way which that run took goes through it."""

    session_id: str
    number: int
    """Its effect in that session."""
    position: int
    """The effects that the run had recorded before."""


def used_from_json(data: bytes) -> tuple[Used, ...]:
    """The contents of the file `recalled`. MalformedError."""
    document = parse(data, RECALLED)
    document.integer("format", 1, 1)
    found: list[Used] = []
    for child in document.children("used", MAX_EFFECTS):
        session_id = child.text("session_id", MAX_ID)
        if not is_id(session_id):
            raise MalformedError(f"{child.where}: 'session_id' is not a session id")
        number = child.integer("number", 1, MAX_EFFECTS)
        found.append(Used(session_id, number, child.integer("position", 0, MAX_EFFECTS)))
        child.finish()
    document.finish()
    return tuple(found)


def way(
    used: Sequence[Used], past: Mapping[tuple[str, int], Past], own: Sequence[Past]
) -> list[Past]:
    """The commands of one run in the order in which it came to them: those that were answered, and
    those of its own that were executed later. What it strayed from is not among them.

    past: by session and number. MalformedError where one is missing.
    """
    places = [((item.number, 0), item) for item in own]
    for item in used:
        found = past.get((item.session_id, item.number))
        if found is None:
            raise MalformedError(
                f"effect {item.number} of session {item.session_id}, which has answered before, is"
                " not there any more"
            )
        places.append(((item.position, 1), found))
    return [item for _, item in sorted(places, key=lambda place: place[0])]


class Recall:
    """The results of one chain of sessions, each used once."""

    __slots__ = ("_next", "_past", "_strayed", "_used")

    def __init__(self, past: Sequence[Past]) -> None:
        """past: in the order in which they were executed."""
        self._past = tuple(past)
        self._next = 0
        self._strayed = False
        self._used: list[Used] = []

    def answer(
        self, command: RunCommand, tell: Callable[[str], None], position: int = 0
    ) -> Answer | None:
        """What the script is told of this command; None where it is a new one.

        position: how many effects this run has recorded before it.
        """
        if self._next == len(self._past):
            return None
        past = self._past[self._next]
        if not _is_same(past.command, command):
            if not self._strayed:
                self._strayed = True
                tell(
                    f"the script goes another way than before: it runs {shown(command.argv)}"
                    f" where {_named(past)} was run; that waits, like all that is new"
                )
            return None
        self._next += 1
        self._strayed = False
        self._used.append(Used(past.session_id, past.number, position))
        tell(f"answered from what was executed: {_named(past)}")
        if past.command.environment != command.environment:
            tell(f"{shown(command.argv)} would have another environment now")
        if not past.whole:
            tell(f"only the beginning of what {shown(command.argv)} printed was kept")
        words = (past.stdout, past.stderr, str(past.exit_status), f"/proc/{os.getpid()}/fd/0")
        return Answer(
            "perform",
            executable="/bin/sh",
            argv=("sh", "-c", _SAY_AGAIN, "sh", *words),
            directory="/",
            environment=_ENVIRONMENT,
        )

    def used(self) -> bytes:
        """What has answered so far, for the file `recalled` of the new session."""
        return dump({"format": 1, "used": [to_json(item) for item in self._used]}).encode("ascii")

    def rest(self) -> list[str]:
        """What was executed and not asked for again, one line each."""
        left = self._past[self._next :]
        lines = [f"{_named(past)} was run before; the script did not come to it" for past in left]
        if len(lines) > _SHOWN:
            lines = [
                *lines[:_SHOWN],
                f"and {len(lines) - _SHOWN} more commands that were run before",
            ]
        return lines


def _is_same(past: RunCommand, command: RunCommand) -> bool:
    return (past.argv, past.directory, past.executable) == (
        command.argv,
        command.directory,
        command.executable,
    )


def _named(past: Past) -> str:
    return f"{shown(past.command.argv)} (effect {past.number} of {past.session_id})"
