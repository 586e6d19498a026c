"""What stands at a path: compared with what was recorded, and saved, before it changes.

One reading serves both, so what is saved is what was compared. Called by `steps.py`; rollback
reads what is kept here through the journal.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from errno import ENOSYS, ENOTSUP
from hashlib import sha256

from shannot.effects.model import Entry, Fingerprint, Unread, UnreadKind
from shannot.effects.unread import kind_of, unread_directory
from shannot.sessions.blobs import BlobDirectory, hash_descriptor
from shannot.sessions.disks import Disks
from shannot.sessions.journal_lines import Saved
from shannot.sessions.place import ConflictError, Place, open_below

# What these grant belongs to the old contents: write(2) itself takes the capabilities away, and
# the integrity labels are signatures of the contents.
SIGNATURES = frozenset({"security.ima", "security.evm"})
BOUND_TO_CONTENTS = SIGNATURES | {"security.capability"}

NOT_IN_PLAN = "it is not in the plan: it is new, or the script could not see it"


class Checkpoint:
    """Compares and saves. With `blobs` the contents are kept as well."""

    __slots__ = ("_blobs", "_disks")

    def __init__(self, blobs: BlobDirectory, disks: Disks) -> None:
        self._blobs = blobs
        self._disks = disks

    def save(self, place: Place, expected: Fingerprint | None, keep: bool = True) -> Saved:
        """The entry, which must be as expected. ConflictError says how it is not.

        keep: its contents will be lost, so a copy of them is saved.
        """
        return self.save_found(place, place.look(), expected, keep)

    def save_found(
        self,
        place: Place,
        found: os.stat_result | None,
        expected: Fingerprint | None,
        keep: bool = True,
    ) -> Saved:
        """The same of what was just looked at."""
        if found is None or expected is None:
            if found is not None:
                raise ConflictError(place.path, "something stands there now")
            if expected is not None:
                raise ConflictError(place.path, "it is not there any more")
            return Saved(place.path, "nothing")
        saved, fingerprint = self._read(place, found, keep)
        changed = difference(expected, fingerprint)
        if changed:
            raise ConflictError(place.path, changed)
        return saved

    def save_tree(
        self,
        place: Place,
        expected: Fingerprint,
        entries: tuple[Entry, ...],
        keep: bool = True,
        partial: bool = False,
        unread: tuple[Unread, ...] = (),
    ) -> tuple[Saved, ...]:
        """The directory and everything below it, parents first: no more and no less than entries.

        partial: a deletion was interrupted, so some may be gone. unread: what else is there; it
        is compared by kind only, and not saved.
        """
        top = self.save(place, expected, keep)
        if expected.kind != "directory":
            return (top,)
        recorded = {entry.path: entry.fingerprint for entry in entries}
        only_known = {entry.path: entry for entry in unread}
        saved = [top]
        fd = place.open(os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            waiting = [("", name) for name in sorted(os.listdir(fd), reverse=True)]
            while waiting:
                parent, name = waiting.pop()
                relative = f"{parent}/{name}" if parent else name
                path = f"{place.path}/{relative}"
                if relative in only_known:
                    with open_below(fd, relative, path) as below:
                        _compare_unread(below, only_known.pop(relative))
                    continue
                fingerprint = recorded.pop(relative, None)
                if fingerprint is None:
                    raise ConflictError(path, NOT_IN_PLAN)
                with open_below(fd, relative, path) as below:
                    saved.append(self.save(below, fingerprint, keep))
                    if fingerprint.kind == "directory":
                        names = _names(below)
                        waiting += [(relative, name) for name in sorted(names, reverse=True)]
        finally:
            os.close(fd)
        missing = [*recorded, *only_known]
        if missing and not partial:
            raise ConflictError(f"{place.path}/{missing[0]}", "it is not there any more")
        return tuple(saved)

    def describe(self, place: Place) -> Saved:
        """A file that stays as it is, with the hash of what it holds. ConflictError."""
        found = place.look()
        if found is None or not stat.S_ISREG(found.st_mode):
            raise ConflictError(place.path, "it is no file that could have a second name now")
        return self._read_file(place, keep=False)[0]

    def _read(self, place: Place, found: os.stat_result, keep: bool) -> tuple[Saved, Fingerprint]:
        mode = stat.S_IMODE(found.st_mode)
        owner = found.st_uid, found.st_gid
        if stat.S_ISLNK(found.st_mode):
            target = os.readlink(place.name, dir_fd=place.directory_fd)
            digest = sha256(os.fsencode(target)).hexdigest()
            fingerprint = Fingerprint("link", 0, digest, len(os.fsencode(target)))
            return (
                Saved(place.path, "link", 0, *owner, found.st_mtime_ns, target=target),
                fingerprint,
            )
        if stat.S_ISDIR(found.st_mode):
            attributes = _directory_attributes(place) if keep else ()
            saved = Saved(
                place.path, "directory", mode, *owner, found.st_mtime_ns, attributes=attributes
            )
            return saved, Fingerprint("directory", mode)
        if not stat.S_ISREG(found.st_mode):
            raise ConflictError(place.path, f"it is a {kind_of(found.st_mode)} now")
        return self._read_file(place, keep)

    def _read_file(self, place: Place, keep: bool) -> tuple[Saved, Fingerprint]:
        fd = place.open()
        try:
            found = os.fstat(fd)
            if keep:
                digest, size = self._blobs.put_descriptor(fd, self._disks.written)
            else:
                digest, size = hash_descriptor(fd)
            attributes = _hexadecimal(read_attributes(fd, SIGNATURES)) if keep else ()
        finally:
            os.close(fd)
        mode = stat.S_IMODE(found.st_mode)
        saved = Saved(
            place.path,
            "file",
            mode,
            found.st_uid,
            found.st_gid,
            found.st_mtime_ns,
            digest,
            attributes=attributes,
            size=size,
            inode=f"{found.st_dev}:{found.st_ino}",
            names=found.st_nlink if found.st_nlink > 1 else 0,
        )
        return saved, Fingerprint("file", mode, digest, size)


def _directory_attributes(place: Place) -> tuple[tuple[str, str], ...]:
    try:
        fd = place.open(os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except PermissionError:
        return ()  # it cannot be listed either, so nothing in it can be deleted
    try:
        return _hexadecimal(read_attributes(fd, SIGNATURES))
    finally:
        os.close(fd)


def _hexadecimal(attributes: dict[str, bytes]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value.hex()) for name, value in attributes.items())


def difference(expected: Fingerprint | None, found: Fingerprint | None) -> str:
    """How what stands at a path is not what was expected, in a few words; empty where it is."""
    if expected == found:
        return ""
    if expected is None or found is None:
        return "something stands there now" if expected is None else "it is not there any more"
    if expected.kind != found.kind:
        return f"it is a {found.kind} now, not a {expected.kind}"
    if (expected.sha256, expected.size) != (found.sha256, found.size):
        what = "it points elsewhere" if found.kind == "link" else "its contents have changed"
        return f"{what} since the script ran"
    return f"its mode is {found.mode:04o} now, not {expected.mode:04o}"


def read_attributes(fd: int, without: Collection[str] = BOUND_TO_CONTENTS) -> dict[str, bytes]:
    """The extended attributes (access control lists among them) that belong to a file's name.

    without: the names of those that are left out.
    """
    try:
        names = os.listxattr(fd)
    except OSError as error:
        if error.errno not in (ENOTSUP, ENOSYS):
            raise  # or they would be lost with the file that is replaced
        return {}  # a filesystem without them
    return {name: os.getxattr(fd, name) for name in names if name not in without}


def difference_unread(expected: Unread, found: Unread) -> str:
    """The same for what was never read."""
    if expected == found:
        return ""
    if expected.kind != found.kind:
        return f"it is a {found.kind} now, not a {expected.kind}"
    return "what is in it is not what was there when the script ran"


def _compare_unread(place: Place, expected: Unread) -> None:
    """Raise ConflictError where what stands there is not of the recorded kind."""
    found = place.look()
    if found is None:
        raise ConflictError(place.path, "it is not there any more")
    present = Unread(expected.path, kind_of(found.st_mode))
    if present.kind == "directory":
        present = unread_directory(expected.path, _kinds_below(place))
    changed = difference_unread(expected, present)
    if changed:
        raise ConflictError(place.path, changed)


def _kinds_below(top: Place) -> Iterator[tuple[str, UnreadKind]]:
    """Every path below a directory with its kind; contents are not looked at."""
    fd = top.open(os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        waiting = os.listdir(fd)
        while waiting:
            relative = waiting.pop()
            with open_below(fd, relative, f"{top.path}/{relative}") as place:
                found = place.look()
                if found is None:
                    continue
                yield relative, kind_of(found.st_mode)
                if stat.S_ISDIR(found.st_mode):
                    waiting += [f"{relative}/{name}" for name in _names(place)]
    finally:
        os.close(fd)


def _names(place: Place) -> list[str]:
    fd = place.open(os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return os.listdir(fd)
    finally:
        os.close(fd)
