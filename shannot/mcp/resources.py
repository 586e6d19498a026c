"""Resources: what the program itself says of sessions, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shannot.config.profile_file import is_file

from .program import CommandError, document

if TYPE_CHECKING:
    from .program import Call
    from .revisions import Json, Object

_SESSIONS = "shannot://sessions"
_PROFILES = "shannot://profiles"
_STATUS = "shannot://status"
_JSON = "application/json"
_LISTED_MAX = 100
"""Sessions in `resources/list`, the newest; `shannot://sessions` has all."""

_FIXED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    _SESSIONS: ("sessions", "Every session, and where it stands", ("list", "--json")),
    _PROFILES: ("profiles", "The profiles that there are", ("profile", "list", "--json")),
    _STATUS: ("status", "What is installed here, and what waits", ("status", "--json")),
}


def listed(call: Call) -> list[Json]:
    """What `resources/list` shows."""
    every: list[Json] = [
        {"uri": uri, "name": name, "description": description, "mimeType": _JSON}
        for uri, (name, description, _) in _FIXED.items()
    ]
    sessions = document(call, ["list", "--json"]).get("sessions")
    newest = sessions[-_LISTED_MAX:] if isinstance(sessions, list) else []
    return every + [_session(session) for session in newest if isinstance(session, dict)]


def _session(session: Object) -> Object:
    return {
        "uri": f"{_SESSIONS}/{session.get('id')}",
        "name": str(session.get("id")),
        "description": f"A session that is {session.get('state')}",
        "mimeType": _JSON,
    }


TEMPLATES: list[Json] = [
    {
        "uriTemplate": _SESSIONS + "/{id}",
        "name": "session",
        "description": "One session with its plan, its diffs and its results",
        "mimeType": _JSON,
    },
    {
        "uriTemplate": _PROFILES + "/{name}",
        "name": "profile",
        "description": "The rules of one profile, and where each stands",
        "mimeType": _JSON,
    },
]
_SHOWING = {_SESSIONS: ("show",), _PROFILES: ("profile", "show")}
"""The beginning of an address, and the command that shows what has it."""


def read(call: Call, uri: str) -> Object | None:
    """The contents of one, or None where there is none."""
    found = _FIXED.get(uri)
    if found is not None:
        return _contents(uri, document(call, found[2]))
    base, _, name = uri.rpartition("/")
    words = _SHOWING.get(base)
    if words is None or not name or name.startswith("-") or is_file(name):
        return None
    try:
        return _contents(uri, document(call, [*words, "--json", name]))
    except CommandError:
        return None


def _contents(uri: str, value: Object) -> Object:
    return {"contents": [{"uri": uri, "mimeType": _JSON, "text": json.dumps(value)}]}
