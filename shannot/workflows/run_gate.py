"""The gate of a run, made of what was chosen for it. Loaded at the first command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.policy.environment import base_environment
from shannot.policy.profile import Profile
from shannot.sessions.gate import RecordingGate
from shannot.workflows.run_audit import performing

if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.sandbox.spec import Blobs
    from shannot.workflows.choices import Choices
    from shannot.workflows.request import Caller, Request


def make_gate(
    request: Request,
    caller: Caller,
    choices: Choices,
    blobs: Callable[[], Blobs],
    tell: Callable[[str], None],
    state: str,
) -> RecordingGate:
    """tell: takes a line for the user; state: the state directory, whose audit log is told."""
    return RecordingGate(
        choices.profile or Profile(),
        blobs,
        base=base_environment(caller.environment, caller.home),
        given=choices.environment,
        on_ask=choices.on_ask,
        dry_run=request.dry_run,
        tell=tell,
        performing=lambda effect: performing(state, caller, effect),
        recall=request.recall,
    )
