"""What a start pays for a configuration: only what it says, and deciding only when it is time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOADED = """
import os, sys
from shannot.workflows.choices import choose
from shannot.workflows.program import Program
from shannot.workflows.request import Caller, Request
caller = Caller({"HOME": sys.argv[1]}, sys.argv[1], sys.executable, os.getuid(), "/none")
profile = choose(Request(Program("code", "pass")), caller).profile
print(profile is not None, *sorted(sys.modules))
"""


def loaded(home: Path, text: str) -> tuple[bool, set[str]]:
    """Was a profile made of a configuration with this text, and which modules are there then?"""
    place = home / ".config/shannot"
    place.mkdir(parents=True)
    (place / "config.toml").write_text(text)
    (place / "config.toml").chmod(0o600)
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{LOADED}",
            home,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    made, *modules = done.stdout.split()
    return made == "True", set(modules)


@pytest.mark.parametrize(
    "text", ["", '[run]\nruntime = "cpython"\n[limits]\ntimeout = "5m"\n', "[approve]\n"]
)
def test_a_configuration_without_a_rule_loads_no_policy(tmp_path: Path, text: str) -> None:
    made, modules = loaded(tmp_path, text)
    assert not made
    assert "shannot.config.settings" in modules
    assert not {name for name in modules if name.startswith("shannot.policy")}
    assert modules.isdisjoint({"dataclasses", "inspect", "hashlib", "json"})


@pytest.mark.parametrize(
    "text", ['profile = "default"\n', "[profile]\n", "[profiles.x]\nask = []\n"]
)
def test_a_profile_that_is_named_is_made(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text)[0]


def test_rules_without_examples_load_nothing_that_decides(tmp_path: Path) -> None:
    made, modules = loaded(tmp_path, "[profile]\nauto_approve = ['uptime']\nask = ['make']\n")
    assert made
    assert modules.isdisjoint({"shannot.policy.verdict", "shannot.policy.walk"})
