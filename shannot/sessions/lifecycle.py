"""Where a session can go from where it stands: one table, and a move that is not in it raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from shannot.errors import UnsuccessfulError

State = Literal[
    "pending",
    "approved",
    "rejected",
    "executing",
    "executed",
    "failed",
    "rolling-back",
    "rolled-back",
]

STATES: tuple[State, ...] = (
    "pending",
    "approved",
    "rejected",
    "executing",
    "executed",
    "failed",
    "rolling-back",
    "rolled-back",
)

# A second approval replaces the first one. Executing goes on from executing where the process was
# killed, and from failed where some effects are still to be done. Whatever was begun can be rolled
# back, also where the rest of it was rejected; a rollback that was killed or failed goes on.
TRANSITIONS: Mapping[State, tuple[State, ...]] = {
    "pending": ("approved", "rejected"),
    "approved": ("approved", "rejected", "executing"),
    "rejected": ("rolling-back",),
    "executing": ("executing", "executed", "failed", "rolling-back"),
    "executed": ("rolling-back",),
    "failed": ("executing", "rejected", "rolling-back"),
    "rolling-back": ("rolling-back", "rolled-back"),
    "rolled-back": (),
}

_HINTS: Mapping[State, str] = {
    "pending": "it waits for `shannot approve`",
    "approved": "it waits for `shannot execute`",
    "rejected": "run the script again for a new session",
    "executing": "`shannot execute` goes on with it",
    "executed": "run the script again for a new session",
    "failed": "`shannot show` has the results",
    "rolling-back": "`shannot rollback` goes on with that",
    "rolled-back": "run the script again for a new session",
}


_VERBS: Mapping[State, str] = {"executing": "executed", "rolling-back": "rolled back"}
_NOUNS: Mapping[State, str] = {"rolling-back": "being rolled back", "rolled-back": "rolled back"}


class LifecycleError(UnsuccessfulError):
    """The session is in a state from which the move is not possible."""


def check(session_id: str, state: State, wanted: State) -> None:
    """Raise LifecycleError unless a session can go from state to wanted."""
    if wanted not in TRANSITIONS[state]:
        verb = _VERBS.get(wanted, wanted)
        raise LifecycleError(
            f"session {session_id} is {_NOUNS.get(state, state)} and cannot be {verb};"
            f" {_HINTS[state]}"
        )
