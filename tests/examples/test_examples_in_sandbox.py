"""The examples through the real command line: nothing changes until it is executed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trees import snapshot

REPOSITORY = Path(__file__).parent.parent.parent
EXAMPLES = REPOSITORY / "examples"


class Desk:
    """A directory to work in, with a home of its own beside it."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.work = root / "work"
        self.home.mkdir()
        self.work.mkdir()

    def shannot(self, *words: str) -> subprocess.CompletedProcess[str]:
        variables = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "PYTHONPATH": str(REPOSITORY),
        }
        return subprocess.run(
            [sys.executable, "-m", "shannot", *words],
            cwd=self.work,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def session(self) -> str:
        """The id of the one session that waits."""
        (name,) = os.listdir(self.home / "state" / "shannot" / "sessions")
        return name


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_diagnose_sees_the_machine_with_the_system_view(desk: Desk) -> None:
    done = desk.shannot("run", "--view", "system", str(EXAMPLES / "diagnose.py"))
    assert done.returncode == 0, done.stderr
    for title in ("Load", "Memory", "Disks"):
        assert f"{title}\n  cannot be seen" not in done.stdout
        assert f"{title}\n  " in done.stdout
    assert "systemctl --failed" in desk.shannot("show", desk.session()).stdout


def test_reload_waits_with_the_change_before_the_command(desk: Desk) -> None:
    shutil.copy(EXAMPLES / "data" / "app.conf", desk.work)
    before = snapshot(desk.work)
    done = desk.shannot("run", str(EXAMPLES / "reload_service.py"), "app.conf")
    assert done.returncode == 0, done.stderr
    assert "reload of app: done" in done.stdout
    assert snapshot(desk.work) == before
    shown = desk.shannot("show", desk.session()).stdout
    assert -1 < shown.find("app.conf") < shown.find("systemctl reload app")
    difference = desk.shannot("diff", desk.session()).stdout
    assert "-workers = 4" in difference
    assert "+workers = 8" in difference


def test_tidy_makes_the_same_tree_as_a_plain_run_when_executed(desk: Desk) -> None:
    package = desk.work / "MyPackage"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "SubModule.py").write_text("VALUE = 1  \n")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "SubModule.pyc").write_bytes(b"old")
    (desk.work / "main.py").write_text("from MyPackage.SubModule import VALUE\n")
    plain = desk.work.parent / "plain"
    shutil.copytree(desk.work, plain)
    tidy = str(EXAMPLES / "tidy_project.py")
    subprocess.run([sys.executable, "-I", tidy], cwd=plain, check=True, capture_output=True)
    before = snapshot(desk.work)

    done = desk.shannot("run", tidy)
    assert done.returncode == 0, done.stderr
    assert snapshot(desk.work) == before
    done = desk.shannot("approve", desk.session(), "--yes", "--execute")
    assert done.returncode == 0, done.stderr
    assert snapshot(desk.work, times=False) == snapshot(plain, times=False)
