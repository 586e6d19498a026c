"""Gathering the parts of a PyPy in a directory of their own, each checked before it is unpacked.

For `setup.py`, which holds the lock, and puts the whole into its place.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from hashlib import file_digest

from shannot.errors import ShannotError, UnsuccessfulError, UsageError
from shannot.escape import escape
from shannot.sandbox.runtimes import download, installed_note, unpack, web
from shannot.sandbox.runtimes.installation import Place, contents_digest
from shannot.sandbox.runtimes.installed import (
    BINARY,
    LIBRARIES,
    STANDARD_LIBRARY,
    Dump,
    check,
    check_program,
    missing_parts,
)
from shannot.sandbox.runtimes.installed_note import Note, Part
from shannot.sandbox.runtimes.releases import Release
from shannot.sandbox.runtimes.versions import library_version, program_version
from shannot.workflows.setup_request import Bounds, Listener, Machine
from shannot.workflows.setup_sources import (
    LocalArchive,
    Source,
    Unpacked,
    WebArchive,
    library_for,
)

_MODULE = "lib-python/3/os.py"
"""What every standard library of Python 3 has, as PyPy lays it out."""


class Staging:
    """One installation on its way."""

    def __init__(self, place: Place, machine: Machine, listener: Listener, bounds: Bounds) -> None:
        self._place = place
        self._machine = machine
        self._listener = listener
        self._bounds = bounds
        self._there: set[str] = set()
        """Names of the parts that are staged."""
        self._parts: list[Part] = []

    def gather(self, sources: Sequence[Source]) -> None:
        """Stage what each source has and none before it had."""
        for source in sources:
            wanted = self._wanted()
            if wanted:
                self._add(source, wanted)

    def complete(self, sources: Sequence[Source], release: Release | None) -> None:
        """Find the standard library, where the sources held a program alone."""
        missing = missing_parts(self._place.staging)
        source = library_for(sources, release)
        if BINARY not in missing and missing and source is not None:
            if isinstance(source, WebArchive):
                self._tried(check_program)  # before anything is fetched in vain
            self._add(source, self._wanted())
            missing = missing_parts(self._place.staging)
        if missing:
            raise UnsuccessfulError(
                f"there is no {missing[0]} in what was named; a program and a standard library"
                " make a PyPy: `--from` may be given for each"
            )
        if not os.path.isfile(f"{self._place.staging}/{_MODULE}"):
            raise UnsuccessfulError(f"the standard library has no {_MODULE}: it is another one")
        if self._release():
            return  # a pair that is known to belong together
        program = program_version(self._place.staging)
        library = library_version(self._place.staging)
        if program and library and program != library:
            raise UnsuccessfulError(
                f"the program is Python {program} and the standard library {library}: name the"
                " library that belongs to it with a second --from; nothing was installed"
            )

    def checked(self) -> Note:
        """Try what is staged, and write the note."""
        self._tried(check)
        note = Note(
            self._release(),
            tuple(self._parts),
            contents_digest(self._place.staging),
            self._machine.now,
        )
        installed_note.write(self._place.staging, note)
        return note

    def _tried(self, trial: Callable[[str], Dump]) -> None:
        """Errors: UnsuccessfulError where the trial of what is staged fails."""
        try:
            dump = trial(self._place.staging)
        except ShannotError as error:
            raise UnsuccessfulError(f"{error}; nothing was installed") from error
        if dump.platform != self._machine.platform[0]:
            raise UnsuccessfulError(
                f"this PyPy was made for {escape(dump.platform)[:40]}; nothing was installed"
            )

    def _release(self) -> str:
        """The public release's name, if that is what is staged, wherever it came from."""
        sums = {part.sha256 for part in self._parts}
        for release in self._machine.known.values():
            if sums == {release.program.sha256, release.library.sha256}:
                return release.name
        return ""

    def _wanted(self) -> frozenset[str]:
        """A library belongs to the program it came with."""
        libraries = () if BINARY in self._there else LIBRARIES
        return frozenset({BINARY, *libraries, *STANDARD_LIBRARY} - self._there)

    def _add(self, source: Source, wanted: frozenset[str]) -> None:
        staging, archive_bounds = self._place.staging, self._bounds.archive
        if isinstance(source, Unpacked):
            found, checksum = unpack.copy(source.path, staging, wanted, archive_bounds), None
        else:
            path, checksum = self._archive(source)
            what = f"unpacking {escape(source.name)}"
            found = unpack.unpack(
                unpack.Archive(path, source.name),
                staging,
                wanted,
                lambda done, total: self._listener.progress(what, done, total),
                archive_bounds,
            )
        if not found:
            raise UnsuccessfulError(
                f"{escape(source.name)} holds nothing of a PyPy that was not there already"
            )
        self._there |= found
        self._parts.append(Part(source.name, checksum))

    def _archive(self, source: WebArchive | LocalArchive) -> tuple[str, str]:
        """(path, SHA-256) of the archive, checked."""
        if isinstance(source, WebArchive):
            path = f"{self._place.downloads}/{source.sha256}"
            what = f"downloading {escape(source.name)}"
            self._listener.fact(f"downloading {web.shown(source.url)}")
            download.download(
                download.Transfer(source.url, source.sha256, path, source.secure),
                lambda done, total: self._listener.progress(what, done, total),
                self._bounds.web,
            )
            return path, source.sha256
        found = checksum_of(source.path)
        if source.sha256 is None:
            if self._machine.pins().get(source.name, found) != found:
                self._listener.fact(
                    f"{escape(source.name)} is not the public archive of that name: its sha256 is"
                    f" {found}"
                )
            return source.path, found
        # What is checked and what is unpacked must be one thing, whoever can write to the other.
        path = f"{self._place.downloads}/{source.sha256}"
        _copy_file(source.path, path)
        found = checksum_of(path)
        if found != source.sha256:
            os.unlink(path)
            raise UnsuccessfulError(
                f"{escape(source.path)} is not the expected file: its sha256 is {found},"
                f" expected {source.sha256}; nothing was installed"
            )
        return path, found


def checksum_of(path: str) -> str:
    """SHA-256 of a file, in hexadecimal digits. UsageError where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read {escape(path)}: {error.strerror}")


def _copy_file(source: str, path: str) -> None:
    try:
        with open(source, "rb") as file, open(path, "wb") as copy:
            shutil.copyfileobj(file, copy)
    except OSError as error:
        raise ShannotError(f"cannot copy {escape(source)} to {escape(path)}: {error.strerror}")
