"""The note beside an installed PyPy: what it was made of, so that a second set-up can tell.

Written by `workflows/setup.py`, read by it, by `status` and by `doctor`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from shannot.effects.document import Document, MalformedError, dump, parse
from shannot.errors import ShannotError
from shannot.escape import escape

NAME = "installed.json"
_FORMAT = 1
_MAX = 64 << 10  # bytes
_ARCHIVES_MAX = 16


@dataclass(frozen=True, slots=True)
class Part:
    """An archive, or a directory of unpacked files, that an installation was made of."""

    name: str
    """The file's name without a directory, or a whole directory."""
    sha256: str | None
    """None of a directory."""


@dataclass(frozen=True, slots=True)
class Note:
    """What stands in the note."""

    release: str
    """The public release's name; "" for any other."""
    parts: tuple[Part, ...]
    contents_sha256: str
    """As `installation.contents_digest`."""
    installed: int
    """Seconds since 1970."""

    def to_json(self) -> dict[str, object]:
        """The document."""
        return {
            "format": _FORMAT,
            "release": self.release,
            "parts": [{"name": part.name, "sha256": part.sha256} for part in self.parts],
            "contents_sha256": self.contents_sha256,
            "installed": self.installed,
        }


def write(directory: str, note: Note) -> None:
    """Put the note into a directory that has none. Errors: OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(f"{directory}/{NAME}", flags, 0o600), "wb") as file:
        file.write(dump(note.to_json()).encode("ascii"))


def read(directory: str) -> Note | None:
    """The note in a directory; None where there is none. MalformedError where it is damaged."""
    path = f"{directory}/{NAME}"
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(path, flags), "rb") as file:
            data = file.read(_MAX + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ShannotError(f"{escape(path)} cannot be read: {error.strerror}") from error
    if len(data) > _MAX:
        raise MalformedError(f"{escape(path)} is larger than {_MAX} bytes")
    return from_json(parse(data, escape(path)))


def from_json(document: Document) -> Note:
    """Raises MalformedError."""
    document.integer("format", _FORMAT, _FORMAT)
    parts = []
    for child in document.children("parts", _ARCHIVES_MAX):
        parts.append(Part(child.text("name", 4096), child.optional_sha256("sha256")))
        child.finish()
    note = Note(
        document.text("release", 100),
        tuple(parts),
        document.sha256("contents_sha256"),
        document.integer("installed"),
    )
    document.finish()
    return note
