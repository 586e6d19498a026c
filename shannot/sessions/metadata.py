"""Mode, owner and times of an entry, changed without following a link. Called by `steps.py`."""

from __future__ import annotations

import os
import stat

from shannot.effects.model import ChangeMode, ChangeOwner, ChangeTimes
from shannot.sessions.journal_lines import Saved
from shannot.sessions.place import ConflictError, Place

MetadataEffect = ChangeMode | ChangeOwner | ChangeTimes


def save(place: Place, effect: MetadataEffect, partial: bool) -> Saved:
    """What the entry has now, compared with what was recorded. ConflictError.

    partial: the effect was begun before and not ended, so it may have happened.
    """
    found = place.look()
    if found is None:
        raise ConflictError(place.path, "it is not there any more")
    mode = stat.S_IMODE(found.st_mode)
    owner = (found.st_uid, found.st_gid)
    is_link = stat.S_ISLNK(found.st_mode)
    if stat.S_ISREG(found.st_mode) and not isinstance(effect, ChangeTimes):
        if found.st_nlink - 1 > effect.other_names:
            raise ConflictError(place.path, more_names(found.st_nlink, effect.other_names))
    match effect:
        case ChangeMode() if is_link:
            raise ConflictError(place.path, "it is a link now, whose mode cannot change")
        case ChangeMode(before=old, after=new) if mode != old and not (partial and mode == new):
            raise ConflictError(place.path, f"its mode is {mode:04o} now, not {old:04o}")
        case ChangeOwner(before=old, after=new) if owner != old and not (partial and owner == new):
            raise ConflictError(place.path, f"its owner is {owner} now, not {old}")
        case _:
            pass
    if is_link:
        target = os.readlink(place.name, dir_fd=place.directory_fd)
        return Saved(place.path, "link", 0, *owner, found.st_mtime_ns, target=target)
    if stat.S_ISDIR(found.st_mode):
        return Saved(place.path, "directory", mode, *owner, found.st_mtime_ns)
    names = found.st_nlink if found.st_nlink > 1 else 0
    inode = f"{found.st_dev}:{found.st_ino}"
    return Saved(place.path, "file", mode, *owner, found.st_mtime_ns, inode=inode, names=names)


def more_names(links: int, others: int) -> str:
    """The conflict of a file with more names than were reviewed; links counts them all."""
    return f"it has {links} names (hard links) now, not {others + 1}"


def would_part(links: int) -> str:
    """The conflict of a file that replacing would part from its other names."""
    return f"it has {links} names (hard links), which replacing it would part"


def change(place: Place, effect: MetadataEffect, original: Saved) -> None:
    """Do it. original: as it was before the effect was begun for the first time."""
    match effect:
        case ChangeMode(after=mode):
            set_mode(place, mode)
        case ChangeOwner(after=(uid, gid)):
            os.chown(place.name, uid, gid, dir_fd=place.directory_fd, follow_symlinks=False)
            if original.kind != "link":
                # chown(2) takes the setuid and setgid bits away, which is not what was reviewed.
                set_mode(place, original.mode)
        case ChangeTimes(mtime_ns=mtime_ns):
            set_time(place, mtime_ns)


def set_mode(place: Place, mode: int) -> None:
    """chmod(2) of the entry itself, also where it cannot be read. ConflictError for a link."""
    fd = place.open(os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if stat.S_ISLNK(os.fstat(fd).st_mode):
            raise ConflictError(place.path, "it is a link now, whose mode cannot change")
        # fchmod(2) refuses such a descriptor; this name of it is no link in any directory.
        os.chmod(f"/proc/self/fd/{fd}", mode)
    finally:
        os.close(fd)


def set_time(place: Place, mtime_ns: int) -> None:
    """The time of the last change of contents; the time of the last reading stays."""
    found = os.lstat(place.name, dir_fd=place.directory_fd)
    os.utime(
        place.name,
        ns=(found.st_atime_ns, mtime_ns),
        dir_fd=place.directory_fd,
        follow_symlinks=False,
    )
