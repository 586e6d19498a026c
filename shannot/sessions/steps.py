"""One file effect on the host: first compared and saved, then done, each in one atomic move.

Called by `apply.py` only, which writes the journal between the two halves. Both work in the same
open directories, so the path cannot be turned elsewhere in between.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256

from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    ChangeTimes,
    DeletePath,
    MakeDirectory,
    MakeLink,
    MovePath,
    WriteFile,
)
from shannot.sessions import libc, metadata
from shannot.sessions.blobs import BlobDirectory, copy_descriptor
from shannot.sessions.checkpoint import Checkpoint, read_attributes
from shannot.sessions.journal import Saved
from shannot.sessions.place import ConflictError, Place, Protected, open_below, open_place

FileEffect = (
    WriteFile
    | DeletePath
    | MakeDirectory
    | MakeLink
    | MovePath
    | ChangeMode
    | ChangeOwner
    | ChangeTimes
)


class Step:
    """One effect, with the directories it works in open."""

    __slots__ = ("_blobs", "_checkpoint", "_effect", "_other", "_place", "_temporary")

    def __init__(
        self,
        effect: FileEffect,
        place: Place,
        other: Place,
        blobs: BlobDirectory,
        checkpoint: Checkpoint,
        temporary: Place,
    ) -> None:
        self._effect = effect
        self._place = place
        self._other = other  # the source of a move, the first name of a hard link, else place
        self._blobs = blobs
        self._checkpoint = checkpoint
        self._temporary = temporary  # a name beside place: the new thing is finished there

    def save(self, partial: bool) -> tuple[Saved, ...]:
        """Compare with what was recorded, and keep what will be lost. ConflictError.

        partial: the effect was begun before and not ended.
        """
        place, checkpoint = self._place, self._checkpoint
        match self._effect:
            case WriteFile(before=before):
                _check_single(place)
                return (checkpoint.save(place, before),)
            case MakeLink(before=before):
                return (checkpoint.save(place, before),)
            case MakeDirectory():
                return (checkpoint.save(place, None),)
            case DeletePath(before=before, entries=entries):
                return checkpoint.save_tree(place, before, entries, partial=partial)
            case MovePath(before=before, entries=entries, replaced=replaced, unread=unread):
                other = self._other
                moved = checkpoint.save_tree(other, before, entries, keep=False, unread=unread)
                return (moved[0], checkpoint.save(place, replaced))
            case ChangeMode() | ChangeOwner() | ChangeTimes():
                return (metadata.save(place, self._effect, partial),)

    def change(self, present: tuple[Saved, ...], original: tuple[Saved, ...]) -> None:
        """Do it. OSError where the host refuses, ConflictError where something came between.

        present: what `save` found now; original: when the effect was begun for the first time.
        """
        place, effect = self._place, self._effect
        self.clean()
        try:
            match effect:
                case WriteFile():
                    self._write(effect)
                case DeletePath():
                    _delete(place, present)
                case MakeDirectory():
                    self._make_directory(effect)
                case MakeLink():
                    self._make_link(effect)
                case MovePath():
                    _put(self._other, place, new=effect.replaced is None)
                    self._other.sync()
                case ChangeMode() | ChangeOwner() | ChangeTimes():
                    metadata.change(place, effect, original[0])
        finally:
            self.clean()
        place.sync()

    def clean(self) -> None:
        """Remove what a killed step left over."""
        found = self._temporary.look()
        if found is not None:
            _remove(self._temporary, stat.S_ISDIR(found.st_mode))

    def _write(self, effect: WriteFile) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(self._temporary.name, flags, 0o600, dir_fd=self._temporary.directory_fd)
        try:
            blob = self._blobs.open(effect.after.sha256)
            try:
                found, _ = copy_descriptor(blob, fd)
            finally:
                os.close(blob)
            if found != effect.after.sha256:
                raise self._blobs.changed(effect.after.sha256)
            _keep_owner(self._place, fd)
            os.fchmod(fd, effect.after.mode)
            if effect.mtime_ns is not None:
                os.utime(fd, ns=(effect.mtime_ns, effect.mtime_ns))
            os.fsync(fd)
        finally:
            os.close(fd)
        _put(self._temporary, self._place, new=effect.before is None)

    def _make_directory(self, effect: MakeDirectory) -> None:
        os.mkdir(self._temporary.name, 0o700, dir_fd=self._temporary.directory_fd)
        metadata.set_mode(self._temporary, effect.mode)
        if effect.mtime_ns is not None:
            metadata.set_time(self._temporary, effect.mtime_ns)
        _put(self._temporary, self._place, new=True)

    def _make_link(self, effect: MakeLink) -> None:
        temporary, target = self._temporary, self._other
        if effect.hard:
            found = target.look()
            if found is None or not stat.S_ISREG(found.st_mode):
                raise ConflictError(target.path, "it is no file that could have a second name now")
            os.link(
                target.name,
                temporary.name,
                src_dir_fd=target.directory_fd,
                dst_dir_fd=temporary.directory_fd,
                follow_symlinks=False,
            )
        else:
            os.symlink(effect.target, temporary.name, dir_fd=temporary.directory_fd)
        _put(temporary, self._place, new=effect.before is None)


class Steps:
    """Opens the file effects of one session, anywhere but in protected places."""

    __slots__ = ("_blobs", "_checkpoint", "_protected", "_temporary")

    def __init__(
        self, session_id: str, blobs: BlobDirectory, kept: BlobDirectory, protected: Protected
    ) -> None:
        """blobs: the contents to write; kept: where what they replace goes."""
        self._blobs = blobs
        self._checkpoint = Checkpoint(kept)
        self._protected = protected
        # The same name again after a kill, so that what was left over is found; no other's.
        self._temporary = f".shannot-{sha256(session_id.encode('ascii')).hexdigest()[:16]}"

    @contextmanager
    def open(self, effect: FileEffect) -> Iterator[Step]:
        """The step of one effect. ConflictError where its path leads elsewhere now."""
        with ExitStack() as stack:
            other = place = stack.enter_context(open_place(effect.path, self._protected))
            match effect:
                case MovePath(source=path) | MakeLink(hard=True, target=path):
                    other = stack.enter_context(open_place(path, self._protected))
                case _:
                    pass
            temporary = place.sibling(self._temporary)
            yield Step(effect, place, other, self._blobs, self._checkpoint, temporary)

    def settle(self, effect: MakeDirectory) -> None:
        """Give a directory the mode and the time that were recorded, now that it is filled."""
        try:
            with open_place(effect.path, self._protected) as place:
                found = place.look()
                if found is None or not stat.S_ISDIR(found.st_mode):
                    return
                if stat.S_IMODE(found.st_mode) == effect.mode | 0o700 != effect.mode:
                    metadata.set_mode(place, effect.mode)
                if effect.mtime_ns is not None:
                    metadata.set_time(place, effect.mtime_ns)
        except (ConflictError, OSError):
            pass  # moved or deleted by a later effect


def _put(source: Place, place: Place, new: bool) -> None:
    """Rename source to place; where nothing was to be replaced, nothing is."""
    if not new:
        os.rename(
            source.name, place.name, src_dir_fd=source.directory_fd, dst_dir_fd=place.directory_fd
        )
        return
    try:
        libc.rename_new(source.name, source.directory_fd, place.name, place.directory_fd)
    except FileExistsError:
        raise ConflictError(place.path, "something stands there now")


def _check_single(place: Place) -> None:
    """Other names of a file that is replaced would silently keep what it held. ConflictError."""
    found = place.look()
    if found is not None and stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
        raise ConflictError(place.path, metadata.would_part(found.st_nlink))


def _keep_owner(place: Place, new_fd: int) -> None:
    """The new file gets the owner and the extended attributes of the file it will replace."""
    found = place.look()
    if found is None or not stat.S_ISREG(found.st_mode):
        return
    made = os.fstat(new_fd)
    if (made.st_uid, made.st_gid) != (found.st_uid, found.st_gid):
        os.fchown(new_fd, found.st_uid, found.st_gid)
    fd = place.open()
    try:
        attributes = read_attributes(fd)
    finally:
        os.close(fd)
    inherited = read_attributes(new_fd)  # from the defaults of the directory
    for name in inherited.keys() - attributes.keys():
        os.removexattr(new_fd, name)
    for name, value in attributes.items():
        if inherited.get(name) != value:
            os.setxattr(new_fd, name, value)


def _delete(place: Place, present: tuple[Saved, ...]) -> None:
    """Only what was compared goes: rmdir(2) fails where something was added since."""
    top, *below = present
    if top.kind != "directory":
        _remove(place, False)
        return
    fd = place.open(os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for saved in reversed(below):
            relative = saved.path.removeprefix(f"{place.path}/")
            with open_below(fd, relative, saved.path) as entry:
                _remove(entry, saved.kind == "directory")
    finally:
        os.close(fd)
    _remove(place, True)


def _remove(place: Place, is_directory: bool) -> None:
    remove = os.rmdir if is_directory else os.unlink
    remove(place.name, dir_fd=place.directory_fd)
