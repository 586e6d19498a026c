from __future__ import annotations

import pytest

from shannot.policy.environment import (
    FIXED_PATH,
    added,
    base_environment,
    clean_environment,
    may_be_added,
)


def test_only_four_names_come_from_the_caller() -> None:
    caller = {"PATH": "/evil", "LD_PRELOAD": "x", "LANG": "de_DE.UTF-8", "TZ": "Europe/Berlin"}
    assert base_environment(caller, "/home/u") == {
        "PATH": FIXED_PATH,
        "HOME": "/home/u",
        "LANG": "de_DE.UTF-8",
        "TZ": "Europe/Berlin",
    }


def test_values_that_could_name_files_are_left_out() -> None:
    assert "TZ" not in base_environment({"TZ": "../../tmp/x"}, "/")
    assert "LANG" not in base_environment({"LANG": "x y"}, "/")


@pytest.mark.parametrize(
    "name",
    [
        *("LD_PRELOAD", "PYTHONPATH", "PERL5OPT", "RUBYOPT", "NODE_OPTIONS", "GIT_PAGER"),
        *("BASH_ENV", "ENV", "IFS", "PAGER", "EDITOR", "PATH", "BASH_FUNC_ls%%", "", "A B"),
        *("LUA_INIT", "PHPRC", "npm_config_script_shell", "_JAVA_OPTIONS", "R_PROFILE_USER"),
    ],
)
def test_a_dangerous_name_is_never_added(name: str) -> None:
    assert not may_be_added(name)
    assert name not in clean_environment({}, [(name, "x")], [name])


def test_an_addition_needs_to_be_allowed_by_name() -> None:
    additions = [("MODE", "fast"), ("OTHER", "x")]
    assert clean_environment({"A": "b"}, additions, ["MODE"]) == {"A": "b", "MODE": "fast"}


def test_what_the_script_changed_is_told_from_what_it_was_given() -> None:
    given = {b"A": b"1", b"B": b"2"}
    assert added({b"A": b"1", b"B": b"3", b"\xff": b""}, given) == (("B", "3"), ("\udcff", ""))
