"""Every script here runs on a plain directory and in the sandbox, and must print the same.

The oracle is plain Python on plain files, at the very same path. On top of that the host's
tree must be untouched after the sandboxed run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.trees import plant, snapshot

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
SCRIPTS = sorted(path.name for path in HERE.glob("*.py") if not path.name.startswith("test_"))
STDIN = "first line\nsecond line\n"
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
    """Exit status (a signal is 128+N), stdout, stderr; both as text that keeps odd bytes."""
    done = subprocess.run(
        command,
        cwd=directory,
        env=variables,
        input=STDIN.encode(),
        capture_output=True,
        timeout=120,
    )
    status = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return (
        status,
        done.stdout.decode(errors="backslashreplace"),
        done.stderr.decode(errors="backslashreplace"),
    )


def test_there_are_scripts_to_compare() -> None:
    assert len(SCRIPTS) >= 40


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_prints_the_same_in_the_sandbox_and_changes_nothing(
    script: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    settings = home / ".config" / "shannot" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(CONFIGURATION)
    settings.chmod(0o600)
    tree = tmp_path / "tree"
    path = str(HERE / script)

    plant(tree)
    native = run([sys.executable, "-I", path], tree, environment(home))
    shutil.rmtree(tree)

    plant(tree)
    before = snapshot(tree)
    variables = environment(home) | {
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "PYTHONPATH": str(REPOSITORY),
    }
    inside = run([sys.executable, "-m", "shannot", "run", "-q", path], tree, variables)

    for number, stream in ((1, "stdout"), (2, "stderr")):
        plain, boxed = str(native[number]).splitlines(), str(inside[number]).splitlines()
        difference = "\n".join(unified_diff(plain, boxed, stream, "sandbox", "", "", 0, ""))
        if difference:
            pytest.fail(f"{difference}\n{inside[2][-2000:]}", pytrace=False)
    assert inside[0] == native[0]
    assert snapshot(tree) == before
