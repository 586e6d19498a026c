from __future__ import annotations

import pytest

from shannot.sessions.lifecycle import STATES, TRANSITIONS, LifecycleError, State, check

ALLOWED = {
    ("pending", "approved"), ("pending", "rejected"),
    ("approved", "approved"), ("approved", "rejected"), ("approved", "executing"),
    ("executing", "executing"), ("executing", "executed"), ("executing", "failed"),
    ("failed", "executing"), ("failed", "rejected"), ("failed", "rolling-back"),
    ("executing", "rolling-back"), ("executed", "rolling-back"), ("rejected", "rolling-back"),
    ("rolling-back", "rolling-back"), ("rolling-back", "rolled-back"),
}  # fmt: skip


def test_the_table_names_every_state() -> None:
    assert set(TRANSITIONS) == set(STATES)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("wanted", STATES)
def test_a_move_that_is_not_in_the_table_raises(state: State, wanted: State) -> None:
    if (state, wanted) in ALLOWED:
        check("x", state, wanted)
    else:
        with pytest.raises(LifecycleError, match=r"session x is [a-z ]+ and cannot be [a-z -]+; "):
            check("x", state, wanted)
