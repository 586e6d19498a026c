"""What a killed execution has left over under temporary names. Removed before a rollback looks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from shannot.effects.model import RunCommand
from shannot.sessions.journal import Progress
from shannot.sessions.model import Session
from shannot.sessions.place import ConflictError, open_directory
from shannot.sessions.steps import temporary_prefix


def clean(session: Session, progress: Progress) -> None:
    """Remove what the effects that were begun and not ended have left over."""
    prefix = temporary_prefix(session.id)
    for number in progress.begun.keys() - progress.results.keys():
        if number > len(session.plan.effects):
            continue
        effect = session.plan.effects[number - 1]
        if not isinstance(effect, RunCommand):
            _clean(_above(effect.path), f"{prefix}{number}")


def _above(path: str) -> Iterable[str]:
    """The directories that something may have been made in first: see `Touched.staging`."""
    while path := path.rpartition("/")[0]:
        yield path


def _clean(directories: Iterable[str], name: str) -> None:
    for directory in directories:
        try:
            fd = open_directory(directory)
        except ConflictError:
            continue  # not made yet
        try:
            found = os.lstat(name, dir_fd=fd)
            remove = os.rmdir if stat.S_ISDIR(found.st_mode) else os.unlink
            remove(name, dir_fd=fd)
            return
        except OSError:
            continue
        finally:
            os.close(fd)
