"""Names in open directories: looked at, moved, and taken away. Called by `steps.py` only."""

from __future__ import annotations

import os
import stat

from shannot import libc
from shannot.sessions import metadata
from shannot.sessions.journal_lines import Saved
from shannot.sessions.place import ConflictError, Place, open_below

Seen = tuple[int, ...]
"""What lstat(2) says of an entry that changes whenever the entry does; empty for none."""


def seen(found: os.stat_result | None) -> Seen:
    """What was just looked at, None for nothing."""
    if found is None:
        return ()
    return (
        found.st_dev,
        found.st_ino,
        found.st_mode,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


def rename(source: Place, place: Place, new: bool) -> None:
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


def check_single(place: Place, found: os.stat_result | None) -> None:
    """Other names of a file that is replaced would silently keep what it held. ConflictError."""
    if found is not None and stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
        raise ConflictError(place.path, metadata.would_part(found.st_nlink))


def delete(place: Place, present: tuple[Saved, ...]) -> None:
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
                _check_same(entry, saved)
                _remove(entry, saved.kind == "directory")
    finally:
        os.close(fd)
    _remove(place, True)


def _check_same(place: Place, saved: Saved) -> None:
    """What was saved is what goes. ConflictError; a directory changes while it is emptied."""
    found = place.look()
    if found is None or saved.kind == "directory":
        return
    size = saved.size if saved.kind == "file" else found.st_size
    if (found.st_mtime_ns, found.st_size) != (saved.mtime_ns, size):
        raise ConflictError(place.path, "it has changed while its directory was deleted")


def remove_entry(place: Place) -> None:
    _remove(place, stat.S_ISDIR(os.lstat(place.name, dir_fd=place.directory_fd).st_mode))


def _remove(place: Place, is_directory: bool) -> None:
    remove = os.rmdir if is_directory else os.unlink
    remove(place.name, dir_fd=place.directory_fd)


def is_plain(directory_fd: int) -> bool:
    """Does what is made in a directory get nothing from it (a group, an access list)?"""
    if os.fstat(directory_fd).st_mode & stat.S_ISGID:
        return False
    try:
        # fgetxattr(2) refuses a descriptor of O_PATH; this name of it is no link in any directory.
        os.getxattr(f"/proc/self/fd/{directory_fd}", "system.posix_acl_default")
    except OSError:
        return True
    return False
