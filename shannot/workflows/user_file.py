"""A configuration file of the user's, replaced in one step; nothing of a failure stays."""

from __future__ import annotations

import os
import stat


def replace(path: str, text: str, directory_mode: int = 0o777) -> None:
    """Put the text in the file's place, whose mode and owner are kept; a new file is the user's
    alone.

    directory_mode: of the directories that are made for it. Raises OSError, and the file is as it
    was.
    """
    os.makedirs(os.path.dirname(path), directory_mode, exist_ok=True)
    try:
        like = os.stat(path)
    except FileNotFoundError:
        like = None
    temporary = f"{path}.{os.urandom(4).hex()}"
    create(temporary, text, like)
    try:
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def create(path: str, text: str, like: os.stat_result | None) -> None:
    """A new file with this text, on the disk; with the mode and the owner of another, where one is
    given. Raises OSError, and then leaves none."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(number, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            file.flush()
            if like is not None:
                if os.geteuid() == 0:  # by sudo, say: the file stays its user's
                    os.fchown(number, like.st_uid, like.st_gid)
                os.fchmod(number, stat.S_IMODE(like.st_mode))
            os.fsync(number)
    except OSError:
        os.unlink(path)
        raise
