"""What the audit log is told of a script's commands. Loaded at the first one (`run_audit.py`)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shannot.audit import Log
from shannot.audit.redact import words
from shannot.effects.model import RunCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.audit import Record
    from shannot.workflows.request import Caller
    from shannot.workflows.run import Report


def performing(state: str, caller: Caller, effect: RunCommand) -> None:
    """Record a command that is about to run on the host. AuditError: it must not."""
    Log(state, caller.uid).append(
        [{**_verdict(effect), "user": caller.user, "uid": caller.uid, "pid": os.getpid()}],
        sync=False,
    )


def verdicts(who: Record, report: Report) -> list[Record]:
    """Of the commands that were asked for or denied; the allowed ones were recorded before."""
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
    return {
        "event": "command",
        "verdict": verdict,
        "argv": words(argv),
        "rule": rule,
        "reason": reason,
    }
