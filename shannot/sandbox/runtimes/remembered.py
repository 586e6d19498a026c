"""Which PyPy was found to be the right one: remembered by its contents, so that it is tried once.

What is looked at at each start is only whether the files are still the same ones, by their status;
where they are not, their contents are hashed, and where these are new, the binary is tried again.
"""

from __future__ import annotations

import os

from shannot.errors import NotFoundError

from .installed import BINARY, LIBRARIES, check, missing_parts, pypy_directory

_SIZE_MAX = 4096  # bytes of the note
_PIECE = 1 << 20


def require(state: str) -> str:
    """The path of the installed binary, which is the right one. Errors: as `installed.check`."""
    directory = pypy_directory(state)
    if missing_parts(directory):
        raise NotFoundError("no PyPy is installed: run `shannot setup pypy`")
    note = f"{directory}.checked"
    status = _status_of(directory)
    known_contents, known_status = _read(note)
    if known_status != status:
        contents = _contents_of(directory)
        if contents != known_contents:
            check(directory)
        _write(note, f"{contents}\n{status}\n")
    return f"{directory}/{BINARY}"


def _files(directory: str) -> list[str]:
    names = (BINARY, *LIBRARIES)
    return [path for name in names if os.path.exists(path := f"{directory}/{name}")]


def _status_of(directory: str) -> str:
    """Device, inode, size and times of each file: what changes when anything is put there."""
    parts = []
    for path in _files(directory):
        found = os.stat(path)
        numbers = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        parts.append(".".join(map(str, numbers)))
    return " ".join(parts)


def _contents_of(directory: str) -> str:
    """The sha256 of each file."""
    from hashlib import sha256  # only where something is new

    parts = []
    for path in _files(directory):
        digest = sha256()
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
        parts.append(digest.hexdigest())
    return " ".join(parts)


def _read(note: str) -> tuple[str, str]:
    """(contents, status) of what was found right; empty where nothing was."""
    try:
        host_fd = os.open(note, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return "", ""
    try:
        lines = os.read(host_fd, _SIZE_MAX).decode("ascii", "replace").split("\n")
    finally:
        os.close(host_fd)
    return (lines[0], lines[1]) if len(lines) == 3 and not lines[2] else ("", "")


def _write(note: str, text: str) -> None:
    """In one step. A note that cannot be kept costs a second look, nothing else."""
    draft = f"{note}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        host_fd = os.open(draft, flags, 0o600)
        try:
            os.write(host_fd, text.encode("ascii"))
        finally:
            os.close(host_fd)
        os.replace(draft, note)
    except OSError:
        return
