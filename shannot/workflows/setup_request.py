"""What a face asks `setup.py` for, who is told meanwhile, and how it ended: values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from shannot.sandbox.runtimes import tar_stream, web
from shannot.sandbox.runtimes.installed_note import Note
from shannot.sandbox.runtimes.releases import RELEASES, Release


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is taken from a server and out of an archive, and how long is waited."""

    web: web.Bounds = field(default_factory=web.Bounds)
    archive: tar_stream.Bounds = field(default_factory=tar_stream.Bounds)
    lock: float = 1800.0
    """Seconds for another set-up to end."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to install. Without sources: the public release of this platform."""

    sources: tuple[str, ...] = ()
    """Files, directories and addresses, as `--from` takes them."""
    checksums: tuple[str, ...] = ()
    """SHA-256 of the first source, the second, and so on."""
    force: bool = False
    """Also where another one is installed, or this one."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Whose state directory, and which platform."""

    state: str
    uid: int
    platform: tuple[str, str]
    """(`sys.platform`, the machine of uname(2))."""
    now: int
    """Seconds since 1970."""
    known: Mapping[tuple[str, str], Release] = field(default_factory=lambda: RELEASES)

    def pins(self) -> dict[str, str]:
        """The checksums of public archives, by file name."""
        return {
            archive.name: archive.sha256
            for release in self.known.values()
            for archive in (release.program, release.library)
        }


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told what happens meanwhile."""

    fact: Callable[[str], None]
    """One line, escaped."""
    progress: Callable[[str, int, int | None], None]
    """(what is done, bytes so far, bytes in all if that is known)."""


@dataclass(frozen=True, slots=True)
class Report:
    """How it ended."""

    action: Literal["installed", "replaced", "present", "removed", "absent"]
    directory: str
    note: Note | None
    """What is installed now."""
