"""What takes long says so: on a terminal, after a second, and never elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.places import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """With a machine whose ssh takes two and a half seconds to fail."""
    found = Place(tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ssh").write_text("#!/bin/sh\nsleep 2.5\necho no way >&2\nexit 255\n")
    (programs / "ssh").chmod(0o755)
    found.environment["PATH"] = f"{programs}:/usr/bin:/bin"
    found.environment["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    assert found.shannot("remote", "add", "web", "ops@web.example").returncode == 0
    return found


def test_reaching_a_machine_is_shown_on_a_terminal_and_taken_away_again(place: Place) -> None:
    status, shown = place.at_terminal("list", "--target", "web", keys=b"")
    assert status != 0
    assert "\r\x1b[Kreaching web (1 s)" in shown
    assert "\r\x1b[Kreaching web (2 s)" in shown
    assert shown.rpartition("reaching web")[2].partition("\r\x1b[K")[2].startswith("shannot: ")


def test_nothing_is_shown_elsewhere(place: Place) -> None:
    place.environment["TERM"] = "dumb"
    assert "reaching" not in place.at_terminal("remote", "test", "web", keys=b"")[1]
    place.environment["TERM"] = "xterm"
    result = place.shannot("remote", "test", "web")
    assert b"reaching" not in result.stdout + result.stderr


def test_saving_what_a_script_has_changed_is_shown_on_a_terminal(tmp_path: Path) -> None:
    place = Place(tmp_path)
    code = """
from shannot.cli.commands import run
def slow(spec, gate, streams, supervise=run.supervise, time=__import__("time")):
    begin, spec.collecting = spec.collecting, lambda: (begin and begin(), time.sleep(1.5))
    return supervise(spec, gate, streams)
run.supervise = slow
from shannot.cli.main import program
program()
"""
    for options, expected in (((), True), (("-q",), False)):
        words = ("run", *options, "-c", "open('made', 'w').write('x'); print('end', end='')")
        status, shown = place.at_terminal(*words, keys=b"", start=("-c", code))
        assert status == 0, shown
        assert ("end\r\n\r\x1b[Ksaving what it has changed (1 s)" in shown) is expected, shown
        assert ("saving" in shown) is expected


def test_what_is_soon_done_shows_nothing(place: Place) -> None:
    session = place.session()
    for words in (("approve", session, "--execute"), ("rollback", session), ("audit", "verify")):
        status, shown = place.at_terminal(*words, keys=b"y\n")
        assert status == 0, shown
        assert "\x1b[K" not in shown


def test_compiling_a_library_is_shown_before_the_script_begins(tmp_path: Path) -> None:
    place = Place(tmp_path)
    code = """
from shannot.cli.commands import run
def slow(spec, gate, streams, supervise=run.supervise, time=__import__("time")):
    finish = spec.compiling and spec.compiling()
    time.sleep(1.5)
    finish and finish()
    return supervise(spec, gate, streams)
run.supervise = slow
from shannot.cli.main import program
program()
"""
    for options, expected in (((), True), (("-q",), False)):
        words = ("run", *options, "-c", "print('begun')")
        status, shown = place.at_terminal(*words, keys=b"", start=("-c", code))
        assert status == 0, shown
        line = "\r\x1b[Kcompiling the library of PyPy, once (1 s)\r\x1b[Kbegun"
        assert (line in shown) is expected, shown
        assert ("compiling" in shown) is expected
