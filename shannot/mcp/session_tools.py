"""The tools that look at sessions and wait for people. None of them decides anything."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import text
from .offer import words_of
from .program import CommandError, document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .program import Call
    from .revisions import Json, Object

WAIT_DEFAULT = 60
WAIT_MAX = 3600
_PAUSE = 1.0  # seconds between looks
_PAUSE_THERE = 4.0  # at another machine's
_DIFF_MAX = 200_000
_UNDECIDED = ("pending",)
_UNFINISHED = ("pending", "approved", "executing", "rolling-back")

SESSION: Object = {
    "type": "string",
    "minLength": 1,
    "maxLength": 200,
    "description": "A session's id, or the unique beginning of one.",
}
STATE: Object = {
    "type": "object",
    "properties": {
        "session": {"type": "string"},
        "state": {"type": "string"},
        "decided": {"type": "boolean"},
        "decision": {"type": ["object", "null"]},
        "next": {"type": "string"},
    },
    "required": ["session", "state", "decided", "next"],
}


def _name(arguments: Object) -> str:
    """The id as a word of a command line. Raises CommandError."""
    name = str(arguments.get("session"))
    if name.startswith("-") or not all(part.isalnum() or part in "-_." for part in name):
        raise CommandError("session: not an id")
    return name


def _show(call: Call, arguments: Object, message: str = "") -> Object:
    words = ["show", "--json", *words_of(arguments), _name(arguments)]
    return document(call, words, message=message)


def show_session(call: Call, arguments: Object) -> Object:
    """A session with its plan, a page of effects at a time."""
    found = _show(call, arguments)
    effects = found.get("effects")
    every = effects if isinstance(effects, list) else []
    first = arguments.get("first", 1)
    begin = first - 1 if isinstance(first, int) else 0
    page: list[Json] = []
    for effect in every[begin : begin + text.PLAN_MAX]:
        if isinstance(effect, dict):
            kept: Object = {name: value for name, value in effect.items() if name != "diff"}
            page.append({"summary": text.summary(effect), **kept})
    return {
        "session": found.get("id"),
        "state": str(found.get("state")),
        "script": found.get("script"),
        "directory": found.get("directory"),
        "complete": found.get("complete"),
        "notes": found.get("notes"),
        "decision": found.get("decision"),
        "effects": page,
        "effects_total": len(every),
        "next": _next(found, words_of(arguments)),
    }


def session_diff(call: Call, arguments: Object) -> Object:
    """The unified diffs of a session's files."""
    found = document(call, ["diff", "--json", *words_of(arguments), _name(arguments)])
    wanted = arguments.get("effects")
    parts: list[str] = []
    diffs = found.get("diffs")
    for item in diffs if isinstance(diffs, list) else []:
        if not isinstance(item, dict):
            continue
        if isinstance(wanted, list) and item.get("number") not in wanted:
            continue
        diff = item.get("diff")
        lines = diff.get("lines") if isinstance(diff, dict) else None
        if isinstance(lines, list):
            parts.append("\n".join(text.shown(str(line)) for line in lines))
        if isinstance(diff, dict) and diff.get("omitted"):
            parts.append(f"[… {diff['omitted']} lines left out …]")
    joined, cut = text.shorten("\n".join(parts), _DIFF_MAX)
    return {"session": found.get("id"), "diff": joined, "truncated": cut}


def wait_for_decision(call: Call, arguments: Object) -> Object:
    """Wait until a person has decided, or until it is executed, or the time is over."""
    limit = arguments.get("timeout", WAIT_DEFAULT)
    unsettled = _UNFINISHED if arguments.get("until") == "result" else _UNDECIDED
    pause = _PAUSE_THERE if words_of(arguments) else _PAUSE
    seconds = float(limit) if isinstance(limit, int | float) else float(WAIT_DEFAULT)
    end = time.monotonic() + seconds  # a look takes its time as well, most of all at a target
    message = f"{_name(arguments)}: waiting for a person"
    while True:
        found = _show(call, arguments, message)
        left = end - time.monotonic()
        if found.get("state") not in unsettled or left <= 0:
            return _state(found, arguments)
        call.wait(min(pause, left), message)


def session_result(call: Call, arguments: Object) -> Object:
    """What became of each effect, with what commands printed."""
    found = _show(call, arguments)
    effects = found.get("effects")
    results: list[Json] = [
        {
            "number": effect.get("number"),
            "summary": text.summary(effect),
            "result": _printable(effect.get("result")),
        }
        for effect in (effects if isinstance(effects, list) else [])
        if isinstance(effect, dict) and effect.get("result") is not None
    ]
    return {**_state(found, arguments), "results": results[:1000], "results_total": len(results)}


def _printable(value: Json) -> Json:
    if isinstance(value, str):
        return text.shorten(text.shown(value))[0]
    if isinstance(value, dict):
        return {name: _printable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value


def _state(found: Object, arguments: Object) -> Object:
    return {
        "session": str(found.get("id")),
        "state": str(found.get("state")),
        "decided": found.get("state") not in _UNDECIDED,
        "decision": found.get("decision"),
        "next": _next(found, words_of(arguments)),
    }


def _next(found: Object, target: Sequence[str]) -> str:
    words = " ".join((*target, text.shown(str(found.get("id")))))
    match found.get("state"):
        case "pending":
            return f"A person must type in a terminal: shannot approve {words}"
        case "approved":
            return f"Approved. A person must type in a terminal: shannot execute {words}"
        case "executing" | "rolling-back":
            return "It is under way; call wait_for_decision with until=result."
        case "rejected":
            return "A person rejected it. Read the reason in `decision` before trying again."
        case _:
            return "It is settled; session_result has what came of it."
