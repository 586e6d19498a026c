from __future__ import annotations

import pytest

from shannot.config.amounts import parse_limit


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("memory", "2G", 2 << 30),
        ("memory", "512MiB", 512 << 20),
        ("memory", "1.5k", 1536),
        ("memory", 4096, 4096),
        ("timeout", "90s", 90),
        ("timeout", "5m", 300),
        ("timeout", 0.5, 1),
        ("files", "100", 100),
    ],
)
def test_amounts_are_read_as_people_write_them(
    name: str, value: str | float, expected: int
) -> None:
    assert parse_limit(name, value) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("memory", text) for text in ("", "G", "2X", "-1", "1e9", "2 2G", "٣", "1" * 30)),
        ("files", "2G"),
        ("timeout", "2G"),
        ("memory", 0),
        ("memory", float("inf")),
        ("memory", 1 << 70),
    ],
)
def test_anything_else_is_an_error(name: str, value: str | float) -> None:
    with pytest.raises(ValueError):
        parse_limit(name, value)
