"""`run` and `resume` with --target: the script runs there; output, status and plan come here."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from shannot.cli.commands.run import make_request
from shannot.cli.far_work import FarWork
from shannot.cli.main import INTERRUPTED
from shannot.cli.place import current_caller
from shannot.cli.reaching import reach
from shannot.cli.say import say
from shannot.cli.summary import lines
from shannot.errors import UnsuccessfulError, UsageError
from shannot.escape import escape
from shannot.workflows.far import resolve, result_of
from shannot.workflows.far_run import read_report, read_source, run_fields

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from shannot.cli.run_options import Value
    from shannot.machines.frames import Json
    from shannot.workflows.far import There


def run_there(values: Mapping[str, Value]) -> int:
    """Run the script on another machine. Returns its status."""
    check_options(values)
    caller = current_caller()
    request = make_request(values)
    target, directory = str(values["target"]), values["directory"]
    source = read_source(request.program, caller.directory, read_stdin)
    with reach(caller, target) as there:
        given = directory if isinstance(directory, str) else there.remote.directory
        fields = run_fields(request, caller, source, given)
        if there.sent and not values["quiet"]:
            say(f"shannot: sent shannot to {target}, which did not have it")
        return _do(there, "run", fields, values)


def resume_there(options: Namespace) -> int:
    """Run a session's script again there. Returns its status."""
    with reach(current_caller(), options.target) as there:
        session_id = resolve(there, options.id)
        fields = {"id": session_id, "keep": options.keep, "stdin": True}
        return _do(there, "resume", fields, vars(options))


def _do(there: There, verb: str, fields: Mapping[str, Json], values: Mapping[str, Value]) -> int:
    """The request, and what the run came to."""
    target = there.name
    answer, interrupted = FarWork(there, verb, fields, silent=bool(values["json"])).wait()
    status = INTERRUPTED if interrupted else answer.status
    if answer.document is None and values["json"]:
        raise UnsuccessfulError(f"{target}: the script did not run there")
    if answer.document is None:
        say(f"shannot: {target}: it was ended there")
        return status
    result = result_of(answer.document, target)
    if values["json"]:
        print(json.dumps(answer.document))
        return status
    report = read_report(result, status)
    if not values["quiet"] and not report.is_silent():
        for line in lines(report, f" --target {target}"):
            say(line)
        if report.session is not None:
            say(f"shannot: on {escape(there.hello.user)}@{escape(there.hello.host)}")
    return status


def check_options(values: Mapping[str, Value]) -> None:
    """UsageError for what only a run here can do."""
    for name in ("review", "ask", "json_fd"):
        if values[name]:
            raise UsageError(f"--{name.replace('_', '-')} does not go with --target")


def read_stdin(limit: int) -> bytes:
    """All of stdin, at most so many bytes."""
    return sys.stdin.buffer.read(limit)
