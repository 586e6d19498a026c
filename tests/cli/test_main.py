from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shannot import __version__
from shannot.cli.main import COMMANDS
from tests.cli.places import ROOT, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_version_and_help(place: Place) -> None:
    assert place.shannot("--version").stdout.decode() == f"shannot {__version__}\n"
    text = place.shannot("--help").stdout.decode()
    assert all(f"\n  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(place: Place, name: str) -> None:
    for words in ([name, "--help"], ["help", name]):
        result = place.shannot(*words)
        assert (result.returncode, result.stderr) == (0, b"")
        assert result.stdout.startswith(f"usage: shannot {name}".encode())


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["--frobnicate"],
        ["help", "frobnicate"],
        ["run"],
        ["run", "-c"],
        ["run", "-m"],
        ["run", "--frobnicate", "s.py"],
        ["run", "--memory", "much", "s.py"],
        ["run", "--view", "moon", "s.py"],
        ["list", "--frobnicate"],
        ["list", "--fro\x1bnicate"],
        ["show"],
        ["explain"],
        ["execute"],
    ],
)
def test_a_wrong_command_line_is_one_line(place: Place, words: list[str]) -> None:
    result = place.shannot(*words)
    assert result.returncode == 2
    assert re.fullmatch(r"shannot: [^\n]+\n", result.stderr.decode())
    assert result.stdout == b""
    assert b"\x1b" not in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--json", "--frobnicate", "s.py"],
        ["run", "--memory", "much", "--json", "s.py"],
        ["run", "--json"],
        ["show", "--json"],
        ["list", "--frobnicate", "--json"],
        ["explain", "--json"],
    ],
)
def test_a_wrong_command_line_that_asks_for_a_document_gets_one(
    place: Place, words: list[str]
) -> None:
    result = place.shannot(*words)
    assert (result.returncode, result.stderr) == (2, b"")
    document = json.loads(result.stdout)
    assert (document["ok"], document["error"]["exit_code"]) == (False, 2)


@pytest.mark.parametrize(
    "words", [["run", "--map", "--json", "s.py"], ["run", "--frobnicate", "s.py", "--json"]]
)
def test_what_is_another_options_value_or_the_scripts_asks_for_nothing(
    place: Place, words: list[str]
) -> None:
    result = place.shannot(*words)
    assert (result.returncode, result.stdout) == (2, b"")


def test_a_wrong_value_is_told_what_a_right_one_looks_like(place: Place) -> None:
    assert b"'x' is not a duration like 30s or 5m" in place.shannot("run", "--timeout", "x").stderr
    assert b"'x' is not a size like 512M or 2G" in place.shannot("run", "--memory", "x").stderr


def test_no_command_prints_the_help_and_fails(place: Place) -> None:
    result = place.shannot()
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.startswith(b"usage: shannot")


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["missing.py"], 127, "no such script"),
        (["."], 2, "directory"),
        (["binary"], 2, "binary"),
        (["--map", "/no/such/place", "-c", "pass"], 2, "/no/such/place"),
        (["--python", "/no/such/python", "-c", "pass"], 2, "no such interpreter"),
        (["--python", "app.conf", "-c", "pass"], 2, "cannot be executed"),
        (["--env", "=x", "-c", "pass"], 2, "--env"),
    ],
)
def test_bad_input_is_one_clear_line_and_its_code(
    place: Place, words: list[str], status: int, message: str
) -> None:
    (place.project / "binary").write_bytes(b"\x7fELF\0\0")
    result = place.shannot("run", *words)
    assert result.returncode == status
    assert result.stderr.count(b"\n") == 1
    assert message in result.stderr.decode()


def test_what_an_untrusted_directory_holds_is_not_imported(place: Place) -> None:
    for name in ("json", "argparse", "re", "runpy", "enum", "traceback", "pwd", "codecs"):
        (place.project / f"{name}.py").write_text(f"open('imported-{name}', 'w')\n")
    place.shannot("list")
    place.shannot("run", "--frobnicate")
    assert not list(place.project.glob("imported-*"))


def test_closed_descriptors_are_no_trouble(place: Place) -> None:
    code = f"exec {sys.executable} -m shannot list <&- >&- 2>&-"
    result = subprocess.run(
        ["/bin/sh", "-c", code], env=place.environment, cwd=place.project, timeout=60
    )
    assert result.returncode == 0


def test_a_reader_that_goes_away_is_quiet(place: Place) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [sys.executable, "-m", "shannot", "--help"],
        env=place.environment,
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    assert result.stderr == b""


def test_a_full_disk_is_one_line(place: Place) -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "shannot", "--help"],
            env=place.environment,
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert result.returncode != 0
    assert result.stderr.count(b"\n") == 1


def test_the_path_of_run_loads_nothing_slow(place: Place) -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "import shannot.cli.main, shannot.cli.commands.run\n"
        "from shannot.cli.run_options import read_plain\n"
        "read_plain(['-q', '-c', 'pass'])\n"
        "slow = 'argparse dataclasses typing re enum json subprocess tempfile hashlib pathlib'\n"
        "slow += ' threading shutil contextlib logging tomllib'\n"
        "print(*[n for n in slow.split() if n in sys.modules and n not in before])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=place.environment,
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    assert (result.stdout, result.stderr) == (b"\n", b"")
