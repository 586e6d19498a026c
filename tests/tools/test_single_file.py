"""`make pyz`: one file that is the whole program, in an empty environment and directory."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.tools.places import Place, do_the_main_job

ROOT = Path(__file__).parent.parent.parent
BUILDER = ROOT / "tools" / "single_file.py"


def build(target: Path, **environment: str) -> None:
    subprocess.run(
        [sys.executable, str(BUILDER), str(target)],
        env={"PATH": "/usr/bin:/bin", **environment},
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist") / "shannot.pyz"
    build(target)
    return target


@pytest.fixture
def place(program: Path, tmp_path: Path) -> Place:
    return Place([sys.executable, "-I", str(program)], tmp_path)


def test_the_same_files_make_the_same_bytes(program: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.pyz"
    build(again, TZ="Pacific/Auckland", PYTHONHASHSEED="7", LANG="C")
    assert again.read_bytes() == program.read_bytes()
    digest = sha256(program.read_bytes()).hexdigest()
    note = program.with_name("shannot.pyz.sha256").read_text()
    assert note == f"{digest}  shannot.pyz\n"


def test_it_is_executable_and_private_to_nobody(program: Path) -> None:
    assert program.stat().st_mode & 0o777 == 0o755
    assert program.read_bytes().startswith(b"#!/usr/bin/env python3\n")


def test_it_holds_the_program_and_its_licence_and_nothing_else(program: Path) -> None:
    with ZipFile(program) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert len(names) == len(set(names))
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "shannot").rglob("*.py")}
    found = {name for name in names if name.endswith(".py")}
    assert found == {*sources, "__main__.py"}
    assert {name for name in names if not name.endswith((".py", ".pyc"))} == {
        "LICENSE",
        "INDEX",
        "GENERATED",
    }


def test_the_main_job_is_done_by_the_file_alone(place: Place) -> None:
    do_the_main_job(place)


@pytest.mark.parametrize(
    "words", [["--version"], ["--help"], ["explain", "--", "ls"], ["status"], ["prune"]]
)
def test_other_commands_work_from_inside_the_archive(place: Place, words: list[str]) -> None:
    result = place.run(*words)
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr


def test_what_stands_in_the_directory_is_not_imported(place: Place) -> None:
    for name in ("json.py", "shannot.py", "hashlib.py"):
        (place.directory / name).write_text("raise SystemExit('imported')\n")
    result = place.run("run", "--keep", "-c", "print('ran')")
    assert (result.returncode, result.stdout) == (0, "ran\n"), result.stderr


def test_another_shannot_that_is_installed_is_not_mixed_in(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "site" / "shannot"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("raise SystemExit('the other one')\n")
    place.environment["PYTHONPATH"] = str(other.parent)
    result = subprocess.run(
        [*place.program[:1], *place.program[2:], "--version"],
        cwd=place.directory,
        env=place.environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr


def test_it_starts_itself_again_from_the_archive(place: Place) -> None:
    """As a client of `shannot mcp` would, by the command that is written for it."""
    code = "from shannot.workflows.itself import command; print(*command(['--version']), sep='\\0')"
    words = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {place.program[2]!r})"]
    words[-1] += f"\n{code}"
    argv = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    again = subprocess.run(
        argv.rstrip("\n").split("\0"), cwd=place.directory, capture_output=True, text=True
    )
    assert again.stdout.startswith("shannot "), again.stderr


def test_a_python_that_is_too_old_is_told_so(program: Path) -> None:
    with ZipFile(program) as archive:
        main = archive.read("__main__.py").decode()
    assert main.index("version_info < (3, 11)") < main.index("import shannot")
    assert os.path.getsize(program) < 8 << 20
