"""The protocol's frames: four bytes of length, big endian, then one JSON object in UTF-8.

Theory of operation
-------------------
Client and server each begin with `hello`, which names the versions of the protocol that they speak.
After that a client sends requests, one at a time, each with a number of its own:

    {"request": 1, "verb": "show", "id": "20261124-141503-fix-nginx-7f3a"}

and hears, with the same number, any of these, the last of which is `exit` or `error`:

    {"request": 1, "credit": 65536}           how many more bytes of stdin may be sent
    {"request": 1, "stdout": "…base64…"}      what the program wrote, as it comes
    {"request": 1, "stderr": "…base64…"}
    {"request": 1, "document": "…text…"}      a piece of the JSON document of `--json`
    {"request": 1, "exit": 0}                 the program's exit status
    {"request": 1, "error": {"kind": "RefusedError", "message": "…", "exit_code": 126}}

Meanwhile it may send {"request": 1, "stdin": "…base64…"} (null: the end of it) and
{"request": 1, "cancel": true}. When the connection is lost, the request is cancelled.

Both sides take each other for hostile: a frame is bounded, a field that is not known is an error.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
import threading
from typing import TYPE_CHECKING

from shannot.errors import ShannotError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

    Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

VERSIONS = (1,)
"""Of the protocol: those that this program speaks, the best last."""
FRAME_MAX = 8 << 20
"""Bytes of one frame."""
PIECE = 64 << 10
"""Bytes of output, and characters of a document, in one frame."""
_LENGTH = struct.Struct(">I")


class FrameError(ShannotError):
    """The other side does not keep to the protocol."""


class CutError(FrameError):
    """The connection ended within a frame."""


def read_frame(stream: IO[bytes]) -> dict[str, object] | None:
    """The next frame; None where the stream ends between two. Raises FrameError, OSError."""
    head = _exactly(stream, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > FRAME_MAX:
        raise FrameError(f"a frame of {length} bytes: at most {FRAME_MAX} are taken")
    body = _exactly(stream, length)
    if body is None:
        raise CutError("the connection ended within a frame")
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise FrameError("a frame that is not JSON") from None
    if not isinstance(message, dict):
        raise FrameError("a frame that is no object")
    return message


def _exactly(stream: IO[bytes], length: int) -> bytes | None:
    """So many bytes; None at the end of the stream before the first one. Raises FrameError."""
    data = b""
    while len(data) < length:
        piece = stream.read(length - len(data))
        if not piece:
            if data:
                raise CutError("the connection ended within a frame")
            return None
        data += piece
    return data


class FrameWriter:
    """Writes frames whole, from any thread."""

    __slots__ = ("_lock", "_stream")

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, message: Mapping[str, Json]) -> None:
        """Raises OSError where nobody reads; FrameError for what is above FRAME_MAX."""
        body = json.dumps(message, separators=(",", ":")).encode("ascii")
        if len(body) > FRAME_MAX:
            raise FrameError(f"a frame of {len(body)} bytes: at most {FRAME_MAX} are sent")
        with self._lock:
            self._stream.write(_LENGTH.pack(len(body)) + body)
            self._stream.flush()


def packed(data: bytes) -> str:
    """Bytes as they stand in a frame."""
    return base64.b64encode(data).decode("ascii")


def unpacked(value: object, limit: int) -> bytes:
    """Bytes out of a frame. Raises FrameError."""
    if not isinstance(value, str) or len(value) > limit * 4 // 3 + 4:
        raise FrameError("bytes that are too many, or none")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise FrameError("bytes that are not base64") from None
