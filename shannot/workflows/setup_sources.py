"""Where a PyPy is to come from: the public release, or what `--from` and `--sha256` name.

For `setup.py`. Whatever comes over the network has a checksum before the first byte is asked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shannot.errors import NotFoundError, UsageError
from shannot.escape import escape
from shannot.sandbox.runtimes.installed import BINARY, STANDARD_LIBRARY
from shannot.sandbox.runtimes.releases import Archive, Release
from shannot.sandbox.runtimes.web import check_address, shown

_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")
_ARCHIVE = re.compile(r"\.(tar|tgz|tbz2?|tar\.(gz|bz2))\Z")
_MOST = 8
"""Archives of a directory that are tried."""


@dataclass(frozen=True, slots=True)
class WebArchive:
    """An archive to download."""

    url: str
    sha256: str
    secure: bool
    """https alone."""

    @property
    def name(self) -> str:
        """For people, and for the note."""
        return shown(self.url).rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class LocalArchive:
    """An archive that is there."""

    path: str
    sha256: str | None
    """None: whatever it is."""

    @property
    def name(self) -> str:
        """For people, and for the note."""
        return os.path.basename(self.path)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A directory with the unpacked files, or some of them."""

    path: str

    @property
    def name(self) -> str:
        """For people, and for the note."""
        return self.path


Source = WebArchive | LocalArchive | Unpacked


def public_sources(release: Release) -> tuple[Source, ...]:
    """The pinned archives of a release."""
    return tuple(_pinned(archive) for archive in (release.program, release.library))


def named_sources(
    words: Sequence[str],
    checksums: Sequence[str],
    release: Release | None,
    pins: Mapping[str, str],
) -> tuple[Source, ...]:
    """What --from names, in order; the first --sha256 belongs to the first --from, and so on.

    release: the public one of this platform, for a directory of archives; pins: the checksums of
    archives that are known by name. Errors: UsageError, NotFoundError.
    """
    if len(checksums) > len(words):
        raise UsageError("--sha256 belongs to a --from; there are more of them")
    for text in checksums:
        if not _SHA256.match(text):
            raise UsageError(f"--sha256: not 64 hexadecimal digits: {escape(text)[:80]}")
    found: list[Source] = []
    for number, word in enumerate(words):
        checksum = checksums[number].lower() if number < len(checksums) else None
        if "://" in word:
            found += _from_web(word, checksum, release, pins)
        else:
            found += _from_disk(word, checksum, release)
    return tuple(found)


def library_for(sources: Sequence[Source], release: Release | None) -> Source | None:
    """Where the standard library is, when none was named: beside the archive, or the public one."""
    if release is None:
        return None
    for source in sources:
        if isinstance(source, LocalArchive):
            path = os.path.join(os.path.dirname(source.path), release.library.name)
            if os.path.isfile(path):
                return LocalArchive(path, None)
    return _pinned(release.library)


def _pinned(archive: Archive) -> WebArchive:
    return WebArchive(archive.url, archive.sha256, secure=True)


def _from_web(
    url: str, checksum: str | None, release: Release | None, pins: Mapping[str, str]
) -> list[Source]:
    """One archive, or with a `/` at the end the public ones from another place."""
    check_address(url, secure=False)
    if url.endswith("/"):
        if checksum is not None:
            raise UsageError("--sha256 is for one archive, and a directory was named")
        if release is None:
            raise UsageError("there is no public release for this platform: name each archive")
        return [
            WebArchive(url + archive.name, archive.sha256, secure=False)
            for archive in (release.program, release.library)
        ]
    checksum = checksum or pins.get(shown(url).rpartition("/")[2])
    if checksum is None:
        raise UsageError(
            f"--sha256 is missing: what {shown(url)} gives is only taken with a known checksum"
        )
    return [WebArchive(url, checksum, secure=False)]


def _from_disk(path: str, checksum: str | None, release: Release | None) -> list[Source]:
    if not path:
        raise UsageError("--from: no file, directory or address is named")
    path = os.path.abspath(os.path.expanduser(path))
    if not os.path.isdir(path):
        if not os.path.exists(path):
            raise NotFoundError(f"no such file or directory: {escape(path)}")
        return [_archive(path, checksum)]
    if checksum is not None:
        raise UsageError("--sha256 is for one archive, and a directory was named")
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise UsageError(f"cannot read {escape(path)}: {error.strerror}")
    found: list[Source] = []
    if {BINARY, *STANDARD_LIBRARY} & set(names):
        found.append(Unpacked(path))
    if not {BINARY, *STANDARD_LIBRARY} <= set(names):
        found += [_archive(f"{path}/{name}", None) for name in _archives(names, release)]
    if not found:
        raise NotFoundError(
            f"{escape(path)} holds neither {BINARY} nor an archive (.tar.gz, .tar.bz2)"
        )
    return found


def _archive(path: str, checksum: str | None) -> LocalArchive:
    """A pipe or a device is read twice, or without an end: refused with UsageError."""
    if not os.path.isfile(path):
        raise UsageError(f"{escape(path)} is no plain file")
    return LocalArchive(path, checksum)


def _archives(names: Sequence[str], release: Release | None) -> list[str]:
    """Those of this platform's release, where they are there; else all."""
    if release is not None:
        public = [release.program.name, release.library.name]
        if release.program.name in names:
            return [name for name in public if name in names]
    found = [name for name in names if _ARCHIVE.search(name)]
    if len(found) > _MOST:
        raise UsageError(f"the directory holds {len(found)} archives: name each with a --from")
    return found
