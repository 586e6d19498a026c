"""The one JSON envelope of every `--json` command, one document on one line of stdout:

    {"shannot": "0.4.0", "format": 1, "command": "show", "ok": true,  "result": {…}}
    {"shannot": "0.4.0", "format": 1, "command": "show", "ok": false, "error":
        {"kind": "NotFoundError", "message": "…", "exit_code": 127}}

- `format` grows only when a key changes its meaning or goes away; new keys may come at any time.
- All text is JSON strings of ASCII (`\\u001b` instead of a control character), so that the
  document can be shown on a terminal. A byte of a path that is not UTF-8 is a lone surrogate,
  `\\udcff` for 0xff, as Python's `os.fsdecode` makes it.
- Bytes (a script's output) are {"text": "…"} where they are UTF-8, else {"base64": "…"}; where
  the middle was not kept, {"head": …, "omitted": N, "tail": …} with N in bytes.
- The exit code of the program is the same as without `--json`.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from shannot import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shannot.errors import ShannotError
    from shannot.sandbox.streams import Captured

    Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

FORMAT = 1


def success(command: str, result: Json) -> str:
    """The document of a command that did what it was asked."""
    return _envelope(command, {"ok": True, "result": result})


def failure(command: str, error: ShannotError) -> str:
    """The document of an error that the user can mend."""
    return _envelope(command, {"ok": False, "error": error_fields(error)})


def error_fields(error: ShannotError) -> Json:
    """What a document says of an error."""
    return {
        "kind": type(error).__name__,
        "message": str(error),
        "exit_code": error.exit_code,
    }


def contents(data: bytes) -> Json:
    """Bytes, readable where they are text."""
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def captured(stream: Captured) -> Json:
    """A script's output, whole or its two ends."""
    if stream.omitted:
        return {
            "head": contents(bytes(stream.head)),
            "omitted": stream.omitted,
            "tail": contents(bytes(stream.tail)),
        }
    return contents(bytes(stream.head + stream.tail))


def plain(value: object) -> Json:
    """What our own `to_json` functions made, as the type that it is. Raises TypeError."""
    match value:
        case str() | None | int() | float():  # bool is an int
            return value
        case list() | tuple():
            return [plain(item) for item in value]
        case dict():
            return {str(name): plain(item) for name, item in value.items()}
        case _:
            raise TypeError(f"not JSON: {type(value).__name__}")


def _envelope(command: str, rest: Mapping[str, Json]) -> str:
    return json.dumps({"shannot": __version__, "format": FORMAT, "command": command, **rest})
