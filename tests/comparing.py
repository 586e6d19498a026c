"""A conformance script natively and in the sandbox, at the same path. Needs nothing but Python.

Used by `conformance/test_conformance.py`, and by `without_pytest.py` where there is no pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
from difflib import unified_diff
from pathlib import Path

from tests.trees import clear, plant, snapshot

HERE = Path(__file__).parent / "conformance"
REPOSITORY = HERE.parent.parent
SCRIPTS = sorted(path.name for path in HERE.glob("*.py") if not path.name.startswith("test_"))
STDIN = "first line\nsecond line\n"
FAILING = "exit_status.py"
"""Ends in a traceback on purpose. Any other that does compares nothing of what comes after it."""
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


def difference(script: str, root: Path) -> str:
    """How the script behaves otherwise in the sandbox than natively, "" where it does not."""
    place = Place(root, script)
    native = place.natively()
    if native[2].startswith("Traceback") and script != FAILING:
        return f"it fails natively: {native[2][-2000:]}"
    clear(place.tree)
    plant(place.tree)
    before = snapshot(place.tree)
    inside = place.shannot("run", "-q", place.script)
    for number, stream in ((1, "stdout"), (2, "stderr")):
        plain, boxed = str(native[number]).splitlines(), str(inside[number]).splitlines()
        found = "\n".join(unified_diff(plain, boxed, stream, "sandbox", "", "", 0, ""))
        if found:
            return f"{found}\n{inside[2][-2000:]}"
    if inside[0] != native[0]:
        return f"exit status {inside[0]} in the sandbox, {native[0]} natively"
    return "" if snapshot(place.tree) == before else "it has changed files of the host"
