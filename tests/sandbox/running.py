"""One script natively and in the sandbox, each in a directory of its own that looks the same."""

from __future__ import annotations

import subprocess
import sys
from difflib import unified_diff
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"
REPOSITORY = Path(__file__).parent.parent.parent
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}


class Ran:
    """How a script ended, what it printed, and what the sandbox says of it."""

    def __init__(self, done: subprocess.CompletedProcess[bytes], log: Path) -> None:
        self.status = done.returncode if done.returncode >= 0 else 128 - done.returncode
        self.stdout = done.stdout.decode(errors="backslashreplace")
        self.stderr = done.stderr.decode(errors="backslashreplace")
        self.log = log.read_text() if log.exists() else ""


def boxed(code: str, directory: Path, stdin: bytes = b"") -> Ran:
    """Run the code in the sandbox."""
    return _run(code, directory, ["-m", "tests.fakes.boxed"], stdin)


def natively(code: str, directory: Path) -> Ran:
    return _run(code, directory, ["-I"], b"")


def _run(code: str, directory: Path, flags: list[str], stdin: bytes) -> Ran:
    directory.mkdir(exist_ok=True)
    script = directory / "script.py"
    script.write_text(code)
    command = [sys.executable, *flags, str(script)]
    environment = ENVIRONMENT | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        command, cwd=directory, env=environment, input=stdin, capture_output=True, timeout=110
    )
    return Ran(done, directory / "boxed.log")


def same_as_natively(name: str, tmp_path: Path) -> Ran:
    """Assert that a script of `scripts/` does in the sandbox what it does natively."""
    code = (SCRIPTS / name).read_text()
    plain = natively(code, tmp_path / "work")
    (tmp_path / "work").rename(tmp_path / "natively")
    inside = boxed(code, tmp_path / "work")
    changed = list(unified_diff(plain.stdout.splitlines(), inside.stdout.splitlines(), n=0))
    assert not changed, "\n".join([*changed, inside.stderr])
    assert inside.status == plain.status
    assert inside.log.endswith(" []\n"), inside.log  # no fault of ours
    return inside
