"""JSON-RPC 2.0 messages, one on a line, as the protocol's stdio transport has them.

All that comes in is hostile: a line is bounded, and what is not a request or a notification by the
letter is answered with an error. Batches are none of the protocol's since 2025-06-18.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .revisions import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, ProtocolError

if TYPE_CHECKING:
    from typing import BinaryIO

    from .revisions import Json, Object

LINE_MAX = 8 << 20
"""Bytes of one message: a script of that size is no script."""
_ID_MAX = 256
_METHOD_MAX = 128

RequestId = str | int


@dataclass(frozen=True, slots=True)
class Request:
    """A message that is to be answered; `id` None: a notification, which is not."""

    id: RequestId | None
    method: str
    params: Object


def read_line(stream: BinaryIO) -> bytes | None:
    """The next line without its end; None at the end of the stream.

    Raises ProtocolError for a line above LINE_MAX, which is skipped whole.
    """
    line = stream.readline(LINE_MAX + 1)
    if not line:
        return None
    if len(line) > LINE_MAX and not line.endswith(b"\n"):
        while line and not line.endswith(b"\n"):
            line = stream.readline(LINE_MAX)
        raise ProtocolError(PARSE_ERROR, f"a message is {LINE_MAX} bytes at most")
    return line.strip()


def parse(line: bytes) -> Request | None:
    """The message on a line; None for a response, of which we never await one.

    Raises ProtocolError.
    """
    try:
        message: Json = json.loads(line, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ProtocolError(PARSE_ERROR, "not JSON") from None
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise ProtocolError(INVALID_REQUEST, "not a JSON-RPC 2.0 message")
    if "method" not in message and ("result" in message or "error" in message):
        return None
    method = message.get("method")
    if not isinstance(method, str) or not 0 < len(method) <= _METHOD_MAX:
        raise ProtocolError(INVALID_REQUEST, "method is not a name")
    request_id = message.get("id")
    if "id" in message and not is_id(request_id):
        raise ProtocolError(INVALID_REQUEST, "id is neither a string nor an integer")
    params = message.get("params", {})
    if not isinstance(params, dict):
        raise ProtocolError(INVALID_PARAMS, "params is not an object")
    return Request(request_id if is_id(request_id) else None, method, params)


def is_id(value: Json) -> bool:
    """Can this be the id of a request?"""
    if isinstance(value, str):
        return len(value) <= _ID_MAX
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63


def id_of(line: bytes) -> RequestId | None:
    """The id that an error about this line is to carry, if one can be made out."""
    try:
        message = json.loads(line, object_pairs_hook=_certain)
    except (ValueError, RecursionError):
        return None
    found = message.get("id") if isinstance(message, dict) else None
    return found if is_id(found) else None


def _once(pairs: list[tuple[str, Json]]) -> Object:
    """An object whose every name stands once: else two readers may see two different requests."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ProtocolError(INVALID_REQUEST, "a name stands twice in one object")
    return made


def _certain(pairs: list[tuple[str, Json]]) -> Object:
    """What of an object can mean one thing only."""
    times = Counter(name for name, _ in pairs)
    return {name: value for name, value in pairs if times[name] == 1}


def _no_number(text: str) -> Json:
    raise ValueError(f"{text} is no number of JSON")


def answer(request_id: RequestId | None, result: Json) -> bytes:
    """A response with a result, as one line."""
    return _line({"jsonrpc": "2.0", "id": request_id, "result": result})


def refusal(request_id: RequestId | None, error: ProtocolError) -> bytes:
    """A response with an error, as one line."""
    shown: dict[str, Json] = {"code": error.code, "message": str(error)}
    if error.data is not None:
        shown["data"] = error.data
    return _line({"jsonrpc": "2.0", "id": request_id, "error": shown})


def notification(method: str, params: Json) -> bytes:
    """A notification, as one line."""
    return _line({"jsonrpc": "2.0", "method": method, "params": params})


def _line(message: Json) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"
