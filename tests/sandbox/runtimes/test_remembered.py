from __future__ import annotations

import os
from pathlib import Path

import pytest

from shannot.errors import NotFoundError, ShannotError
from shannot.sandbox.runtimes.remembered import require
from tests.fakes import pypys


class Installed:
    def __init__(self, state: Path) -> None:
        self.state = str(state)
        self.directory = state / "runtime" / "pypy"
        for name in ("lib-python", "lib_pypy"):
            (self.directory / name).mkdir(parents=True)
        self.note = state / "runtime" / "pypy.checked"

    def put(self, program: bytes) -> None:
        (self.directory / "pypy3-c").unlink(missing_ok=True)
        (self.directory / "pypy3-c").write_bytes(program)
        (self.directory / "pypy3-c").chmod(0o755)


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    tmp_path.chmod(0o755)
    return Installed(tmp_path)


def test_none_is_an_error_that_says_what_installs_one(installed: Installed) -> None:
    with pytest.raises(NotFoundError, match="run `shannot setup pypy`"):
        require(installed.state)


def test_a_binary_is_tried_once_and_again_when_it_is_another(installed: Installed) -> None:
    installed.put(pypys.program())
    binary = str(installed.directory / "pypy3-c")
    assert require(installed.state) == binary
    assert installed.note.stat().st_mode & 0o777 == 0o600
    contents, status, _ = installed.note.read_text().split("\n")
    installed.put(pypys.program())  # the same contents, another file
    assert require(installed.state) == binary
    assert installed.note.read_text().split("\n")[0] == contents
    assert installed.note.read_text().split("\n")[1] != status
    installed.put(pypys.program("Python 3.6.9\n"))
    with pytest.raises(ShannotError, match="not a sandboxed one"):
        require(installed.state)
    installed.put(pypys.program())
    assert require(installed.state) == binary


def test_what_is_remembered_is_the_library_as_well(installed: Installed) -> None:
    installed.put(pypys.program())
    require(installed.state)
    before = installed.note.read_text()
    (installed.directory / "libpypy3-c.so").write_bytes(b"another")
    require(installed.state)
    assert installed.note.read_text() != before


@pytest.mark.parametrize("text", ["", "x", "a\nb\nc\n", "\xff" * 10_000])
def test_a_damaged_note_costs_a_second_look(installed: Installed, text: str) -> None:
    installed.put(pypys.program())
    installed.note.write_text(text)
    assert require(installed.state)
    assert installed.note.read_text() != text


def test_a_link_in_the_place_of_the_note_is_not_followed(
    installed: Installed, tmp_path: Path
) -> None:
    installed.put(pypys.program())
    (tmp_path / "other").write_text("other")
    installed.note.symlink_to(tmp_path / "other")
    require(installed.state)
    assert (tmp_path / "other").read_text() == "other"


def test_a_call_that_no_table_has_is_refused(installed: Installed) -> None:
    installed.put(pypys.program(pypys.DUMP.replace("close(i)i", "launch_missiles(i)i")))
    with pytest.raises(ShannotError, match="launch_missiles"):
        require(installed.state)
    assert not os.path.exists(installed.note)
