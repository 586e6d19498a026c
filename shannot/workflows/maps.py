"""Which host directories a script sees: `--map` read and checked, and the project rule.

For `workflows/run.py`; the tree itself is assembled by `sandbox/vfs/tree.py`.
"""

from __future__ import annotations

import os
import stat

from shannot.errors import UsageError
from shannot.sandbox.spec import Map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal

    from shannot.effects.model import Effect

    Mode = Literal["ro", "cow", "hide"]


def read_map(text: str, directory: str, home: str, where: str = "--map") -> Map:
    """`HOST[:GUEST][:ro|cow|hide]`, cow where none is named. Raises UsageError.

    A relative HOST is below `directory`; a `~/` that the shell has left is `home`. `where` it
    stands begins each message; what stands in a configuration shows even a hidden name.
    """
    host, *rest = text.split(":")
    mode: Mode = "cow"
    last = _mode(rest[-1]) if rest else None
    if last is not None:
        mode = last
        rest.pop()
    if not host or len(rest) > 1 or "\0" in text:
        raise UsageError(f"{where} {text}: expected HOST[:GUEST][:ro|cow|hide]")
    if host == "~" or host.startswith("~/"):
        host = home + host[1:]
    place = _absolute(host, directory)
    guest = place
    if rest:
        if not rest[0].startswith("/"):
            word = f"{rest[0]!r} is neither an absolute path nor one of ro, cow, hide"
            raise UsageError(f"{where} {text}: {word}")
        guest = _absolute(rest[0], "/")
    if mode == "hide":
        return Map(os.fsencode(place), os.fsencode(guest), mode)
    if _is_synthetic(place) or _is_synthetic(guest):
        raise UsageError(f"{where} {text}: the script has a /proc and a /dev of its own")
    _check_readable(place, f"{where} {text}")
    named = where != "--map"
    return Map(os.fsencode(os.path.realpath(place)), os.fsencode(guest), mode, named)


def covers(maps: Sequence[Map], directory: str) -> bool:
    """Does one of the maps show this very directory, or one above it?"""
    place = os.fsencode(directory)
    return any(
        known.mode != "hide" and (place + b"/").startswith(known.guest.rstrip(b"/") + b"/")
        for known in maps
    )


def other_places(maps: Sequence[Map], effects: Sequence[Effect]) -> Iterator[str]:
    """Where a command waits: what the script saw at another place than this machine has it."""
    moved = [known for known in maps if known.mode != "hide" and known.host != known.guest]
    if not moved:
        return
    from shannot.effects.model import RunCommand  # to start faster

    if any(isinstance(effect, RunCommand) and effect.state != "done" for effect in effects):
        for known in moved:
            guest = os.fsdecode(known.guest)
            yield (
                f"the script saw {os.fsdecode(known.host)} as {guest}: in the arguments of commands"
                f" {guest} will mean this machine's own"
            )


def _mode(word: str) -> Mode | None:
    match word:
        case "ro" | "cow" | "hide":
            return word
        case _:
            return None


def _absolute(path: str, directory: str) -> str:
    # normpath keeps two leading slashes, which POSIX leaves to the system; Linux has no such.
    return "/" + os.path.normpath(os.path.join(directory, path)).lstrip("/")


def _is_synthetic(path: str) -> bool:
    inside = f"{path}/"
    return inside.startswith(("/proc/", "/dev/")) and not inside.startswith("/dev/shm/")


def _check_readable(place: str, where: str) -> None:
    try:
        mode = os.stat(place).st_mode
    except OSError as error:
        raise UsageError(f"{where}: {place}: {error.strerror}")
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise UsageError(f"{where}: {place} is neither a file nor a directory")
    if not os.access(place, os.R_OK | (os.X_OK if stat.S_ISDIR(mode) else 0)):
        raise UsageError(f"{where}: {place}: Permission denied")
