from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shannot.config.paths import exists, project_config, state_directory, user_config
from shannot.errors import UsageError

UID = os.getuid()


def test_the_state_directory_follows_the_first_place_that_is_there(tmp_path: Path) -> None:
    home = str(tmp_path)
    environment = {"XDG_STATE_HOME": "/x/state/", "HOME": home, "STATE_DIRECTORY": "/var/lib/s:/b"}
    assert state_directory(environment, UID) == "/x/state/shannot"
    environment["XDG_STATE_HOME"] = "relative"
    assert state_directory(environment, UID) == f"{home}/.local/state/shannot"
    environment["HOME"] = f"{home}/missing"
    assert state_directory(environment, UID) == "/var/lib/s"


@pytest.mark.parametrize("home", ["/", "", "relative", "/no/such/place"])
def test_without_a_home_the_machine_s_place_is_used(tmp_path: Path, home: str) -> None:
    machine = str(tmp_path)
    assert state_directory({"HOME": home}, UID, machine) == machine


def test_without_any_place_the_error_says_what_to_set() -> None:
    with pytest.raises(UsageError, match="set XDG_STATE_HOME"):
        state_directory({}, UID, "/no/such/place")


def test_the_home_of_another_user_is_not_used(tmp_path: Path) -> None:
    if UID == 0:
        os.chown(tmp_path, 12345, -1)
        uid = 0
    else:
        uid = UID + 1
    with pytest.raises(UsageError):
        state_directory({"HOME": str(tmp_path)}, uid, "/no/such/place")


def test_the_user_s_configuration_is_below_the_configuration_home() -> None:
    assert user_config({"XDG_CONFIG_HOME": "/c"}) == "/c/shannot/config.toml"
    assert user_config({"XDG_CONFIG_HOME": "c", "HOME": "/h"}) == "/h/.config/shannot/config.toml"
    assert user_config({}) is None


def test_a_project_s_configuration_is_found_from_below(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert project_config(str(below), UID) is None
    (tmp_path / ".shannot").mkdir()
    config = tmp_path / ".shannot" / "config.toml"
    config.write_text("")
    assert project_config(str(below), UID) == str(config)
    assert project_config(str(below), UID + 1) is None
    assert exists(str(config))
    assert not exists(str(config / "below"))
    assert not exists(None)


def test_looking_for_configuration_imports_nothing_slow() -> None:
    code = (
        "import sys; import shannot.config.paths; "
        "slow = {'dataclasses', 'typing', 're', 'enum', 'json', 'pathlib', 'tomllib'}; "
        "print(sorted(slow & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", code], cwd=root, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr
