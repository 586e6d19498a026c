from __future__ import annotations

import os
from pathlib import Path

import pytest

from shannot.config.settings import Settings, load
from shannot.errors import UsageError


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir(mode=0o700)
    return tmp_path / "config"


def write(place: Path, text: str, name: str = "config.toml") -> str:
    path = place / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def read(path: str) -> Settings:
    return load(path, None, None, os.getuid())


def texts(listed: object) -> list[str]:
    return [one.text for one in listed]  # type: ignore[attr-defined]


def values(items: object) -> list[object]:
    return [one.value for one in items]  # type: ignore[attr-defined]


FULL = """\
[profile]
auto_approve = ["ls", "systemctl status"]
always_deny = [
    "curl",
    "wget",  # and its friends
]
confine = ["*"]

[limits]
timeout = "5m"
memory = "2G"
processes = 16
output = 1_000

[files]
map = ["/etc/nginx:ro"]

[run]
view = "system"
python = "/venv/bin/python"
env = ["LANG", "MODE=fast"]
on_ask = "fail"
runtime = "cpython"

[approve]
allow_yes = false

[sessions]
expire = "7d"
"""


def test_everything_that_can_be_said_is_read(place: Path) -> None:
    settings = read(write(place, FULL))
    rules = settings.profiles["default"]
    assert values(rules.auto_approve) == ["ls", "systemctl status"]
    assert values(rules.always_deny) == ["curl", "wget"]
    assert rules.always_deny[1].where().endswith("config.toml:5")
    assert values(rules.confine) == ["*"]
    assert settings.limits == {"timeout": 300, "memory": 2 << 30, "processes": 16, "output": 1000}
    assert texts(settings.maps) == ["/etc/nginx:ro"]
    assert texts(settings.environment) == ["LANG", "MODE=fast"]
    assert (settings.view, settings.on_ask, settings.runtime) == ("system", "fail", "cpython")
    assert settings.python == "/venv/bin/python"
    assert settings.allow_yes is False
    assert settings.expire == 7 * 86400


def test_missing_files_say_nothing(tmp_path: Path) -> None:
    missing = str(tmp_path / "none" / "config.toml")
    settings, silent = load(missing, missing, missing, os.getuid()), Settings()
    for name in {*Settings.__slots__} - {"tightened"}:
        assert getattr(settings, name) == getattr(silent, name), name
    assert settings.names_no_rule()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("\n[profile]\nauto_aprove = []\n", 3, 'unknown key "auto_aprove"'),
        ("[run]\n\nviews = 1\n", 3, 'unknown key "views"'),
        ("x = 1\n", 1, 'unknown key "x"'),
        ("[limits]\nmemory = 1\n\n[approve]\nallow_yes = 1\n", 5, "must be true or false"),
        ("[sessions]\nexpire = 'never'\n", 2, "expire: expected a number"),
        ("[sessions]\nexpire = true\n", 2, "expire must be a number"),
        ("[sessions]\nexpire = 0\n", 2, "more than nothing"),
        ("[profile]\nauto_approve = 'ls'\n", 2, "must be a list of strings"),
        ("[profile]\nauto_approve = [\n 'ls',\n 3,\n]\n", 4, "must be a list of strings"),
        ("[limits]\nmemory = '2X'\n", 2, "memory: expected a number"),
        ("[limits]\nmemory = true\n", 2, "must be a number"),
        ("[limits]\ncpu = -1\n", 2, "more than nothing"),
        ("[limits]\ncpu = nan\n", 2, "more than nothing"),
        ("[run]\nview = 'all'\n", 2, "must be one of"),
        ("[run]\nenv = ['=x']\n", 2, "NAME or NAME=VALUE"),
        ("a = 1\nb = \n", 2, "Invalid value"),
        ("profile = 3\n", 1, "must be a table"),
        ("run.view = 'system'\nrun.x = 1\n", 2, "unknown key"),
        ("[profiles.'a b'\n", 1, ""),
        ("a = " + "9" * 5_000 + "\n", 1, "too large a number"),
        ("a = " + "[" * 20_000 + "\n", 1, "too deep"),
    ],
)
def test_an_error_names_file_and_line(place: Path, text: str, line: int, message: str) -> None:
    path = write(place, text)
    with pytest.raises(UsageError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused_with_their_line(place: Path) -> None:
    path = write(place, "")
    Path(path).write_bytes(b"[run]\nx = '\xff'\n")
    with pytest.raises(UsageError, match=r":2: not UTF-8"):
        read(path)


def test_what_others_can_write_is_not_read(place: Path) -> None:
    path = write(place, "")
    os.chmod(path, 0o622)
    with pytest.raises(UsageError, match="other users can write it"):
        read(path)
    os.chmod(path, 0o600)
    place.chmod(0o777)
    with pytest.raises(UsageError, match="other users can write it"):
        read(path)


def test_what_belongs_to_neither_the_user_nor_root_is_not_read(place: Path) -> None:
    path = write(place, "")
    if os.getuid() == 0:
        os.chown(path, 12345, -1)
        uid = 0
    else:
        uid = os.getuid() + 1
    with pytest.raises(UsageError, match="belongs to another user"):
        load(path, None, None, uid)


def test_what_is_no_small_regular_file_is_refused(place: Path) -> None:
    (place / "directory").mkdir(mode=0o700)
    os.mkfifo(place / "pipe", 0o600)
    big = write(place, "#" * (1 << 20) + "\n", "big")
    for path in (str(place / "directory"), str(place / "pipe"), big):
        with pytest.raises(UsageError):
            read(path)


def test_profiles_are_chosen_by_name(place: Path) -> None:
    text = '\nprofile = "ops"\n[profiles.ops]\nauto_approve = ["id"]\n[profiles.dev]\n'
    path = write(place, text)
    settings = read(path)
    assert (settings.profile, settings.profile_where) == ("ops", f"{path}:2")
    assert values(settings.profiles["ops"].auto_approve) == ["id"]
    assert settings.profiles["dev"].auto_approve is None


def test_the_user_s_values_win_and_lists_add_up(place: Path) -> None:
    machine = write(
        place,
        "[profile]\nalways_deny=['curl']\n[run]\nview='system'\n[approve]\nallow_yes=false\n",
        "machine",
    )
    user = write(
        place,
        "[profile]\nalways_deny=['wget']\n[run]\nview='project'\n[approve]\nallow_yes=true\n",
        "user",
    )
    settings = load(user, machine, None, os.getuid())
    assert values(settings.profiles["default"].always_deny) == ["curl", "wget"]
    assert settings.view == "project"
    assert settings.allow_yes is False


def test_a_project_adds_denials_and_questions_to_any_profile(place: Path) -> None:
    project = write(place, "[profile]\nask=['git push']\nalways_deny=['x']\n", "project")
    user = write(place, "profile='ops'\n[profiles.ops]\nauto_approve=['ls']\n", "user")
    settings = load(user, None, project, os.getuid())
    assert values(settings.tightened.ask) == ["git push"]
    assert values(settings.tightened.always_deny) == ["x"]
    assert values(settings.profiles["ops"].auto_approve) == ["ls"]


def test_what_the_user_allows_and_confines_goes_before_the_machine_s(place: Path) -> None:
    lists = "auto_approve=['ls']\nconfine=['cat']\nask=['a']\n"
    machine = write(place, f"[profiles.x]\n{lists}[profiles.y]\n{lists}", "machine")
    user = write(place, "[profiles.x]\nauto_approve=[]\nask=[]\n[profiles.y]\nconfine=[]\n", "user")
    profiles = load(user, machine, None, os.getuid()).profiles
    assert values(profiles["x"].auto_approve) == []
    assert values(profiles["x"].confine) == ["cat"]
    assert values(profiles["x"].ask) == ["a"]
    assert values(profiles["y"].auto_approve) == ["ls"]
    assert values(profiles["y"].confine) == []


def test_a_project_lowers_limits_and_never_raises_them(place: Path) -> None:
    project = write(place, "[limits]\ntimeout=10\nmemory='900G'\n", "project")
    settings = load(None, None, project, os.getuid())
    asked = {"timeout": 300.0, "memory": 4096.0, "cpu": 7.0}
    assert settings.bounded(asked) == {"timeout": 10, "memory": 4096, "cpu": 7}
    assert settings.limits == {}


@pytest.mark.parametrize(
    "text",
    [
        "[profile]\nauto_approve=['ls']\n",
        "[profile]\nconfine=['ls']\n",
        "[run]\nview='system'\n",
        "[files]\nmap=['/']\n",
        "[approve]\nallow_yes=true\n",
        "profile='x'\n",
        "[profiles.ops]\n",
    ],
)
def test_a_project_can_do_nothing_else(place: Path, text: str) -> None:
    with pytest.raises(UsageError, match="can only tighten"):
        load(None, None, write(place, text, "project"), os.getuid())


def test_a_link_to_nothing_is_not_taken_for_no_configuration(place: Path) -> None:
    path = place / "config.toml"
    path.symlink_to(place / "gone")
    with pytest.raises(UsageError, match="a link to a file that is not there"):
        read(str(path))
