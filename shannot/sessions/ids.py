"""Session ids: sortable by time, readable, unique: `20261124-141503-fix-nginx-7f3a`."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from shannot.errors import NotFoundError, UsageError
from shannot.escape import escape

_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{4}\Z")
_PREFIX = re.compile(r"[0-9a-z-]+\Z")
_MAX_SLUG = 30
MAX_ID = 60
_SHOWN = 5  # candidates that an error names


def new_id(seconds: int, name: str, random: bytes) -> str:
    """The id of a session begun at `seconds` (epoch; shown in UTC), of a script called name.

    random: two bytes, so that two sessions of one second differ.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(seconds))
    return f"{stamp}-{slug(name)}-{random[:2].hex()}"


def slug(name: str) -> str:
    """Lower-case letters, digits and single hyphens of a file name, its suffix left off."""
    stem = name.rpartition("/")[2].removesuffix(".py").lower()
    words = re.sub(r"[^a-z0-9]+", "-", stem.encode("ascii", "ignore").decode("ascii"))
    return words[:_MAX_SLUG].strip("-") or "script"


def slug_of(session_id: str) -> str:
    """The readable part of an id."""
    return session_id.split("-", 2)[2].rpartition("-")[0]


def is_id(text: str) -> bool:
    """Is this exactly one session id? Ids become names of directories, so nothing else may pass."""
    return len(text) <= MAX_ID and _ID.match(text) is not None


def resolve(prefix: str, ids: Iterable[str]) -> str:
    """The only id that begins with prefix.

    UsageError where it is no possible prefix or several begin so, NotFoundError where none does.
    """
    if len(prefix) > MAX_ID or not _PREFIX.match(prefix):
        raise UsageError(f"{escape(prefix[:80])!r} is not a session id; `shannot list` shows them")
    found = sorted(name for name in ids if name.startswith(prefix))
    if prefix in found:
        return prefix
    if not found:
        raise NotFoundError(f"there is no session {prefix}; `shannot list` shows them")
    if len(found) > 1:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise UsageError(
            f"{len(found)} sessions begin with {prefix}: {', '.join(found[:_SHOWN])}{more}"
        )
    return found[0]
