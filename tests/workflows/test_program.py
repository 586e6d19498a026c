from __future__ import annotations

import os
import py_compile
import sys
import zipfile
from pathlib import Path

import pytest

from shannot.errors import NotFoundError, UsageError
from shannot.workflows.program import Program, check_script, find_python, read_stdin


def test_argv_is_what_a_person_would_type() -> None:
    assert Program("script", "s.py", ["-q"]).argv("/p") == ("/p", "-B", "s.py", "-q")
    assert Program("code", "pass", ["x"]).argv("/p") == ("/p", "-B", "-c", "pass", "x")
    assert Program("module", "json.tool").argv("/p") == ("/p", "-B", "-m", "json.tool")
    assert Program("stdin", "-", ["x"]).argv("/p") == ("/p", "-B", "-", "x")


def test_scripts_of_every_kind_pass(tmp_path: Path) -> None:
    script = tmp_path / "s.py"
    script.write_text("print('\u00e9')")
    (tmp_path / "empty").write_text("")
    py_compile.compile(str(script), str(tmp_path / "s.pyc"))
    with zipfile.ZipFile(tmp_path / "s.pyz", "w") as archive:
        archive.writestr("__main__.py", "\0")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__main__.py").write_text("")
    for name in ("s.py", "empty", "s.pyc", "s.pyz", "package"):
        check_script(str(tmp_path / name))


@pytest.mark.parametrize("name", ["missing.py", "s.py/below", "nul\0name"])
def test_a_missing_script_is_not_found(name: str, tmp_path: Path) -> None:
    (tmp_path / "s.py").write_text("")
    with pytest.raises(NotFoundError, match="no such script"):
        check_script(f"{tmp_path}/{name}")


def test_what_is_no_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="directory without a __main__"):
        check_script(str(tmp_path))
    with pytest.raises(UsageError, match="binary"):
        check_script(os.path.realpath(sys.executable))
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError, match="not a regular file"):
        check_script(str(tmp_path / "fifo"))
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match="cannot read"):
        check_script(str(tmp_path / "loop"))


def test_the_interpreter_keeps_the_path_of_its_environment(tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(os.path.realpath(sys.executable))
    assert find_python(str(tmp_path / "python"), "") == str(tmp_path / "python")
    assert find_python(None, sys.executable) == os.path.abspath(sys.executable)


def test_what_is_no_interpreter_is_named(tmp_path: Path) -> None:
    shim = tmp_path / "shim"
    shim.write_text("#!/bin/sh\n")
    shim.chmod(0o755)
    for python, message in [
        (str(shim), "a script that starts one"),
        (str(tmp_path), "no such interpreter"),
        ("/no/such", "no such interpreter"),
        ("no-such-python", "no such interpreter"),
    ]:
        with pytest.raises(UsageError, match=message):
            find_python(python, "")
    with pytest.raises(UsageError, match="no python3 on this machine"):
        find_python(None, "")


def test_a_script_on_stdin_is_read_whole() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"print(1)\n")
    os.close(writer)
    copy = read_stdin(reader)
    assert copy is not None
    assert os.read(copy, 100) == b"print(1)\n"


def test_a_stdin_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the script from stdin"):
        read_stdin(os.open(tmp_path, os.O_RDONLY))
