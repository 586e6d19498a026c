"""Which file a command would start on the host, and whether anybody could have replaced it.

Called by `sessions/gate.py` before a command is recorded or run, and by whoever compares a
recorded program with the present one before execution. The only file of this package that looks
at the machine.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass

from shannot.policy.environment import FIXED_PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

LINK_LIMIT = 40
"""Symbolic links followed for one program, as in the kernel (path_resolution(7))."""
SIZE_LIMIT = 2 << 30
"""Bytes of a program that are hashed; a larger one cannot be vouched for."""
ROOT_ONLY = frozenset({0})


@dataclass(frozen=True, slots=True)
class Identity:
    """A program as it now stands on the host."""

    path: str
    """Absolute, links resolved: what is run and what is compared later."""
    device: int
    inode: int
    sha256: str
    """Empty where it could not be read; `flaw` then says so."""
    flaw: str = ""
    """Why it cannot be trusted, as the rest of "The program … "; empty where it can."""


def find_program(word: str, path: str = FIXED_PATH) -> str | None:
    """Where execvp(3) would find a program with this PATH; a relative path is never looked up."""
    if "/" in word:
        return word if word.startswith("/") else None
    if word in ("", ".", ".."):
        return None
    for directory in path.split(":"):
        candidate = f"{directory}/{word}"
        if directory.startswith("/") and _is_program(candidate):
            return candidate
    return None


def identify(
    path: str, owners: Collection[int] = ROOT_ONLY, hashes: dict[str, str] | None = None
) -> Identity | None:
    """The program at an absolute path of the host; None where there is none.

    `owners` are the users whose files are trusted: root, and the owner of a virtual environment
    that the user named. `hashes` is the caller's memory of files already hashed in this run.
    """
    try:
        real, flaw = _walk(path, owners)
        host_fd = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _unreadable(path, error)
    try:
        status = os.fstat(host_fd)
        if not stat.S_ISREG(status.st_mode) or not status.st_mode & 0o111:
            return None
        flaw = flaw or flaw_of(status, owners)
        if status.st_size > SIZE_LIMIT:
            return Identity(real, status.st_dev, status.st_ino, "", "is too large to be checked")
        sha256 = _hash(host_fd, status, hashes)
        return Identity(real, status.st_dev, status.st_ino, sha256, flaw)
    except OSError as error:
        return _unreadable(real, error)
    finally:
        os.close(host_fd)


def flaw_of(status: os.stat_result, owners: Collection[int]) -> str:
    """Why somebody else could replace this file or what stands in this directory; else ""."""
    if status.st_uid not in owners:
        return f"belongs to user {status.st_uid}"
    if status.st_mode & 0o022 and not stat.S_ISLNK(status.st_mode):
        return "can be changed by other users"
    return ""


def _is_program(path: str) -> bool:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o111)


def _unreadable(path: str, error: OSError) -> Identity | None:
    if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP):
        return None
    return Identity(path, 0, 0, "", f"cannot be read ({os.strerror(error.errno or 0)})")


def _walk(path: str, owners: Collection[int]) -> tuple[str, str]:
    """Resolve every link by hand, so that each directory on the way is looked at.

    Returns the real path and the first flaw. Raises OSError.
    """
    if not path.startswith("/") or "\0" in path:
        raise FileNotFoundError(errno.ENOENT, "not an absolute path")
    pending = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    real: list[str] = []
    flaw = flaw_of(os.lstat("/"), owners)
    links = 0
    while pending:
        part = pending.pop()
        if part == "..":
            del real[-1:]
            continue
        here = "/" + "/".join([*real, part])
        status = os.lstat(here)
        if stat.S_ISLNK(status.st_mode):
            links += 1
            if links > LINK_LIMIT:
                raise OSError(errno.ELOOP, "too many links")
            target = os.readlink(here)
            if target.startswith("/"):
                real = []
            pending += [name for name in reversed(target.split("/")) if name not in ("", ".")]
            continue
        if pending:
            flaw = flaw or _directory_flaw(here, status, owners)
        real.append(part)
    return "/" + "/".join(real), flaw


def _directory_flaw(path: str, status: os.stat_result, owners: Collection[int]) -> str:
    flaw = flaw_of(status, owners)
    return f"stands below {path}, which {flaw}" if flaw else ""


def _hash(host_fd: int, status: os.stat_result, hashes: dict[str, str] | None) -> str:
    # ctime cannot be set by anybody, so the same numbers mean the same contents.
    key = f"{status.st_dev}:{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"
    key += f":{status.st_ctime_ns}"
    if hashes is not None and key in hashes:
        return hashes[key]
    digest = hashlib.sha256()
    while piece := os.read(host_fd, 1 << 20):
        digest.update(piece)
    if hashes is not None:
        hashes[key] = digest.hexdigest()
    return digest.hexdigest()
