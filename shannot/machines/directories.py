"""Directories of this user's alone: for the single file, and for the sockets of connections."""

from __future__ import annotations

import os
import stat

from shannot.errors import RefusedError


def own_directory(path: str) -> str:
    """A directory that nobody else can enter, made where it is missing. Raises RefusedError."""
    try:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            pass
        status = os.lstat(path)
    except OSError as error:
        raise RefusedError(f"{path}: cannot be made: {error.strerror}") from None
    if (
        not stat.S_ISDIR(status.st_mode)
        or status.st_uid != os.geteuid()
        or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ):
        raise RefusedError(f"{path}: not a directory of this user's alone; remove it")
    return path
