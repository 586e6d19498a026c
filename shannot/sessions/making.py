"""New files, directories and links, finished under a temporary name. Called by `steps.py` only."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

from shannot.effects.model import MakeDirectory, MakeLink, WriteFile
from shannot.sessions import metadata
from shannot.sessions.blobs import BlobDirectory, copy_descriptor
from shannot.sessions.checkpoint import BOUND_TO_CONTENTS, read_attributes
from shannot.sessions.disks import Disks
from shannot.sessions.files import write_all
from shannot.sessions.journal_lines import Saved
from shannot.sessions.place import ConflictError, Place

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Maker:
    """Makes what effects put in place."""

    __slots__ = ("_blobs", "_disks", "_known", "_restored")

    def __init__(
        self,
        blobs: BlobDirectory,
        disks: Disks,
        restored: Mapping[int, Saved],
        known: Mapping[str, bytes],
    ) -> None:
        """restored: by effect number, what the new thing is to be like in owner, attributes and
        time; the others are like what they replace, or like any new file. known: contents by their
        SHA-256."""
        self._known = known
        self._blobs = blobs
        self._disks = disks
        self._restored = restored

    def make(
        self,
        number: int,
        effect: WriteFile | MakeDirectory | MakeLink,
        beside: Place,
        place: Place | None,
        first: Place | None,
        present: Saved | None,
    ) -> None:
        """The new thing under the temporary name `beside`, of which nothing is left where it fails.

        place: where it will be put, None where that directory is not there yet; first: the first
        name of a hard link; present: what stands at the place, None where that is not known
        with its attributes. FileExistsError where the temporary name is taken, OSError.
        """
        try:
            match effect:
                case WriteFile():
                    self._write(number, effect, beside, place, present)
                case MakeDirectory():
                    self._make_directory(number, effect, beside)
                case MakeLink():
                    self._make_link(number, effect, beside, first)
        except FileExistsError:
            raise
        except BaseException:
            _discard(beside, isinstance(effect, MakeDirectory))
            raise

    def _write(
        self,
        number: int,
        effect: WriteFile,
        beside: Place,
        place: Place | None,
        present: Saved | None,
    ) -> None:
        fd = os.open(beside.name, _NEW, 0o600, dir_fd=beside.directory_fd)
        try:
            self._fill(fd, effect.after.sha256)
            saved = self._restored.get(number)
            if saved is not None:
                os.fchown(fd, saved.uid, saved.gid)
                _set_attributes(fd, saved)
            elif place is not None and effect.before is not None:
                _keep_owner(place, fd, present)
            os.fchmod(fd, effect.after.mode)
            if effect.mtime_ns is not None:
                os.utime(fd, ns=(effect.mtime_ns, effect.mtime_ns))
            self._disks.written(fd, beside)
        finally:
            os.close(fd)

    def _fill(self, fd: int, name: str) -> None:
        """The contents of this name, compared with it. MalformedError."""
        data = self._known.get(name)
        if data is not None:
            write_all(fd, data)
            return
        blob = self._blobs.open(name)
        try:
            found, _ = copy_descriptor(blob, fd)
        finally:
            os.close(blob)
        if found != name:
            raise self._blobs.changed(name)

    def _make_directory(self, number: int, effect: MakeDirectory, beside: Place) -> None:
        os.mkdir(beside.name, 0o700, dir_fd=beside.directory_fd)
        saved = self._restored.get(number)
        if saved is not None:
            _give(beside, saved)
            fd = beside.open(os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                _set_attributes(fd, saved)
            finally:
                os.close(fd)
        metadata.set_mode(beside, effect.mode)
        if effect.mtime_ns is not None:
            metadata.set_time(beside, effect.mtime_ns)

    def _make_link(self, number: int, effect: MakeLink, beside: Place, first: Place | None) -> None:
        if first is None:
            os.symlink(effect.target, beside.name, dir_fd=beside.directory_fd)
            saved = self._restored.get(number)
            if saved is not None:
                _give(beside, saved)
                metadata.set_time(beside, saved.mtime_ns)
            return
        found = first.look()
        if found is None or not stat.S_ISREG(found.st_mode):
            raise ConflictError(first.path, "it is no file that could have a second name now")
        os.link(
            first.name,
            beside.name,
            src_dir_fd=first.directory_fd,
            dst_dir_fd=beside.directory_fd,
            follow_symlinks=False,
        )


def _give(place: Place, saved: Saved) -> None:
    os.chown(place.name, saved.uid, saved.gid, dir_fd=place.directory_fd, follow_symlinks=False)


def _keep_owner(place: Place, new_fd: int, present: Saved | None) -> None:
    """The new file gets the owner and the extended attributes of the file it will replace."""
    if present is not None:
        if present.kind == "file":
            _keep(new_fd, (present.uid, present.gid), _attributes(present))
        return
    found = place.look()
    if found is None or not stat.S_ISREG(found.st_mode):
        return
    fd = place.open()
    try:
        attributes = read_attributes(fd)
    finally:
        os.close(fd)
    _keep(new_fd, (found.st_uid, found.st_gid), attributes)


def _keep(new_fd: int, owner: tuple[int, int], attributes: Mapping[str, bytes]) -> None:
    made = os.fstat(new_fd)
    if (made.st_uid, made.st_gid) != owner:
        os.fchown(new_fd, *owner)
    _exchange_attributes(new_fd, attributes)


def _attributes(saved: Saved) -> dict[str, bytes]:
    """Those that a file keeps whatever it holds."""
    given = ((name, bytes.fromhex(value)) for name, value in saved.attributes)
    return {name: value for name, value in given if name not in BOUND_TO_CONTENTS}


def _set_attributes(fd: int, saved: Saved) -> None:
    _exchange_attributes(fd, {name: bytes.fromhex(value) for name, value in saved.attributes})


def _exchange_attributes(fd: int, attributes: Mapping[str, bytes]) -> None:
    inherited = read_attributes(fd)  # from the defaults of the directory
    for name in inherited.keys() - attributes.keys():
        os.removexattr(fd, name)
    for name, value in attributes.items():
        if inherited.get(name) != value:
            os.setxattr(fd, name, value)


def _discard(place: Place, is_directory: bool) -> None:
    remove = os.rmdir if is_directory else os.unlink
    try:
        remove(place.name, dir_fd=place.directory_fd)
    except OSError:
        pass  # it was not even begun
