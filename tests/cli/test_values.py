from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shannot.cli.values import count, duration, seconds, size


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("65536", 65536),
        ("512M", 512 << 20),
        ("2G", 2 << 30),
        ("1.5k", 1536),
        ("1KiB", 1024),
        ("10b", 10),
    ],
)
def test_sizes_have_units(text: str, value: int) -> None:
    assert size(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("30", 30.0), ("30s", 30.0), ("5m", 300.0), ("1.5h", 5400.0), ("250ms", 0.25), ("1d", 86400)],
)
def test_durations_have_units(text: str, value: float) -> None:
    assert duration(text) == value


def test_processor_time_is_whole_seconds() -> None:
    assert (seconds("100ms"), seconds("1.6s"), seconds("2m")) == (1, 2, 120)


@pytest.mark.parametrize("text", ["", "M", "-1", "1e9", "nan", "inf", "1X", "0", "1_000", "9" * 30])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        size(text)


@pytest.mark.parametrize("text", ["", "s", "-1s", "1y", "0", "1e3", "1 s", "9" * 19])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        duration(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "1.0", "\u0663", "1" * 10])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        count(text)


@given(st.text())
def test_readers_of_values_only_ever_refuse(text: str) -> None:
    for reader in (size, duration, seconds, count):
        try:
            assert reader(text) > 0
        except ValueError:
            pass
