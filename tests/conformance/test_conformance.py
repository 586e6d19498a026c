"""Every script here runs on a plain directory and in the sandbox, and must print the same.

The oracle is plain Python on plain files, at the very same path. On top of that the host's
tree must be untouched after the sandboxed run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.trees import clear, plant, snapshot

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
SCRIPTS = sorted(path.name for path in HERE.glob("*.py") if not path.name.startswith("test_"))
STDIN = "first line\nsecond line\n"
NEVER_TWICE_THE_SAME = {"archives.py", "databases.py", "temporary_files.py", "crossing_mounts.py"}
"""They leave times of now, random names or random salts in files."""
CONFIGURATION = """\
[profiles.default]
confine = ["*"]
"""


def environment(home: Path) -> dict[str, str]:
    """What a script sees inside, for the run outside as well."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "USER": os.environ.get("USER", "root"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
        "SHANNOT_SANDBOX": "1",
    }


def run(command: list[str], directory: Path, variables: dict[str, str]) -> tuple[int, str, str]:
    """Exit status (a signal is 128+N), stdout, stderr; both as text that keeps odd bytes.

    In a session of its own: in a container the one we are in may belong to a process that is
    outside, and then getsid(0) is 0.
    """
    done = subprocess.run(
        command,
        cwd=directory,
        env=variables,
        input=STDIN.encode(),
        capture_output=True,
        timeout=120,
        start_new_session=True,
    )
    status = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return (
        status,
        done.stdout.decode(errors="backslashreplace"),
        done.stderr.decode(errors="backslashreplace"),
    )


def test_there_are_scripts_to_compare() -> None:
    assert len(SCRIPTS) >= 40


class Place:
    """A home with a configuration, and the path at which both runs find their tree."""

    def __init__(self, root: Path, script: str) -> None:
        self.home = root / "home"
        self.tree = root / "tree"
        self.script = str(HERE / script)
        settings = self.home / ".config" / "shannot" / "config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(CONFIGURATION)
        settings.chmod(0o600)

    def natively(self) -> tuple[int, str, str]:
        plant(self.tree)
        return run([sys.executable, "-I", "-B", self.script], self.tree, environment(self.home))

    def shannot(self, *words: str) -> tuple[int, str, str]:
        variables = environment(self.home) | {
            "XDG_STATE_HOME": str(self.home / ".local" / "state"),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "PYTHONPATH": str(REPOSITORY),
        }
        return run([sys.executable, "-m", "shannot", *words], self.tree, variables)

    def contents(self) -> dict[bytes, tuple[object, ...]]:
        """The tree without times and without compiled modules, which hold times."""
        found = snapshot(self.tree, times=False)
        return {path: what for path, what in found.items() if b"__pycache__" not in path}


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A temporary directory that pytest can delete, whatever modes a script has left."""
    yield tmp_path
    if (tmp_path / "tree").exists():
        clear(tmp_path / "tree")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_prints_the_same_in_the_sandbox_and_changes_nothing(
    script: str, root: Path
) -> None:
    place = Place(root, script)
    native = place.natively()
    clear(place.tree)
    plant(place.tree)
    before = snapshot(place.tree)
    inside = place.shannot("run", "-q", place.script)
    for number, stream in ((1, "stdout"), (2, "stderr")):
        plain, boxed = str(native[number]).splitlines(), str(inside[number]).splitlines()
        difference = "\n".join(unified_diff(plain, boxed, stream, "sandbox", "", "", 0, ""))
        if difference:
            pytest.fail(f"{difference}\n{inside[2][-2000:]}", pytrace=False)
    assert inside[0] == native[0]
    assert snapshot(place.tree) == before


@pytest.mark.parametrize("script", sorted(set(SCRIPTS) - NEVER_TWICE_THE_SAME))
def test_executing_the_plan_makes_what_a_plain_run_makes(script: str, root: Path) -> None:
    place = Place(root, script)
    place.natively()
    wanted = place.contents()
    clear(place.tree)
    plant(place.tree)
    place.shannot("run", "-q", place.script)
    waiting = place.home / ".local" / "state" / "shannot" / "sessions"
    for session in sorted(os.listdir(waiting)) if waiting.exists() else ():
        status, output, errors = place.shannot("approve", session, "--yes", "--execute")
        if status != 0:
            pytest.fail(f"approve gave {status}: {output[-1000:]}\n{errors[-1000:]}", pytrace=False)
    done = place.contents()
    differences = {
        os.fsdecode(path): (wanted.get(path), done.get(path))
        for path in wanted.keys() | done.keys()
        if wanted.get(path) != done.get(path)
    }
    assert differences == {}
