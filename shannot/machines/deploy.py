"""The single file on its way to another machine and out of it. Counterpart: `bootstrap.py`."""

from __future__ import annotations

import fcntl
import os
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import shannot
from shannot.errors import ShannotError, UsageError

from .client import error_of
from .directories import own_directory
from .frames import FrameError

if TYPE_CHECKING:
    from .client import Connection

SENDING_WITHIN = 600.0
"""Seconds for the whole file, on a slow line."""


@dataclass(frozen=True, slots=True)
class Program:
    """The single file that this program is, or is made into."""

    data: bytes
    sha256: str


def deploy(
    connection: Connection, program: Program, action: Literal["serve", "send", "remove"]
) -> bool:
    """Have the file there, checked, and do the action. Was it sent now?

    serve: the connection then leads to a server, to be greeted. Raises ShannotError where
    something else stands in the file's place, or the connection is lost.
    """
    size = len(program.data)
    fields: dict[str, str | int] = {"action": action, "sha256": program.sha256, "size": size}
    state = _state(connection, connection.exchange({"deploy": fields}))
    sent = state == "absent"
    if sent:
        state = _state(connection, connection.exchange(program.data, SENDING_WITHIN))
    if state != ("removed" if action == "remove" else "ready"):
        raise FrameError(f"{connection.name}: not what was asked for: it is {state}")
    return sent


def put(connection: Connection, program: Program) -> bool:
    """Have the file kept there by a server that was greeted, which a key may allow. Was it new?

    The server starts nothing from it. Raises ShannotError.
    """
    rest = memoryview(program.data)

    def stdin(count: int) -> bytes:
        nonlocal rest
        piece, rest = bytes(rest[:count]), rest[count:]
        return piece

    fields: dict[str, str | int] = {"sha256": program.sha256, "size": len(program.data)}
    answer = connection.ask("put", fields, stdin=stdin, patience=SENDING_WITHIN)
    document = answer.document
    if not isinstance(document, dict):
        raise FrameError(f"{connection.name}: no answer of a shannot")
    if "error" in document:
        raise error_of(document["error"], connection.name)
    result = document.get("result")
    if not isinstance(result, dict) or result.get("sha256") != program.sha256:
        raise FrameError(f"{connection.name}: not what was sent")
    return result.get("sent") is True


def _state(connection: Connection, message: dict[str, object]) -> str:
    found = message.get("deploy")
    state = found.get("state") if isinstance(found, dict) else None
    if state not in ("absent", "ready", "removed"):
        raise FrameError(f"{connection.name}: no answer of a shannot")
    return str(state)


def own_program(kept: str) -> Program:
    """This program as one file: itself where it is one, else made of its sources.

    kept: a directory of ours, in which what was made is kept until a source changes.
    Raises UsageError for the native executable, which other machines could not run.
    """
    if getattr(sys, "frozen", False):
        raise UsageError("the native executable cannot send itself: use shannot.pyz, or a checkout")
    root = Path(shannot.__file__).resolve().parent.parent
    if root.is_file():
        data = root.read_bytes()
    else:
        data = _made(root, Path(own_directory(kept)))
    return Program(data, sha256(data).hexdigest())


def _made(root: Path, kept: Path) -> bytes:
    stands = kept / f"built-{_fingerprint(root)}.pyz"
    try:
        return _own_file(stands)
    except FileNotFoundError:
        pass
    held = os.open(kept, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Several machines are reached at once, or several processes do so: one makes it for all.
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            return _own_file(stands)
        except FileNotFoundError:
            return _make(root, kept, stands)
    finally:
        os.close(held)


def _make(root: Path, kept: Path, stands: Path) -> bytes:
    from .single_file import archive  # seldom needed

    data = archive(root)
    new = stands.with_name(f".{stands.name}.{os.getpid()}")
    try:
        host_fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(host_fd, "wb") as file:
            file.write(data)
        for old in kept.glob("built-*.pyz"):
            old.unlink(missing_ok=True)
        new.replace(stands)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise ShannotError(f"{stands}: cannot be written: {error.strerror}") from None
    return data


def _own_file(path: Path) -> bytes:
    """Raises FileNotFoundError; ShannotError for anything but a file of ours."""
    try:
        host_fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ShannotError(f"{path}: {error.strerror}; remove it") from None
    with open(host_fd, "rb") as file:
        status = os.fstat(host_fd)
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise ShannotError(f"{path}: others may have written it; remove it")
        return file.read()


def _fingerprint(root: Path) -> str:
    """Of the sources by name, size and time, and of the interpreter that compiles them."""
    found = sha256(sys.version.encode())
    for place, directories, names in os.walk(root / "shannot"):
        directories.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                path = os.path.join(place, name)
                status = os.stat(path)
                line = f"{path} {status.st_size} {status.st_mtime_ns}\n"
                found.update(line.encode("utf-8", "surrogateescape"))
    return found.hexdigest()[:32]
