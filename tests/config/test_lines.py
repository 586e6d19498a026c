from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shannot.config.json_text import JsonSyntaxError, read_json
from shannot.config.toml_lines import find_lines

TOML = '''\
profile = "a"  # [not.a.header]
[profiles."o p"]
auto_approve = [
  "ls", # "x"
  { command = "a = [", match = ["x",
    "y"] },
  """
long
""", 'z',
]
confine = []

[[profiles.x.always_deny]]
command = "a"
[[profiles.x.always_deny]]
reason = """]
"""
command = 'b'
a.b."c.d" = 1979-05-27 07:32:00
'''


def test_every_key_and_item_of_toml_has_its_line() -> None:
    tomllib.loads(TOML)
    lines = find_lines(TOML)
    expected = {
        ("profile",): 1,
        ("profiles", "o p"): 2,
        ("profiles", "o p", "auto_approve"): 3,
        ("profiles", "o p", "auto_approve", 0): 4,
        ("profiles", "o p", "auto_approve", 1): 5,
        ("profiles", "o p", "auto_approve", 1, "match"): 5,
        ("profiles", "o p", "auto_approve", 1, "match", 1): 6,
        ("profiles", "o p", "auto_approve", 2): 7,
        ("profiles", "o p", "auto_approve", 3): 9,
        ("profiles", "o p", "confine"): 11,
        ("profiles", "x", "always_deny", 0, "command"): 14,
        ("profiles", "x", "always_deny", 1): 15,
        ("profiles", "x", "always_deny", 1, "command"): 18,
        ("profiles", "x", "always_deny", 1, "a", "b", "c.d"): 19,
    }
    assert {key: lines.get(key) for key in expected} == expected


@given(st.text(alphabet="abc=[]{}.,\"'#\n \\", max_size=40))
def test_lines_of_any_toml_are_found_without_a_fault(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    find_lines(text)


def test_every_key_and_item_of_json_has_its_line() -> None:
    text = '{\n "a": [1,\n  {"b": null}],\n "c": "x\\n"\n}\n'
    value, lines = read_json(text)
    assert value == {"a": [1, {"b": None}], "c": "x\n"}
    assert (lines[("a", 0)], lines[("a", 1, "b")], lines[("c",)]) == (2, 3, 4)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "expected a value"),
        ('{\n"a": 1\n"b": 2}', 3, "expected a comma"),
        ('{"a": 1,\n}', 2, "a comma before"),
        ('{"a": 1,\n"a": 2}', 2, "given twice"),
        ("[1] x", 1, "something follows"),
        ('{"a": "\n"}', 1, "not closed"),
        ("{'a': 1}", 1, "double quotes"),
        ("[NaN]", 1, "expected a value"),
        ("[" * 100, 1, "nested too deep"),
    ],
)
def test_what_is_not_json_is_named_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(JsonSyntaxError, match=message) as caught:
        read_json(text)
    assert caught.value.line == line


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: (
    st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
), max_leaves=12), st.integers(0, 3))  # fmt: skip
def test_json_is_read_as_python_reads_it(value: object, indent: int) -> None:
    import json

    text = json.dumps(value, indent=indent or None)
    assert read_json(text)[0] == value
