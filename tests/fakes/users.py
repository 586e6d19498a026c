"""Two users without accounts, for tests that root runs: one proposes, one decides."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


class User:
    """A home of its own, and the command line as this user."""

    def __init__(self, uid: int, home: Path, group: int, config: str = "") -> None:
        self.uid = uid
        self.home = home
        self.group = group
        self.state = home / ".local" / "state" / "shannot"
        home.mkdir(mode=0o755)
        if config:
            path = home / ".config" / "shannot" / "config.toml"
            path.parent.mkdir(parents=True)
            path.write_text(config)
        for path in (home, *home.rglob("*")):
            os.chown(path, uid, group)
        self.environment = {
            "HOME": str(home),
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def python(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """An interpreter as this user."""
        return subprocess.run(
            [sys.executable, *words],
            env=self.environment,
            cwd=cwd or self.home,
            user=self.uid,
            group=self.group,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            timeout=60,
        )

    def shannot(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """The command line as this user."""
        return self.python("-m", "shannot", *words, cwd=cwd)

    def start(self, *words: str, cwd: Path) -> subprocess.Popen[str]:
        """The same, and not waited for."""
        return subprocess.Popen(
            [sys.executable, "-m", "shannot", *words],
            env=self.environment,
            cwd=cwd,
            user=self.uid,
            group=self.group,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@contextmanager
def place_for_users() -> Iterator[Path]:
    """A directory that other users can reach. Skips where that is no use."""
    if os.geteuid():
        pytest.skip("only root can be two users")
    place = Path(tempfile.mkdtemp(prefix="shannot-users-", dir="/tmp"))
    try:
        place.chmod(0o755)
        probe = User(64_999, place / "probe", 64_999)
        try:
            tried = probe.shannot("--version")
        except PermissionError:
            pytest.skip(f"other users cannot execute {sys.executable}")
        if tried.returncode:
            pytest.skip(f"other users cannot read {ROOT}")
        yield place
    finally:
        shutil.rmtree(place)
