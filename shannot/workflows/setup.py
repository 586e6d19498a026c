"""`shannot setup pypy`: fetch, check, unpack and install the `pypy` runtime, or take it away.

Values in, a frozen report out; the face prints it, and what is told meanwhile. Everything is
gathered in a directory of its own and takes its place only when it is whole, and is what it should
be: until then an earlier installation stays as it was.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from shannot.effects.document import MalformedError
from shannot.errors import ShannotError, UnsuccessfulError, UsageError
from shannot.escape import escape
from shannot.sandbox.runtimes import installed_note
from shannot.sandbox.runtimes.installation import Place, contents_digest
from shannot.sandbox.runtimes.installed import pypy_directory
from shannot.sandbox.runtimes.installed_note import Note
from shannot.sandbox.runtimes.releases import Release
from shannot.sessions import files
from shannot.workflows.setup_request import Bounds, Listener, Machine, Report, Request
from shannot.workflows.setup_sources import (
    LocalArchive,
    Source,
    Unpacked,
    WebArchive,
    named_sources,
    public_sources,
)
from shannot.workflows.setup_staging import Staging, checksum_of


def remove_pypy(machine: Machine, listener: Listener, bounds: Bounds) -> Report:
    """Take the runtime away; what was never there is no error."""
    if not os.path.lexists(f"{machine.state}/runtime"):
        return Report("absent", pypy_directory(machine.state), None)
    place = _prepared(machine)
    with _told("remove", place), place.locked(_waiting(listener), bounds.lock):
        action: Literal["removed", "absent"] = "removed" if place.remove() else "absent"
    return Report(action, place.final, None)


def setup_pypy(request: Request, machine: Machine, listener: Listener, bounds: Bounds) -> Report:
    """Install the runtime.

    Errors: UsageError and NotFoundError for sources that are none, UnsuccessfulError for what could
    not be had, is not what it should be, or would replace another one without `force`; ShannotError
    where the state directory cannot be written.
    """
    release = machine.known.get(machine.platform)
    sources = _sources(request, machine, release)
    place = _prepared(machine)
    with _told("install", place), place.locked(_waiting(listener), bounds.lock):
        there = None if request.force else _installed(place.final, listener)
        if there is not None:
            if _is_made_of(there, sources):
                return Report("present", place.final, there)
            raise UnsuccessfulError(
                f"another PyPy is installed in {escape(place.final)} ({describe(there)});"
                " --force replaces it"
            )
        work = Staging(place, machine, listener, bounds)
        try:
            place.stage()
            work.gather(sources)
            work.complete(sources, release)
            note = work.checked()
            existed = os.path.lexists(place.final)
            place.switch()
        finally:
            place.unstage()
    return Report("replaced" if existed else "installed", place.final, note)


def describe(note: Note) -> str:
    """What an installation is, in a few words, escaped."""
    return escape(note.release or ", ".join(part.name for part in note.parts))


def _sources(request: Request, machine: Machine, release: Release | None) -> tuple[Source, ...]:
    if request.sources or request.checksums:
        return named_sources(request.sources, request.checksums, release, machine.pins())
    if release is None:
        raise UsageError(
            f"there is no public release for {' '.join(machine.platform)}: name the archives of"
            " one that was built for it with --from"
        )
    return public_sources(release)


def _prepared(machine: Machine) -> Place:
    """The place, its directory made and this user's alone."""
    runtime = f"{machine.state}/runtime"
    files.make_private(machine.state)
    files.make_private(runtime)
    try:
        os.close(files.open_directory(runtime, machine.uid))
    except OSError as error:
        raise ShannotError(f"cannot read {escape(runtime)}: {error.strerror}") from error
    return Place(machine.state)


@contextmanager
def _told(verb: str, place: Place) -> Iterator[None]:
    """What the machine refuses is the user's to mend."""
    try:
        yield
    except OSError as error:
        raise ShannotError(f"cannot {verb} {escape(place.final)}: {error.strerror}") from error


def _installed(directory: str, listener: Listener) -> Note | None:
    """What is installed, if it is whole and as it was installed."""
    if not os.path.lexists(directory):
        return None
    try:
        note = installed_note.read(directory)
        if note is not None and contents_digest(directory) == note.contents_sha256:
            return note
    except (MalformedError, OSError):
        note = Note("", (), "", 0)
    if note is None:
        raise UnsuccessfulError(
            f"{escape(directory)} was not made by `shannot setup`; --force replaces it"
        )
    listener.fact("what is installed is damaged and will be replaced")
    return None


def _is_made_of(note: Note, sources: Sequence[Source]) -> bool:
    """Would these sources give what is installed already?"""
    known = {part.sha256 for part in note.parts}
    for source in sources:
        match source:
            case Unpacked(path):
                try:
                    if contents_digest(path) != note.contents_sha256:
                        return False
                except OSError:
                    return False
            case LocalArchive(path, checksum):
                if (checksum or checksum_of(path)) not in known:
                    return False
            case WebArchive():
                if source.sha256 not in known:
                    return False
    return True


def _waiting(listener: Listener) -> Callable[[], None]:
    return lambda: listener.fact("another set-up is working; waiting until it is done")
