"""A run on another machine: the request, made from ours, and the report that comes back.

Counterparts: `machines/verbs.py`, which reads the request there; `cli/run_document.py`, which
makes the document there. The document is hostile.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from shannot.effects import codec
from shannot.effects.document import Document, MalformedError
from shannot.errors import NotFoundError, UsageError
from shannot.machines.frames import packed
from shannot.machines.verbs import SCRIPT_MAX
from shannot.sandbox.spec import Outcome
from shannot.sandbox.streams import Output
from shannot.sessions.ids import is_id
from shannot.workflows.program import check_script
from shannot.workflows.run import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shannot.machines.frames import Json
    from shannot.workflows.program import Program
    from shannot.workflows.request import Caller, Request

_MANY = 100_000
_COUNT_MAX = 1 << 40


def read_source(program: Program, directory: str, stdin: Callable[[int], bytes]) -> bytes:
    """The script, which is sent. stdin: reads at most so many bytes, where that is the script.

    Raises NotFoundError, UsageError.
    """
    match program.kind:
        case "code":
            data = os.fsencode(program.text)
        case "stdin":
            data = stdin(SCRIPT_MAX + 1)
        case "module":
            raise UsageError("-m: a module cannot be sent to another machine; send a script")
        case "script":
            path = os.path.join(directory, program.text)
            check_script(path)
            try:
                with open(path, "rb") as file:
                    data = file.read(SCRIPT_MAX + 1)
            except OSError as error:
                raise NotFoundError(f"cannot read the script {path}: {error.strerror}")
    if len(data) > SCRIPT_MAX:
        raise UsageError(f"the script is longer than the {SCRIPT_MAX >> 20} MiB that can be sent")
    return data


def run_fields(
    request: Request, caller: Caller, source: bytes, directory: str | None
) -> dict[str, Json]:
    """The fields of the request. Raises UsageError for what only a run here can do."""
    if request.profile is not None:
        raise UsageError("--profile: the policy of another machine is its own")
    if request.on_ask not in (None, "assume", "fail"):
        raise UsageError(f"--on-ask {request.on_ask}: nobody can be asked on another machine")
    if directory is not None and not directory.startswith("/"):
        raise UsageError("--directory: expected an absolute path of the other machine")
    names = {"view": request.view, "on_ask": request.on_ask, "python": request.python}
    texts = {**names, "runtime": request.runtime}
    options: dict[str, Json] = {name: text for name, text in texts.items() if text is not None}
    options |= {name: _number(value) for name, value in request.limits.items()}
    for name, value in (("dry_run", request.dry_run), ("keep", request.keep)):
        options[name] = value
    if request.maps:
        options["map"] = list(request.maps)
    if request.environment:
        options["env"] = _environment(request.environment, caller.environment)
    return {
        "script": {"name": _name(request.program), "source": packed(source)},
        "arguments": list(request.program.arguments),
        "options": options,
        "directory": directory,
        "stdin": request.program.kind != "stdin",
    }


def _name(program: Program) -> str:
    """A file name: what is odd in one's own is replaced."""
    if program.kind == "script":
        name = re.sub(r"[^A-Za-z0-9_.+@-]", "_", os.path.basename(program.text))[:100]
        return name if re.match(r"[A-Za-z0-9_]", name) else f"_{name}"[:100]
    return "code.py" if program.kind == "code" else "stdin.py"


def _environment(added: Sequence[str], own: Mapping[str, str]) -> list[str]:
    """`NAME` alone is taken from this machine, if it is there."""
    found = []
    for item in added:
        if "=" in item:
            found.append(item)
        elif item in own:
            found.append(f"{item}={own[item]}")
    return found


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.6f}"


def read_report(result: Document, status: int) -> Report:
    """The report in the result of `run`. Raises MalformedError.

    status: the exit status that was told beside it, and counts.
    """
    effects = tuple(codec.from_json(item) for item in result.children("effects", _MANY))
    outcome = Outcome(
        status=status,
        limit=result.optional_text("limit", 40),
        sockets_refused=_counts(result.child("sockets_refused")),
        calls_refused=_counts(result.child("calls_refused")),
        missing=[os.fsencode(path) for path in result.texts("missing", _MANY)],
        hidden=[os.fsencode(path) for path in result.texts("hidden", _MANY)],
        faults=result.texts("faults", _MANY),
        left_out={
            os.fsencode(path): result.child("left_out").text(path)
            for path in result.child("left_out").names()
        },
    )
    outcome.complete = result.boolean("complete")
    session = result.optional_text("session", 80)
    if session is not None and not is_id(session):
        raise MalformedError(f"{result.where}: not a session id")
    report = Report(
        outcome,
        Output(merged=False),
        effects,
        [
            (item.texts("argv", _MANY), item.text("rule"), item.text("reason"))
            for item in result.children("denied", _MANY)
        ],
        result.texts("notes", _MANY),
        session,
        result.integer("waiting", 0, len(effects)),
    )
    report.status = status
    return report


def _counts(document: Document) -> dict[str, int]:
    return {name: document.integer(name, 0, _COUNT_MAX) for name in document.names()}
