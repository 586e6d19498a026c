from __future__ import annotations

import json
from pathlib import Path

import pytest

from shannot import __version__
from tests.cli.places import Place
from tests.fakes import pypys


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def lines(place: Place) -> dict[str, str]:
    result = place.shannot("status")
    assert result.returncode == 0, result.stderr
    found = (line.partition(" ") for line in result.stdout.decode().splitlines())
    return {name: rest.strip() for name, _, rest in found if name}


def test_an_empty_machine_has_nothing_and_stays_so(place: Place) -> None:
    found = lines(place)
    assert found["shannot"].startswith(f"{__version__}, on Python ")
    assert found["cpython"].endswith("(the default)")
    assert found["pypy"] == "not installed; `shannot setup pypy` installs it"
    assert found["state"] == str(place.state / "shannot")
    assert (found["sessions"], found["waiting"]) == ("none", "nothing")
    assert not place.state.exists()


def test_what_waits_is_listed_with_the_next_step(place: Place) -> None:
    first, second = place.session(), place.session()
    place.shannot("reject", second)
    result = place.shannot("status")
    assert f"  {first}  pending, 2 effects, " in result.stdout.decode()
    assert b"1 pending, 1 rejected" in result.stdout
    assert second not in result.stdout.decode()
    assert result.stderr == f"shannot: next: shannot show {first}\n".encode()


def test_what_is_installed_and_chosen_is_told(place: Place) -> None:
    archives = place.home / "archives"
    archives.mkdir()
    (archives / "program.tar.gz").write_bytes(pypys.program_archive())
    (archives / "library.tar.bz2").write_bytes(pypys.library_archive())
    assert place.shannot("setup", "pypy", "--from", str(archives)).returncode == 0
    config = place.home / ".config" / "shannot"
    config.mkdir(parents=True, mode=0o700)
    (config / "config.toml").write_text("[run]\nruntime = 'pypy'\n")
    found = lines(place)
    assert found["pypy"].endswith("(library.tar.bz2, program.tar.gz) (the default)")
    assert found["configuration"] == str(config / "config.toml")


def test_what_cannot_be_read_is_named_and_the_rest_told(place: Place) -> None:
    session = place.session()
    (place.state / "shannot" / "sessions" / session / "session.json").write_text("{")
    config = place.home / ".config" / "shannot"
    config.mkdir(parents=True, mode=0o700)
    (config / "config.toml").write_text("viev = 1\n")
    result = place.shannot("status")
    assert result.returncode == 0
    assert result.stderr.count(b"\n") == 2
    assert b"config.toml:1" in result.stderr
    assert b"session.json" in result.stderr


def test_the_document_has_it_all(place: Place) -> None:
    session = place.session()
    result = place.shannot("status", "--json")
    found = json.loads(result.stdout)["result"]
    assert result.stderr == b""
    assert [each["id"] for each in found["waiting"]] == [session]
    assert found["sessions"] == {"pending": 1}
    assert [each["name"] for each in found["runtimes"]] == ["cpython", "pypy"]
    assert found["default_runtime"] == "cpython"
