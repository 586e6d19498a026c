"""`make binary`: one native executable, in an empty environment and directory.

Building takes half a minute and a tool from the package index, so `make binary` does it, and then
runs this with SHANNOT_TEST_BINARY naming what it has made.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from tests.tools.places import Place, do_the_main_job


@pytest.fixture
def program() -> Path:
    named = os.environ.get("SHANNOT_TEST_BINARY")
    if not named:
        pytest.skip("SHANNOT_TEST_BINARY names no native executable (`make binary` makes one)")
    return Path(named).absolute()


@pytest.fixture
def place(program: Path, tmp_path: Path) -> Place:
    return Place([str(program)], tmp_path)


def test_the_main_job_is_done_by_the_file_alone(place: Place) -> None:
    do_the_main_job(place)


def test_its_checksum_is_beside_it(program: Path) -> None:
    digest = sha256(program.read_bytes()).hexdigest()
    note = program.with_name(f"{program.name}.sha256").read_text()
    assert note == f"{digest}  {program.name}\n"


@pytest.mark.parametrize(
    "words", [["--version"], ["--help"], ["explain", "--", "ls"], ["status"], ["audit", "verify"]]
)
def test_other_commands_work(place: Place, words: list[str]) -> None:
    result = place.run(*words)
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr


def test_every_subcommand_is_in_it(place: Place) -> None:
    names = [line.split()[0] for line in place.run("--help").stdout.split("commands:")[1].split(
        "\n\n"
    )[0].strip().splitlines()]  # fmt: skip
    assert "run" in names
    for name in names:
        result = place.run(name, "--help")
        assert (result.returncode, result.stderr) == (0, ""), name


def test_nothing_is_left_in_the_temporary_directory(place: Place, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    place.environment["TMPDIR"] = str(temporary)
    assert place.run("run", "-c", "print(1)").stdout == "1\n"
    assert list(temporary.iterdir()) == []


def test_it_needs_no_python_and_brings_one_for_scripts(program: Path, tmp_path: Path) -> None:
    """In a root directory that holds the C library and libz, /proc and /dev, and nothing else."""
    if os.geteuid():
        pytest.skip("only root can change the root directory")
    root = tmp_path / "root"
    for name in ("tmp", "proc", "dev", "srv"):
        (root / name).mkdir(parents=True)
    shutil.copy(program, root / "shannot")
    needed = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True)
    for line in needed.stdout.splitlines():
        for word in line.split():
            if word.startswith("/"):
                target = root / word.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(word, target)
    for name in ("libm.so.6", "libpthread.so.0", "libdl.so.2", "libutil.so.1", "librt.so.1"):
        found = next(Path("/lib").glob(f"*-linux-gnu/{name}"), None)
        if found is not None and not (root / str(found).lstrip("/")).exists():
            shutil.copy(found, root / str(found).lstrip("/"))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        inside = (
            f'mount --rbind /proc "{root}/proc" && mount --rbind /dev "{root}/dev" &&'
            f' exec chroot "{root}" /shannot "$@"'
        )
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", inside, "sh", *words],
            env={"XDG_STATE_HOME": "/state", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            capture_output=True,
            text=True,
        )

    assert run("--version").stdout.startswith("shannot ")
    assert run("list").returncode == 0
    script = root / "srv" / "fix.py"
    script.write_text(
        "import hashlib, json, ssl, subprocess, sys\n"
        "open('/srv/app.conf', 'w').write('new')\n"
        "done = subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True)\n"
        "print(done.stdout)\n"
    )
    result = run("run", "--map", "/srv", "/srv/fix.py")
    assert (result.returncode, result.stdout) == (0, "b'42\\n'\n"), result.stderr
    session = json.loads(run("list", "--json").stdout)["result"]["sessions"][0]["id"]
    done = run("approve", session, "--yes", "--execute")
    assert done.returncode == 0, done.stderr
    assert (root / "srv" / "app.conf").read_text() == "new"
