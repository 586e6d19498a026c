"""One file effect on the host in three parts: compared and saved; made beside; put in its place.

Called by `batch.py` only, which writes the journal after the first part and syncs after the
second. The third is one atomic move, or only takes away what was saved, and looks once more before
it: what changed in the meantime is a conflict.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Container, Mapping
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
from shannot.sessions import metadata
from shannot.sessions.blobs import BlobDirectory
from shannot.sessions.checkpoint import Checkpoint
from shannot.sessions.directories import Directories
from shannot.sessions.disks import Disks
from shannot.sessions.journal_lines import Saved
from shannot.sessions.making import Maker
from shannot.sessions.names import (
    Seen,
    check_single,
    delete,
    is_plain,
    remove_entry,
    rename,
    seen,
)
from shannot.sessions.place import ConflictError, Place, Protected

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
    """What is known of an effect between its first part and its last."""

    __slots__ = ("effect", "inside", "number", "partial", "present", "seen", "staging")

    def __init__(
        self, number: int, effect: FileEffect, staging: str, inside: bool, partial: bool
    ) -> None:
        """staging: the directory in which the new thing is made, under a name of its own; inside:
        its own directory is made in the same batch and is not there yet; partial: the effect was
        begun before and not ended."""
        self.number = number
        self.effect = effect
        self.staging = staging
        self.inside = inside
        self.partial = partial
        self.present: tuple[Saved, ...] = ()
        self.seen: Seen = ()


def temporary_prefix(session_id: str) -> str:
    """What the temporary names of a session begin with; the effect's number follows.

    The same after a kill, so that what was left over is found; no other session's.
    """
    return f".shannot-{sha256(session_id.encode('ascii')).hexdigest()[:16]}-"


class Steps:
    """Does the file effects of one session, anywhere but in protected places."""

    __slots__ = ("_checkpoint", "_directories", "_disks", "_keep", "_maker", "_plain", "_prefix")

    def __init__(
        self,
        session_id: str,
        blobs: BlobDirectory,
        kept: BlobDirectory,
        protected: Protected,
        disks: Disks,
        restored: Mapping[int, Saved],
        keep: Container[int] | None = None,
        known: Mapping[str, bytes] | None = None,
    ) -> None:
        """blobs: the contents to write; kept: where what they replace goes, of the effects in
        `keep` (None: all); restored: owner, attributes and time of what an effect makes, where
        they are known; known: contents that were compared with their names already."""
        self._directories = Directories(protected)
        self._disks = disks
        self._keep = keep
        self._plain: dict[str, bool] = {}
        self._checkpoint = Checkpoint(kept, disks)
        self._maker = Maker(blobs, disks, restored, known or {})
        self._prefix = temporary_prefix(session_id)

    def save(self, step: Step) -> None:
        """Compare with what was recorded, and keep what will be lost. ConflictError."""
        self._directories.trim()
        if step.inside:
            step.present = (Saved(step.effect.path, "nothing"),)
            return
        place = self._directories.place(step.effect.path)
        found = place.look()
        step.seen = self._seen(found, step.effect)
        step.present = self._save(place, found, step)

    def _save(self, place: Place, found: os.stat_result | None, step: Step) -> tuple[Saved, ...]:
        checkpoint, effect, partial = self._checkpoint, step.effect, step.partial
        keep = self._keeps(step.number)
        match effect:
            case WriteFile(before=before):
                check_single(place, found)
                return (checkpoint.save_found(place, found, before, keep),)
            case MakeLink(before=before, hard=hard):
                saved = checkpoint.save(place, before, keep)
                return (saved, self._save_first_name(effect)) if hard else (saved,)
            case MakeDirectory():
                return (checkpoint.save(place, None),)
            case DeletePath(before=before, entries=entries):
                return checkpoint.save_tree(place, before, entries, keep, partial)
            case MovePath(before=before, entries=entries, replaced=replaced, unread=unread):
                other = self._directories.place(effect.source)
                moved = checkpoint.save_tree(other, before, entries, keep=False, unread=unread)
                return (moved[0], checkpoint.save(place, replaced, keep))
            case ChangeMode() | ChangeOwner() | ChangeTimes():
                return (metadata.save(place, effect, partial),)

    def _keeps(self, number: int) -> bool:
        return self._keep is None or number in self._keep

    def _save_first_name(self, effect: MakeLink) -> Saved:
        """What a hard link will be another name of: it is not replaced, so it is not kept."""
        return self._checkpoint.describe(self._directories.place(effect.target))

    def make(self, step: Step) -> None:
        """The new thing is finished under a temporary name. OSError, ConflictError."""
        effect = step.effect
        if not isinstance(effect, WriteFile | MakeDirectory | MakeLink):
            return
        self._directories.trim()
        place = None if step.inside else self._directories.place(effect.path)
        if place is None:  # its directory is not there yet
            beside = self._temporary(step.staging, step.number)
        else:
            beside = place.sibling(f"{self._prefix}{step.number}")
        first = None
        if isinstance(effect, MakeLink) and effect.hard:
            first = self._directories.place(effect.target)
        present = step.present[0] if self._keeps(step.number) else None
        try:
            self._maker.make(step.number, effect, beside, place, first, present)
        except FileExistsError:  # left over by a killed execution
            remove_entry(beside)
            self._maker.make(step.number, effect, beside, place, first, present)

    def change(self, step: Step, original: tuple[Saved, ...]) -> None:
        """Do it. OSError where the host refuses, ConflictError where something came between.

        original: what `save` found when the effect was begun for the first time.
        """
        self._directories.trim()
        effect = step.effect
        place = self._directories.place(effect.path)
        self._look_again(place, step)
        match effect:
            case WriteFile(before=before) | MakeLink(before=before):
                self._put(step, place, new=before is None)
            case MakeDirectory():
                self._put(step, place, new=True)
            case DeletePath():
                delete(place, step.present)
                self._disks.renamed(place)
                self._gone(step)
                return
            case MovePath(source=source, replaced=replaced):
                origin = self._directories.place(source)
                rename(origin, place, new=replaced is None)
                self._disks.renamed(origin)
                self._disks.renamed(place)
                self._gone(step)
                return
            case ChangeMode() | ChangeOwner() | ChangeTimes():
                metadata.change(place, effect, original[0])
        self._disks.renamed(place)

    def _gone(self, step: Step) -> None:
        """Where a directory has gone, no open one is what its path says."""
        if step.present[0].kind == "directory":
            self._directories.forget()

    def _put(self, step: Step, place: Place, new: bool) -> None:
        if not step.inside:
            rename(place.sibling(f"{self._prefix}{step.number}"), place, new)
            return
        beside = self._temporary(step.staging, step.number)
        rename(beside, place, new)
        self._disks.renamed(beside)

    def _look_again(self, place: Place, step: Step) -> None:
        """Nothing may have come between. ConflictError."""
        if step.inside or self._seen(place.look(), step.effect) == step.seen:
            return
        # It may be another effect that has given the file one name more or less.
        checkpoint = self._checkpoint
        match step.effect:
            case WriteFile(before=before) | MakeLink(before=before):
                now = checkpoint.save(place, before, self._keeps(step.number))
                was = step.present[0]
                # What is made has got these from what it replaces.
                if (now.uid, now.gid, now.attributes) != (was.uid, was.gid, was.attributes):
                    raise ConflictError(place.path, "its owner or attributes have just changed")
            case MakeDirectory():
                checkpoint.save(place, None)
            case DeletePath(before=before, entries=entries):
                checkpoint.save_tree(place, before, entries, keep=False, partial=step.partial)
            case MovePath(before=before, entries=entries, replaced=replaced, unread=unread):
                other = self._directories.place(step.effect.source)
                checkpoint.save_tree(other, before, entries, keep=False, unread=unread)
                checkpoint.save(place, replaced, keep=False)
            case ChangeMode() | ChangeOwner() | ChangeTimes() as effect:
                metadata.save(place, effect, step.partial)

    def _seen(self, found: os.stat_result | None, effect: FileEffect) -> Seen:
        if isinstance(effect, MovePath):
            return seen(found) + seen(self._directories.place(effect.source).look())
        return seen(found)

    def clean(self, number: int, staging: Collection[str]) -> None:
        """Remove what a killed step has left over in one of these directories."""
        for directory in staging:
            try:
                remove_entry(self._temporary(directory, number))
            except (ConflictError, FileNotFoundError):
                continue

    def is_plain(self, directory: str) -> bool:
        """Does what is made in the directory get nothing from it (a group, an access list)?"""
        if directory not in self._plain:
            self._plain[directory] = is_plain(self._directories.open(directory.rstrip("/")))
        return self._plain[directory]

    def settle(self, effect: MakeDirectory) -> None:
        """Give a directory the mode and the time that were recorded, now that it is filled."""
        self._directories.trim()
        try:
            place = self._directories.place(effect.path)
            found = place.look()
            if found is None or not stat.S_ISDIR(found.st_mode):
                return
            if stat.S_IMODE(found.st_mode) == effect.mode | 0o700 != effect.mode:
                metadata.set_mode(place, effect.mode)
            if effect.mtime_ns is not None and found.st_mtime_ns != effect.mtime_ns:
                metadata.set_time(place, effect.mtime_ns)
        except (ConflictError, OSError):
            pass  # moved or deleted by a later effect

    def forget(self) -> None:
        """Directories are walked to anew from here on."""
        self._plain.clear()
        self._directories.forget()

    def _temporary(self, directory: str, number: int) -> Place:
        return self._directories.place(f"{directory.rstrip('/')}/{self._prefix}{number}")
