"""What the audit log is told of a run, after its child ended.

Counterparts: `command_audit.py`, for its commands, and `auditing.py`, for decisions and executions.
A plain run pays for this file and `audit/__init__.py`, and for neither before its child ended.
"""

from __future__ import annotations

import os

from shannot.audit import AuditError, Log
from shannot.digest import sha256_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.audit import Record
    from shannot.workflows.choices import Choices
    from shannot.workflows.request import Caller, Request
    from shannot.workflows.run import Report


def run_ended(
    state: str,
    request: Request,
    caller: Caller,
    choices: Choices,
    source: bytes,
    end: Report | BaseException,
) -> list[str]:
    """Record it. What the user must be told: that it is not recorded, or is in a damaged log.

    end: what it came to, or what kept it from coming to anything.
    """
    run = _asked(request, caller, choices, source)
    if isinstance(end, BaseException):
        return _append(state, caller.uid, [{**run, "failed": type(end).__name__}])
    outcome = end.outcome
    who: Record = {"user": caller.user, "uid": caller.uid, "session": end.session}
    run = {
        **run,
        "session": end.session,
        "exit_status": outcome.status,
        "limit": outcome.limit,
        "complete": outcome.complete,
        "effects": len(end.effects),
        "waiting": end.waiting,
        "denied": len(end.denied),
    }
    told = _append(state, caller.uid, [*_commands(who, end), run])
    if choices.queue is not None and end.session is not None:
        from shannot.workflows.queue import offer_session  # only where there are two users

        told += offer_session(state, caller.uid, end.session, choices.queue)
    return told


def _asked(request: Request, caller: Caller, choices: Choices, source: bytes) -> Record:
    """Who wanted what to be run, and how."""
    return {
        "event": "run",
        "user": caller.user,
        "uid": caller.uid,
        "pid": os.getpid(),
        "program": request.program.kind,
        "script": request.program.name(),
        "script_sha256": sha256_of(source),
        "arguments": len(request.program.arguments),
        "directory": caller.directory,
        "runtime": choices.runtime,
        "view": choices.view,
        "profile": choices.profile_name,
        "configuration": [[path, sha256] for path, sha256 in choices.configuration],
    }


def _append(state: str, uid: int, records: Sequence[Record]) -> list[str]:
    try:
        finding = Log(state, uid).append(records, sync=False)
    except AuditError as error:
        return [f"this run is not recorded: {error}"]
    return [f"{finding} (`shannot audit verify`)"] if finding else []


def _commands(who: Record, report: Report) -> Sequence[Record]:
    if not (report.effects or report.denied):
        return ()
    from shannot.workflows.command_audit import verdicts  # where there are effects, and only there

    return verdicts(who, report)
