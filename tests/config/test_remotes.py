"""`[remotes]`: what they mean, what is wrong in them, and how they are edited."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from shannot.config.remotes import Remote
from shannot.config.settings import load
from shannot.errors import NotFoundError, UsageError
from shannot.workflows.remotes_file import add_remote, remove_remote
from shannot.workflows.request import Caller


def caller(tmp_path: Path, text: str = "") -> tuple[Caller, Path]:
    path = tmp_path / "shannot" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.parent.chmod(0o755)
    if text:
        path.write_text(text)
        path.chmod(0o644)
    environment = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    return Caller(environment, str(tmp_path), "", os.getuid(), "/nonexistent/c.toml"), path


def test_a_remote_is_read_with_all_that_it_says(tmp_path: Path) -> None:
    text = '[remotes.web]\ntarget = "u@h:2"\nrestricted = true\n'
    _, path = caller(tmp_path, text)
    settings = load(str(path), None, None, os.getuid())
    assert settings.remotes == {"web": Remote("u@h:2", restricted=True)}


@pytest.mark.parametrize(
    "text",
    [
        "[remotes.web]\n",
        "[remotes.web]\ntarget = 7\n",
        '[remotes.web]\ntarget = "h"\nproxy = "x"\n',
        '[remotes.web]\ntarget = "h"\naccept_new = "yes"\n',
        '[remotes."-o"]\ntarget = "h"\n',
        '[remotes."a b"]\ntarget = "h"\n',
        "remotes = 1\n",
    ],
)
def test_a_wrong_remote_names_its_line_and_stops_everything(tmp_path: Path, text: str) -> None:
    _, path = caller(tmp_path, text)
    with pytest.raises(UsageError, match=r"config\.toml:\d"):
        load(str(path), None, None, os.getuid())


def test_a_project_cannot_say_where_scripts_run(tmp_path: Path) -> None:
    _, path = caller(tmp_path, '[remotes.web]\ntarget = "evil@h"\n')
    with pytest.raises(UsageError, match="only tighten"):
        load(None, None, str(path), os.getuid())


def test_adding_and_removing_leaves_every_other_byte(tmp_path: Path) -> None:
    before = '# mine\n[limits]\ntimeout = "5m" # kept\n\n[remotes.old]\ntarget = "o"\n'
    who, path = caller(tmp_path, before)
    add_remote(who, "web.1", Remote("u@h", identity="/k", accept_new=True))
    text = path.read_text()
    assert text.startswith(before)
    added = {"target": "u@h", "identity": "/k", "accept_new": True}
    assert tomllib.loads(text)["remotes"] == {"old": {"target": "o"}, "web.1": added}
    assert path.stat().st_mode & 0o777 == 0o644
    with pytest.raises(UsageError, match="already"):
        add_remote(who, "web.1", Remote("u@h"))
    remove_remote(who, "web.1")
    assert path.read_text().rstrip("\n") == before.rstrip("\n")
    with pytest.raises(NotFoundError):
        remove_remote(who, "web.1")


def test_a_file_that_is_written_otherwise_is_left_to_its_owner(tmp_path: Path) -> None:
    for text in ('remotes = { web = { target = "h" } }\n', '[remotes]\nweb = { target = "h" }\n'):
        who, path = caller(tmp_path, text)
        with pytest.raises(UsageError, match="only you can edit"):
            remove_remote(who, "web")
        assert path.read_text() == text


def test_without_a_file_one_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    who, path = caller(tmp_path)
    add_remote(who, "web", Remote("u@h"))
    assert path.stat().st_mode & 0o777 == 0o600
