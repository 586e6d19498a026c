"""A configuration file of the user's, replaced in one step; nothing of a failure stays."""

from __future__ import annotations

import os
import stat


def replace(path: str, text: str, directory_mode: int = 0o777) -> None:
    """Put the text in the file's place, whose mode is kept; a new file is the user's alone.

    directory_mode: of the directories that are made for it. Raises OSError, and the file is as it
    was.
    """
    os.makedirs(os.path.dirname(path), directory_mode, exist_ok=True)
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        mode = 0o600
    temporary = f"{path}.{os.urandom(4).hex()}"
    create(temporary, text, mode)
    try:
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def create(path: str, text: str, mode: int) -> None:
    """A new file with this text, on the disk. Raises OSError, and then leaves none."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(number, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            file.flush()
            os.fchmod(number, mode)
            os.fsync(number)
    except OSError:
        os.unlink(path)
        raise
