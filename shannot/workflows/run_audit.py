"""What the audit log is told of a run: called after its child ended, and before an allowed command.

Counterpart of `auditing.py`, which tells of decisions and executions. A plain run pays for this
file and `audit/log.py` alone; nothing of it is loaded before its child has ended.
"""

from __future__ import annotations

import os

from shannot.audit.log import AuditError, Log, sha256_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.audit.log import Record
    from shannot.effects.model import RunCommand
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
    told = _append(state, caller.uid, [*_verdicts(who, end), run])
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


def performing(state: str, caller: Caller, effect: RunCommand) -> None:
    """Record a command that is about to run on the host. AuditError: it must not."""
    Log(state, caller.uid).append(
        [{**_verdict(effect), "user": caller.user, "uid": caller.uid, "pid": os.getpid()}],
        sync=False,
    )


def _append(state: str, uid: int, records: Sequence[Record]) -> list[str]:
    try:
        finding = Log(state, uid).append(records, sync=False)
    except AuditError as error:
        return [f"this run is not recorded: {error}"]
    return [f"{finding} (`shannot audit verify`)"] if finding else []


def _verdicts(who: Record, report: Report) -> list[Record]:
    """Of the commands that were asked for or denied; the allowed ones were recorded before."""
    if not (report.effects or report.denied):
        return []
    # Loaded where there are effects, and only there.
    from shannot.effects.model import RunCommand

    asked = [
        effect
        for effect in report.effects
        if isinstance(effect, RunCommand) and effect.verdict == "ask"
    ]
    found: list[Record] = [{**_verdict(effect), **who} for effect in asked]
    for argv, rule, reason in report.denied:
        found.append({**_command("deny", argv, rule, reason), **who})
    return found


def _verdict(effect: RunCommand) -> Record:
    return {
        **_command(effect.verdict, effect.argv, effect.rule, effect.reason),
        "executable": effect.executable,
        "executable_sha256": effect.executable_sha256,
        "directory": effect.directory,
    }


def _command(verdict: str, argv: Sequence[str], rule: str, reason: str) -> Record:
    # Only where there was a command: it brings `re`.
    from shannot.audit.redact import words

    return {
        "event": "command",
        "verdict": verdict,
        "argv": words(argv),
        "rule": rule,
        "reason": reason,
    }
