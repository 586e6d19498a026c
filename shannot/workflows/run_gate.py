"""The gate of a run, made of what was chosen for it. Loaded at the first command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from shannot.errors import UsageError
from shannot.policy.environment import base_environment
from shannot.policy.profile import Profile
from shannot.sessions.gate import RecordingGate
from shannot.workflows.command_audit import performing

if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.sandbox.spec import Blobs, Decider
    from shannot.workflows.choices import Choices
    from shannot.workflows.record import Recorder
    from shannot.workflows.request import Caller, Request


def make_gate(
    request: Request,
    caller: Caller,
    choices: Choices,
    blobs: Callable[[], Blobs],
    tell: Callable[[str], None],
    state: str,
    source: bytes,
    recorder: Callable[[], Recorder],
) -> RecordingGate:
    """tell: takes a line for the user; state: the state directory, whose audit log is told; source:
    the script; recorder: makes its session, where it asks while it runs."""
    decider: Decider | None = None
    if choices.on_ask in ("prompt", "wait"):
        decider = _decider(choices.on_ask, request, caller, choices, source, recorder)
    return RecordingGate(
        choices.profile or Profile(),
        blobs,
        base=base_environment(caller.environment, caller.home),
        given=choices.environment,
        on_ask="decide" if decider else "fail" if choices.on_ask == "fail" else "assume",
        decider=decider,
        dry_run=request.dry_run,
        tell=tell,
        performing=lambda effect: performing(state, caller, effect),
        recall=request.recall,
    )


def _decider(
    mode: Literal["prompt", "wait"],
    request: Request,
    caller: Caller,
    choices: Choices,
    source: bytes,
    recorder: Callable[[], Recorder],
) -> Decider:
    """Who asks a person while the script waits. UsageError where this face has none."""
    # Only for a run that may ask.
    from shannot.workflows.live import LiveDecisions
    from shannot.workflows.record import Circumstances

    if request.face is None:
        raise UsageError("nobody can be asked here; use `--on-ask assume` or `--on-ask fail`")
    circumstances = Circumstances(
        request, source, caller.directory, choices.view, caller.user, choices.runtime
    )
    return LiveDecisions(mode, recorder, circumstances, caller, request.profile, request.face())
