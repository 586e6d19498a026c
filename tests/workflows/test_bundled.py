"""The Python behind the native executable: unpacked once, and refused where it is damaged."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from shannot.errors import ShannotError
from shannot.workflows.bundled import appended, bundled_python


def executable(tmp_path: Path, tail: bytes) -> str:
    path = tmp_path / "shannot"
    path.write_bytes(b"\x7fELF and more\n" + tail)
    return str(path)


def packed() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as tar:
        info = tarfile.TarInfo("bin/python3.11")
        info.mode, info.size = 0o755, 3
        tar.addfile(info, io.BytesIO(b"elf"))
    return buffer.getvalue()


def test_it_is_unpacked_once_into_the_state_directory(tmp_path: Path) -> None:
    state = tmp_path / "state"
    program = executable(tmp_path, appended(packed()))
    found = Path(bundled_python(program, str(state)))
    assert found.read_bytes() == b"elf"
    assert os.access(found, os.X_OK)
    assert state.stat().st_mode & 0o777 == (state / "runtime").stat().st_mode & 0o777 == 0o700
    found.write_bytes(b"same")  # not unpacked again
    assert Path(bundled_python(program, str(state))).read_bytes() == b"same"
    assert len(list((state / "runtime").iterdir())) == 1


def test_a_file_that_brings_none_has_none(tmp_path: Path) -> None:
    whole = appended(packed())
    for tail in (b"", b"x" * 100, whole[:-1], whole[-56:]):
        assert bundled_python(executable(tmp_path, tail), str(tmp_path / "state")) == ""


@pytest.mark.parametrize("tail", [b"bad" + appended(packed())[3:], appended(b"no archive")])
def test_a_damaged_one_is_one_clear_error_and_leaves_nothing(tmp_path: Path, tail: bytes) -> None:
    with pytest.raises(ShannotError, match="damaged"):
        bundled_python(executable(tmp_path, tail), str(tmp_path / "state"))
    runtime = tmp_path / "state" / "runtime"
    assert not runtime.exists() or list(runtime.iterdir()) == []


def test_a_directory_that_others_can_write_is_refused(tmp_path: Path) -> None:
    program = executable(tmp_path, appended(packed()))
    place = Path(bundled_python(program, str(tmp_path / "state"))).parent.parent
    place.chmod(0o777)
    with pytest.raises(ShannotError, match="remove it"):
        bundled_python(program, str(tmp_path / "state"))
