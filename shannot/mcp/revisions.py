"""The revisions of the protocol that are spoken, and what differs between them.

Up to 2025-11-25 a connection begins with `initialize`. From 2026-07-28 on there is no handshake:
every request carries the revision, and what the client can, in `params._meta`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
    Object = dict[str, Json]

HANDSHAKE = ("2025-06-18", "2025-11-25")
STATELESS = ("2026-07-28",)
SUPPORTED = (*HANDSHAKE, *STATELESS)

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
SERVER_KEY = "io.modelcontextprotocol/serverInfo"

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
BUSY = -32000
"""Of our own: more requests at once than are served."""
RESOURCE_NOT_FOUND = -32002
"""Up to 2025-11-25; since then INVALID_PARAMS."""
UNSUPPORTED_VERSION = -32022

SERVER = {"name": "shannot", "title": "shannot", "version": __version__}
CAPABILITIES: Object = {"tools": {}, "resources": {}, "prompts": {}}
INSTRUCTIONS = (
    "Runs Python scripts in a sandbox on the real machine. Reading works at once; what a script"
    " would change (files written, commands run) is recorded as a plan and happens only after a"
    " person has reviewed and approved it in a terminal. Run a script with run_script, tell the"
    " person what waits and the command to type, then use wait_for_decision and session_result."
    " No tool approves anything. Scripts have no network."
)
_CACHED = frozenset(
    {
        "server/discover",
        "tools/list",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "prompts/list",
    }
)
"""Whose results say from 2026-07-28 on how long they may be kept."""


class ProtocolError(Exception):
    """An error of the protocol itself, as JSON-RPC has them."""

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


def is_enveloped(params: Mapping[str, Json]) -> bool:
    """Does this request carry its own revision?"""
    meta = params.get("_meta")
    return isinstance(meta, dict) and VERSION_KEY in meta


def check_envelope(params: Mapping[str, Json]) -> None:
    """Raise ProtocolError unless the request is one of a revision without a handshake."""
    meta = params.get("_meta")
    if not isinstance(meta, dict):
        raise ProtocolError(INVALID_PARAMS, f"params._meta with {VERSION_KEY} is missing")
    for key in (VERSION_KEY, CAPABILITIES_KEY):
        if key not in meta:
            raise ProtocolError(INVALID_PARAMS, f"params._meta: {key} is missing")
    asked = meta[VERSION_KEY]
    if not isinstance(asked, str):
        raise ProtocolError(INVALID_PARAMS, f"{VERSION_KEY} is not a string")
    if asked not in STATELESS:
        raise ProtocolError(
            UNSUPPORTED_VERSION,
            "unsupported protocol version",
            {"supported": list(SUPPORTED), "requested": asked},
        )


def finished(method: str, result: Object) -> Object:
    """A result as the revisions without a handshake have it."""
    result = {"resultType": "complete", **result}
    if method in _CACHED:
        result = {"ttlMs": 0, "cacheScope": "private", **result}
    return {**result, "_meta": {SERVER_KEY: SERVER}}
