"""The tools: names, schemas, what each says of itself, and the function behind it.

There is none that approves, rejects, executes or changes configuration, and there must never be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import text
from .program import document
from .run_tool import OUTPUT_SCHEMA, input_schema, run_script
from .session_tools import (
    SESSION,
    STATE,
    WAIT_DEFAULT,
    WAIT_MAX,
    session_diff,
    session_result,
    show_session,
    wait_for_decision,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .offer import Offer
    from .program import Call
    from .revisions import Json, Object


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `annotations`: read-only, destructive, idempotent, open world."""

    name: str
    title: str
    description: str
    input: Object
    output: Object
    work: Callable[[Call, Object], Object]
    read_only: bool = True

    def listed(self) -> Object:
        """As `tools/list` shows it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.input,
            "outputSchema": self.output,
            "annotations": {
                "title": self.title,
                "readOnlyHint": self.read_only,
                "destructiveHint": False,
                "idempotentHint": self.read_only,
                "openWorldHint": False,
            },
        }


def tools(offer: Offer) -> dict[str, Tool]:
    """Every tool of a server with this offer, by name."""
    every = [_run(offer), *_sessions(offer), _explain(offer)]
    return {tool.name: tool for tool in every}


def _run(offer: Offer) -> Tool:
    return Tool(
        "run_script",
        "Run a script in the sandbox",
        "Run Python in a sandbox on the real machine. It reads real files (secrets hidden), has no"
        " network, and changes nothing: writes and commands that are not allowed outright are"
        " recorded as a plan that waits for a person. Returns output, exit status and the plan.",
        input_schema(offer),
        OUTPUT_SCHEMA,
        lambda call, arguments: run_script(offer, call, arguments),
        read_only=False,  # what the configured policy allows outright does happen
    )


def _sessions(offer: Offer) -> list[Tool]:
    return [*_looking(offer), _waiting(offer), _result(offer)]


def _looking(offer: Offer) -> list[Tool]:
    return [
        Tool(
            "show_session",
            "Show a session",
            f"A session's plan in order, {text.PLAN_MAX} effects at a time from `first` on.",
            _takes(offer, {"first": {"type": "integer", "minimum": 1}}),
            _gives({"state": "string", "effects": "array", "effects_total": "integer"}),
            show_session,
        ),
        Tool(
            "session_diff",
            "Show what a session would change",
            "Unified diffs of the files that a session would change.",
            _takes(
                offer,
                {
                    "effects": {
                        "type": "array",
                        "items": {"type": "integer", "minimum": 1},
                        "maxItems": 10_000,
                        "description": "Only these, by number.",
                    }
                },
            ),
            _gives({"diff": "string", "truncated": "boolean"}),
            session_diff,
        ),
    ]


def _waiting(offer: Offer) -> Tool:
    return Tool(
        "wait_for_decision",
        "Wait for a person",
        "Wait until a person has approved or rejected a session (until=decision), or it has"
        " been executed as well (until=result). Returns where it stands when the time is over.",
        _takes(
            offer,
            {
                "timeout": {
                    "type": "number",
                    "minimum": 0,
                    "maximum": WAIT_MAX,
                    "description": f"Seconds, {WAIT_DEFAULT} without it.",
                },
                "until": {"type": "string", "enum": ["decision", "result"]},
            },
        ),
        STATE,
        wait_for_decision,
    )


def _result(offer: Offer) -> Tool:
    return Tool(
        "session_result",
        "Read what came of a session",
        "Where a session stands, and the result of each effect that was executed.",
        _takes(offer, {}),
        _gives({"state": "string", "results": "array", "results_total": "integer"}),
        session_result,
    )


def _explain(offer: Offer) -> Tool:
    properties: Object = {
        "argv": {
            "type": "array",
            "items": {"type": "string", "maxLength": 100_000},
            "minItems": 1,
            "maxItems": 1000,
            "description": "The command and its arguments.",
        }
    }
    if offer.profiles:
        properties["profile"] = {"type": "string", "enum": list(offer.profiles)}

    def work(call: Call, arguments: Object) -> Object:
        profile = arguments.get("profile") or (offer.profiles[0] if offer.profiles else None)
        words = ["explain", "--json", *(["--profile", str(profile)] if profile else []), "--"]
        argv = arguments.get("argv")
        return document(
            call, words + ([str(word) for word in argv] if isinstance(argv, list) else [])
        )

    return Tool(
        "explain_command",
        "Ask what the policy says",
        "What the policy would decide about a command (deny, ask, confine, allow), by which rule"
        " and why. Runs nothing.",
        {
            "type": "object",
            "properties": properties,
            "required": ["argv"],
            "additionalProperties": False,
        },
        _gives({"decision": "string", "rule": "string", "reason": "string"}, session=False),
        work,
    )


def _takes(offer: Offer, properties: Object) -> Object:
    return {
        "type": "object",
        "properties": {"session": SESSION, **offer.target_schema(), **properties},
        "required": ["session"],
        "additionalProperties": False,
    }


def _gives(fields: dict[str, str], *, session: bool = True) -> Object:
    properties: dict[str, Json] = {name: {"type": kind} for name, kind in fields.items()}
    if session:
        properties["session"] = {"type": "string"}
    required: list[Json] = list(properties)
    return {"type": "object", "properties": properties, "required": required}
