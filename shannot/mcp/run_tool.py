"""The tool `run_script`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import text
from .offer import words_of
from .program import CommandError, document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .offer import Offer
    from .program import Call
    from .revisions import Json, Object

LIMITS = {
    "timeout": "number",  # seconds
    "cpu": "integer",  # seconds of processor time
    "memory": "integer",  # bytes
    "processes": "integer",  # at once
    "output": "integer",  # bytes
    "files": "integer",  # changed at once
}
"""Option of `shannot run`: its type."""
CODE_MAX = 4 << 20
"""Characters of source."""
_SOURCE: dict[str, Object] = {
    "code": {
        "type": "string",
        "minLength": 1,
        "maxLength": CODE_MAX,
        "description": "Python source to run. Give this or `path`.",
    },
    "path": {
        "type": "string",
        "minLength": 1,
        "maxLength": 4096,
        "description": "A Python script on this machine. Give this or `code`.",
    },
    "arguments": {
        "type": "array",
        "items": {"type": "string", "maxLength": 100_000},
        "maxItems": 1000,
        "description": "sys.argv[1:] of the script.",
    },
    "directory": {
        "type": "string",
        "maxLength": 4096,
        "description": "Absolute working directory; the script sees it with all below it."
        " With `target` it is one of that machine's.",
    },
}


def input_schema(offer: Offer) -> Object:
    """What the tool takes, as far as this server offers it."""
    properties: Object = {
        **_SOURCE,
        "view": {
            "type": "string",
            "enum": list(offer.views),
            "description": "project: the directory and the interpreter alone (default)."
            " system: the whole machine, read-only, for diagnoses.",
        },
        "limits": _limits(offer),
        "dry_run": {
            "type": "boolean",
            "description": "Run no command at all, not even one that is allowed.",
        },
        **offer.target_schema(),
    }
    if offer.profiles:
        properties["profile"] = {
            "type": "string",
            "enum": list(offer.profiles),
            "description": "The policy for commands; the first is the default.",
        }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _limits(offer: Offer) -> Object:
    properties: Object = {
        name: {"type": kind, "minimum": 1, "maximum": offer.limits.get(name, 1)}
        for name, kind in LIMITS.items()
    }
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "description": "Tighter limits than the configured ones: seconds, bytes, numbers.",
    }


OUTPUT_SCHEMA: Object = {
    "type": "object",
    "properties": {
        "exit_status": {"type": "integer"},
        "limit": {"type": ["string", "null"], "description": "The limit that ended it."},
        "complete": {"type": "boolean"},
        "stdout": {"type": "string"},
        "stdout_truncated": {"type": "boolean"},
        "stderr": {"type": "string"},
        "stderr_truncated": {"type": "boolean"},
        "session": {"type": ["string", "null"]},
        "waiting": {"type": "integer", "description": "Effects that wait for a person."},
        "plan": {"type": "array", "items": {"type": "object"}},
        "plan_not_listed": {"type": "integer"},
        "denied": {"type": "array", "items": {"type": "object"}},
        "not_mapped": {"type": "array", "items": {"type": "string"}},
        "hidden": {"type": "array", "items": {"type": "string"}},
        "sockets_refused": {"type": "integer"},
        "notes": {"type": "array", "items": {"type": "string"}},
        "next": {"type": "string", "description": "What a person must do now."},
    },
    "required": ["exit_status", "stdout", "stderr", "session", "waiting", "plan", "next"],
}


def run_script(offer: Offer, call: Call, arguments: Object) -> Object:
    """Run it. Raises CommandError, CancelledError."""
    code, path = arguments.get("code"), arguments.get("path")
    if isinstance(code, str) == isinstance(path, str):
        raise CommandError("give either `code` or `path`")
    found = arguments.get("directory")
    asked = found if isinstance(found, str) else None
    target = words_of(arguments)
    words = ["run", "--json", *target, *_options(offer, arguments)]
    if target and asked is not None:
        words.append(f"--directory={_there(asked)}")
    directory = offer.directory(None if target else asked, os.getcwd())
    data = b""
    if isinstance(code, str):
        words.append("-")
        data = _source(code)
    else:
        words.append(offer.script(str(path), directory))
    given = arguments.get("arguments")
    words += [str(word) for word in given] if isinstance(given, list) else []
    return _report(document(call, words, data=data, directory=directory), target)


def _there(directory: str) -> str:
    """A directory of another machine, which that machine judges. Raises CommandError."""
    if not directory.startswith("/"):
        raise CommandError("directory: must be an absolute path")
    return directory


def _source(code: str) -> bytes:
    try:
        return code.encode()
    except UnicodeEncodeError:
        raise CommandError("code: not text that can be encoded as UTF-8") from None


def _options(offer: Offer, arguments: Object) -> list[str]:
    words = []
    profile = arguments.get("profile")
    if profile is None and offer.profiles and not words_of(arguments):
        profile = offer.profiles[0]  # at another machine its own policy holds
    if profile is not None:
        words += ["--profile", str(profile)]
    if "view" in arguments:
        words += ["--view", str(arguments["view"])]
    if arguments.get("dry_run") is True:
        words.append("--dry-run")
    limits = arguments.get("limits")
    if isinstance(limits, dict):
        for name, value in limits.items():
            words += [f"--{name}", str(value)]
    return words


def _report(found: Object, target: Sequence[str]) -> Object:
    stdout, stdout_cut = text.stream(found.get("stdout"))
    stderr, stderr_cut = text.stream(found.get("stderr"))
    listed, left = text.plan(found.get("effects"))
    session = found.get("session")
    waiting = found.get("waiting")
    return {
        "exit_status": found.get("status"),
        "limit": found.get("limit"),
        "complete": found.get("complete"),
        "stdout": stdout,
        "stdout_truncated": stdout_cut,
        "stderr": stderr,
        "stderr_truncated": stderr_cut,
        "session": session,
        "waiting": waiting,
        "plan": listed,
        "plan_not_listed": left,
        "denied": found.get("denied", []),
        "not_mapped": _paths(found.get("missing")),
        "hidden": _paths(found.get("hidden")),
        "sockets_refused": _count(found.get("sockets_refused")),
        "notes": _paths(found.get("notes")),
        "next": _next(session, waiting, target),
    }


def _paths(found: Json) -> list[Json]:
    return [text.shown(str(item)) for item in found[:100]] if isinstance(found, list) else []


def _count(found: Json) -> int:
    if not isinstance(found, dict):
        return 0
    return sum(count for count in found.values() if isinstance(count, int))


def _next(session: Json, waiting: Json, target: Sequence[str]) -> str:
    if not session or not waiting:
        return "Nothing waits: the script wanted to change nothing."
    return (
        f"{waiting} effects wait for a person, who types in a terminal:"
        f" shannot {' '.join(('approve', *target))} {text.shown(str(session))}"
        " — tell them so, then call wait_for_decision."
    )
