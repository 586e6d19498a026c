from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shannot.cli.parser import Parser
from shannot.cli.run_options import LIMITS, OPTIONS, configure, defaults, read_plain
from shannot.errors import UsageError


def read_argparse(words: list[str]) -> dict[str, Value]:
    parser = Parser(allow_abbrev=False)
    configure(parser)
    return vars(parser.parse_args(words))


if TYPE_CHECKING:
    from shannot.cli.run_options import Value

CODE = {"-c", "-m", "-qc"}
FLAGS = [flag for option in (*OPTIONS, *LIMITS) for flag in option.flags]
WORDS = [
    *FLAGS,
    *("-c", "-m", "-", "--", "s.py", "30s", "512M", "7", "system", "assume", "cpython", "A=b"),
    *("/x:ro", "-x", "--x=", "--env="),
]
WORDS += ["--view=system", "--memory=2G", "--timeout=x", "--map=a:b", "-qc", "", "a b", "--quiet=1"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=7))
def test_the_quick_reader_agrees_with_argparse(words: list[str]) -> None:
    values = read_plain(words)
    # What follows the code is the script's; argparse drops a `--` there, and python does not.
    dropped = "--" in words and bool(CODE & set(words))
    if values is not None and not dropped:
        assert values == read_argparse(words)


def test_the_quick_reader_reads_every_option() -> None:
    words = ["-q", "--json", "--dry-run", "--keep", "--ask", "--review"]
    for option in (*OPTIONS, *LIMITS):
        if not option.is_switch:
            words += [option.flags[0], option.choices[0] if option.choices else "7"]
    values = read_plain([*words, "s.py"])
    assert values is not None
    assert values == read_argparse([*words, "s.py"])
    assert [n for n, v in values.items() if v == defaults()[n]] == ["code", "module"]


@pytest.mark.parametrize(
    ("words", "program"),
    [
        (["s.py", "-q", "--help"], ("words", ["s.py", "-q", "--help"])),
        (["-q", "s.py", "--", "-c"], ("words", ["s.py", "--", "-c"])),
        (["--timeout", "3", "-", "-x"], ("words", ["-", "-x"])),
        (["-c", "pass", "-q", "--p"], ("code", ["pass", "-q", "--p"])),
        (["--env", "A=-1", "-m", "mod", "--json"], ("module", ["mod", "--json"])),
    ],
)
def test_what_follows_the_script_is_the_scripts(
    words: list[str], program: tuple[str, list[str]]
) -> None:
    name, rest = program
    for values in (read_plain(words), read_argparse(words)):
        assert values is not None
        assert values[name] == rest
        assert not values["json"]


@pytest.mark.parametrize(
    "words",
    [
        ["--bogus", "s.py"],
        ["--pyth", "x", "s.py"],
        ["--view", "wide", "s.py"],
        ["--memory", "lots", "s.py"],
        ["--on-ask", "never", "s.py"],
        ["--map"],
    ],
)
def test_what_is_wrong_is_a_usage_error(words: list[str]) -> None:
    assert read_plain(words) is None
    with pytest.raises(UsageError):
        read_argparse(words)
