"""A system user without a home or a shell (`useradd -r -s /bin/false`), as systemd starts it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.users import ROOT, User, place_for_users

RUNNER = 64_103
UNIT = ROOT / "examples" / "systemd" / "shannot-run@.service"


@pytest.fixture
def runner() -> Iterator[User]:
    """Its HOME is where an account's entry says it is, and there is nothing there."""
    with place_for_users() as place:
        user = User(RUNNER, place / "srv", RUNNER)
        (user.home / "script.py").write_text("open('found', 'w').write('x')\nprint('ran')\n")
        user.environment["HOME"] = str(place / "no-such-home")
        yield user


def test_a_script_runs_with_the_state_in_the_directory_of_the_service(runner: User) -> None:
    state = runner.home / "state"
    state.mkdir(mode=0o700)
    os.chown(state, RUNNER, RUNNER)
    runner.environment["STATE_DIRECTORY"] = str(state)
    result = runner.shannot("run", "script.py")
    assert (result.returncode, result.stdout) == (0, "ran\n"), result.stderr
    assert not (runner.home / "found").exists()
    assert sorted(os.listdir(state)) == ["audit", "runtime", "seal", "sessions"]
    (session,) = os.listdir(state / "sessions")
    result = runner.shannot("approve", session, "--yes", "--execute")
    assert result.returncode == 0, result.stderr
    assert (runner.home / "found").read_text() == "x"
    assert "whole: " in runner.shannot("audit", "verify").stdout


def test_without_any_place_for_state_it_says_what_to_set(runner: User) -> None:
    if os.path.exists("/var/lib/shannot"):
        pytest.skip("this machine has a state directory for everybody")
    result = runner.shannot("run", "script.py")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == (
        "shannot: there is no place for sessions: set XDG_STATE_HOME (or STATE_DIRECTORY) to a"
        " directory that this user can write, or make /var/lib/shannot writable for it\n"
    )


def test_a_state_directory_that_cannot_be_written_is_named(runner: User) -> None:
    runner.environment["STATE_DIRECTORY"] = "/nonexistent/state"
    result = runner.shannot("run", "script.py")
    assert result.returncode == 2
    assert "cannot write the state directory /nonexistent/state" in result.stderr


@pytest.mark.parametrize("words", [["list"], ["status"], ["audit", "list"], ["prune"]])
def test_every_other_command_works_for_it_as_well(runner: User, words: list[str]) -> None:
    state = runner.home / "state"
    state.mkdir(mode=0o700)
    os.chown(state, RUNNER, RUNNER)
    runner.environment["STATE_DIRECTORY"] = str(state)
    result = runner.shannot(*words)
    assert result.returncode == 0, result.stderr


def test_the_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here")
    text = UNIT.read_text()
    for setting in ("User=", "StateDirectory=", "MemoryMax=", "CPUQuota=", "TasksMax="):
        assert f"\n{setting}" in text
    unit = tmp_path / "shannot-run@script.service"
    unit.write_text(text.replace("/usr/bin/shannot", "/bin/true"))
    words = ["systemd-analyze", "verify", "--man=no", str(unit)]
    result = subprocess.run(words, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    if "SYSTEMD_UNIT_PATH" in result.stderr or "Failed to" in result.stderr:
        pytest.skip(f"systemd-analyze cannot verify here: {result.stderr.strip()}")
    assert (result.returncode, result.stderr) == (0, "")
