"""`shannot setup mcp` by the command line, and the server that its entry starts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.places import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_entry_starts_a_server_from_anywhere(place: Place, tmp_path: Path) -> None:
    done = place.shannot("setup", "mcp", "--client", "cursor", "--", "--project-only")
    assert done.returncode == 0, done.stderr
    settings = json.loads((place.home / ".cursor" / "mcp.json").read_text())
    entry = settings["mcpServers"]["shannot"]
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {}},
    }
    ran = subprocess.run(
        [entry["command"], *entry["args"]],
        input=json.dumps(hello).encode() + b"\n",
        env={"HOME": str(place.home), "PATH": "/usr/bin:/bin"},
        cwd="/",
        capture_output=True,
        timeout=60,
    )
    assert json.loads(ran.stdout)["result"]["serverInfo"]["name"] == "shannot", ran.stderr
    assert place.shannot("setup", "mcp", "--client", "cursor", "--remove").returncode == 0


def test_printing_is_the_default_and_changes_nothing(place: Place) -> None:
    done = place.shannot("setup", "mcp")
    assert json.loads(done.stdout)["mcpServers"]["shannot"]["args"][-1] == "mcp"
    assert sorted(path.name for path in place.home.iterdir()) == ["project"]


@pytest.mark.parametrize(
    "words",
    [
        ["--client", "emacs"],
        ["--remove"],
        ["--client", "cursor", "--", "--approve"],
        ["--client", "cursor", "--", "stray"],
    ],
)
def test_a_wrong_command_line_is_one_line(place: Place, words: list[str]) -> None:
    done = place.shannot("setup", "mcp", *words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--root", "/nonexistent"], "--root /nonexistent: not a directory"),
        (["--root", "app.conf"], "app.conf: not a directory"),
        (["--root", ""], "no directory is named"),
        (["--profile", "nope"], "no profile named 'nope'"),
        (["--profile", "./nope.toml"], "there is no such profile file"),
        (["--target", "nope"], "no remote nope"),
        (["--target", "-x"], "expected one argument"),
        (["--root", "\udcff"], "not a directory"),
    ],
)
def test_options_with_which_no_server_starts_are_refused_as_it_refuses_them(
    place: Place, words: list[str], told: str
) -> None:
    (place.project / "\udcfe").mkdir()
    done = place.shannot("setup", "mcp", "--client", "cursor", "--", *words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1
    assert told in done.stderr.decode()
    assert place.shannot("mcp", *words).returncode in (2, 127)
    assert not (place.home / ".cursor").exists()


def test_a_path_that_no_client_s_file_can_hold_is_refused(place: Place) -> None:
    (place.project / "\udcfe").mkdir()
    done = place.shannot("setup", "mcp", "--", "--root", "\udcfe")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"what is not UTF-8" in done.stderr


def test_an_entry_can_be_removed_whatever_has_become_of_its_options(place: Place) -> None:
    assert place.shannot("setup", "mcp", "--client", "cursor").returncode == 0
    config = place.home / ".config" / "shannot"
    config.mkdir(parents=True, mode=0o700)
    (config / "config.toml").write_text("viev = 1\n")
    assert place.shannot("setup", "mcp", "--client", "cursor").returncode == 2
    assert place.shannot("setup", "mcp", "--client", "cursor", "--remove").returncode == 0


def test_what_is_named_twice_is_offered_once(place: Place) -> None:
    words = ("--root", ".", "--root", "./", "--profile", "ops", "--profile", "ops")
    done = place.shannot("setup", "mcp", "--", *words)
    args = json.loads(done.stdout)["mcpServers"]["shannot"]["args"]
    assert args[args.index("mcp") + 1 :] == ["--profile", "ops", "--root", str(place.project)]


def test_paths_in_the_entry_hold_wherever_the_client_starts_it(place: Place) -> None:
    for own in (place.project / "ops.toml", place.home / "own.toml"):
        own.write_text("always_deny = ['halt']\n")
        own.chmod(0o600)
    words = ("--root", ".", "--profile", "ops.toml", "--profile", "~/own.toml", "--project-only")
    done = place.shannot("setup", "mcp", "--client", "print", "--", *words)
    args = json.loads(done.stdout)["mcpServers"]["shannot"]["args"]
    assert args[args.index("mcp") + 1 :] == [
        "--project-only",
        "--profile",
        str(place.project / "ops.toml"),
        "--profile",
        "~/own.toml",
        "--root",
        str(place.project),
    ]


def test_the_document_says_what_was_done(place: Place) -> None:
    done = place.shannot("setup", "mcp", "--client", "vscode", "--json")
    result = json.loads(done.stdout)["result"]
    assert (result["part"], result["action"], result["backup"]) == ("mcp", "added", None)
