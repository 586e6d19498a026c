"""A real sandboxed PyPy, where one is at hand, as if it were installed in a home of the test's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent.parent
STDIN = "first line\nsecond line\n"


def binary() -> Path:
    """`pypy3-c`, with its `lib-python` and `lib_pypy` beside it; skips the test without one."""
    path = os.environ.get("SHANNOT_TEST_PYPY")
    if not path:
        pytest.skip("SHANNOT_TEST_PYPY names no sandboxed pypy3-c")
    return Path(path)


class RealPypy:
    """A home with that PyPy in it, and a project to run scripts in."""

    def __init__(self, root: Path, configuration: str = "") -> None:
        self.home = root / "home"
        self.project = root / "project"
        self.project.mkdir(exist_ok=True)
        state = self.home / ".local" / "state" / "shannot"
        (state / "runtime").mkdir(parents=True)
        for directory in (state, state / "runtime"):
            directory.chmod(0o700)
        (state / "runtime" / "pypy").symlink_to(binary().parent)
        self._cache = state / "runtime" / "pypy.cache"
        self._shared_cache = root.parent / "pypy.cache"
        if self._shared_cache.exists():
            shutil.copytree(self._shared_cache, self._cache)
        settings = self.home / ".config" / "shannot" / "config.toml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(configuration)
        settings.chmod(0o600)
        self.environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.home),
            "USER": os.environ.get("USER", "root"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "SHANNOT_SANDBOX": "1",
        }

    def shannot(self, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
        """`shannot WORDS` in the project."""
        variables = self.environment | {
            "XDG_STATE_HOME": str(self.home / ".local" / "state"),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "PYTHONPATH": str(REPOSITORY),
        }
        settings: dict[str, object] = {"input": STDIN, "timeout": 120, **options}
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [sys.executable, "-m", "shannot", *words],
            cwd=self.project,
            env=variables,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
            **settings,
        )

    def run(self, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
        """`shannot run --runtime pypy WORDS`. The library is compiled once for all tests."""
        if not self._cache.exists():
            first = self.shannot("run", "--runtime", "pypy", "-q", "-c", "pass")
            assert self._cache.exists(), first.stderr
            shutil.copytree(self._cache, self._shared_cache)
        return self.shannot("run", "--runtime", "pypy", *words, **options)

    def natively(self, script: Path) -> subprocess.CompletedProcess[str]:
        """The script on a plain CPython, in the same place."""
        return subprocess.run(
            [sys.executable, "-I", "-B", str(script)],
            cwd=self.project,
            env=self.environment,
            input=STDIN,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=120,
            start_new_session=True,
        )
