"""Simple values are written without json, and just as with it."""

from __future__ import annotations

import json
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as some

from shannot import audit
from shannot.audit import encode

SCALARS = some.none() | some.booleans() | some.integers() | some.text(max_size=20)
NAMES = some.sampled_from(("a", "b", "c"))
VALUES = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=12) | some.dictionaries(NAMES, inner),
    max_leaves=20,
)


@given(some.dictionaries(NAMES, VALUES))
def test_both_ways_to_write_a_record_give_the_same_bytes(record: dict[str, audit.Value]) -> None:
    line = encode(record, 1, audit.START, "now")
    with patch.object(audit, "_simple", lambda _value: ""):
        assert encode(record, 1, audit.START, "now") == line
    json.loads(line)


def test_the_record_of_a_run_with_a_configuration_is_written_without_json() -> None:
    record: dict[str, audit.Value] = {"configuration": [["/home/x/config.toml", "0" * 64]]}
    with patch("shannot.audit.values.fields_of", side_effect=AssertionError):
        found = json.loads(encode(record, 1, audit.START, "now"))
    assert found["configuration"] == record["configuration"]
