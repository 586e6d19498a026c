from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shannot.cli.selection import read_selection
from shannot.errors import UsageError


def test_numbers_and_ranges_are_sorted_and_counted_once() -> None:
    assert read_selection("3-5,1, 4", 5) == (1, 3, 4, 5)


@pytest.mark.parametrize(
    "text", ["", "0", "6", "1,", "a", "2-1", "1-", "-3", "1-9", "\u0661", "1--2"]
)
def test_what_names_no_effect_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_selection(text, 5)


@given(st.text(alphabet="0123456789,- "), st.integers(0, 50))
def test_only_effects_of_the_plan_are_ever_chosen(text: str, total: int) -> None:
    try:
        assert set(read_selection(text, total)) <= set(range(1, total + 1))
    except UsageError:
        pass
