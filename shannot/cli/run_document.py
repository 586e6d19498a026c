"""The document of `shannot run --json`: what the summary says, and the script's own output."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shannot.cli.envelope import captured, plain, success
from shannot.effects.codec import to_json

if TYPE_CHECKING:
    from shannot.workflows.run import Report


def document(report: Report, command: str = "run") -> str:
    """One JSON document on one line; its keys are those of `Report` and `Outcome`.

    command: what was typed, `run` or `resume`.
    """
    outcome = report.outcome
    return success(
        command,
        {
            "status": report.status,
            "limit": outcome.limit,
            "complete": outcome.complete,
            "stdout": captured(report.output.stdout),
            "stderr": captured(report.output.stderr),
            "session": report.session,
            "waiting": report.waiting,
            "effects": [plain(to_json(effect)) for effect in report.effects],
            "denied": [
                {"argv": list(argv), "rule": rule, "reason": reason}
                for argv, rule, reason in report.denied
            ],
            "sockets_refused": dict(outcome.sockets_refused),
            "calls_refused": dict(outcome.calls_refused),
            "missing": [os.fsdecode(path) for path in outcome.missing],
            "hidden": [os.fsdecode(path) for path in outcome.hidden],
            "faults": list(outcome.faults),
            "left_out": {os.fsdecode(path): why for path, why in outcome.left_out.items()},
            "notes": list(report.notes),
        },
    )
