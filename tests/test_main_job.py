"""The main job through the real command line: run, read, approve, execute, compare with native."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.places import Place

SCRIPT = """\
import os, shutil, subprocess, sys

with open("app.conf", "w") as file:
    file.write("port = 81\\n")
with open("notes.txt", "a") as file:
    file.write("port changed\\n")
os.rename("old_name", "new_name")
shutil.rmtree("cache")
done = subprocess.run([sys.argv[1], "reload", "app"])
print("reload:", done.returncode)
print(open("app.conf").read(), sorted(os.listdir(".")), os.path.exists("cache"))
with open("app.conf", "a") as file:
    file.write("# reloaded\\n")
"""

RELOAD = """\
#!/bin/sh
# Stands for systemctl: remembers what the configuration was when it was told to reload.
cat app.conf > "{log}"
echo "$@" >> "{log}"
"""


class World:
    """A project, its native twin, and a command outside both."""

    def __init__(self, tmp_path: Path) -> None:
        self.place = Place(tmp_path)
        self.project = self.place.project
        for path in self.project.iterdir():
            path.unlink()
        self.log = tmp_path / "reloaded.txt"
        self.reload = self.program(tmp_path, "reload", self.log)
        self._fill(self.project)
        self.native = tmp_path / "native"
        shutil.copytree(self.project, self.native, symlinks=True)
        self.script = tmp_path / "change.py"
        self.script.write_text(SCRIPT)

    @staticmethod
    def program(tmp_path: Path, name: str, log: Path) -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir()
        path.write_text(RELOAD.format(log=log))
        path.chmod(0o755)
        return path

    def _fill(self, project: Path) -> None:
        (project / "app.conf").write_text("port = 80\n")
        (project / "app.conf").chmod(0o640)
        (project / "notes.txt").write_text("notes\n")
        (project / "old_name" / "deep").mkdir(parents=True)
        (project / "old_name" / "deep" / "file").write_text("kept\n")
        (project / "cache" / "a").mkdir(parents=True)
        (project / "cache" / "a" / "b").write_bytes(b"\0binary")
        (project / "cache" / "c").symlink_to("a")

    def words(self, *options: str) -> list[str]:
        visible = f"{self.reload.parent}:ro"
        return ["run", "--map", visible, *options, str(self.script), str(self.reload)]

    def run(self, *options: str) -> dict[str, object]:
        done = self.place.shannot(*self.words("--json", *options), cwd=self.project)
        assert done.returncode == 0, done.stderr
        document: dict[str, object] = json.loads(done.stdout)
        result = document["result"]
        assert isinstance(result, dict)
        return result

    def session(self) -> str:
        listed = json.loads(self.place.shannot("list", "--json").stdout)
        return str(listed["result"]["sessions"][0]["id"])

    def approve(self, session: str) -> None:
        done = self.place.shannot("approve", session, "--yes")
        assert done.returncode == 0, done.stderr

    def execute(self, session: str) -> subprocess.CompletedProcess[bytes]:
        return self.place.shannot("execute", session)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every path below root: its mode, and its contents or target."""
    found = {}
    for path in sorted(root.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            data = os.fsencode(os.readlink(path))
        else:
            data = path.read_bytes() if stat.S_ISREG(mode) else b""
        found[str(path.relative_to(root))] = (mode, data)
    return found


def test_nothing_changes_until_it_is_approved_and_then_exactly_that_happens(world: World) -> None:
    before = tree(world.project)

    shown = world.place.shannot(*world.words(), cwd=world.project)

    assert tree(world.project) == before
    assert not world.log.exists()
    out = shown.stdout.decode()
    assert "reload: 0" in out
    assert "port = 81" in out
    assert "['app.conf', 'new_name', 'notes.txt'] False" in out

    session = world.session()
    world.approve(session)
    assert tree(world.project) == before
    done = world.execute(session)
    assert done.returncode == 0, done.stderr

    native = [sys.executable, "-I", str(world.script), str(world.reload)]
    reloaded = world.log.read_text()
    subprocess.run(native, cwd=world.native, check=True, stdout=subprocess.DEVNULL)
    assert tree(world.project) == tree(world.native)
    assert reloaded == "port = 81\nreload app\n" == world.log.read_text()


def test_the_plan_is_in_order_with_diffs_and_warnings(world: World) -> None:
    world.run()
    shown = json.loads(world.place.shannot("show", world.session(), "--json").stdout)["result"]
    kinds = [effect["effect"] for effect in shown["effects"]]
    command = kinds.index("RunCommand")

    assert sorted(kinds[:command]) == ["DeletePath", "MovePath", "WriteFile", "WriteFile"]
    assert kinds[command + 1 :] == ["WriteFile"]
    text = world.place.shannot("show", world.session()).stdout.decode()
    assert "-port = 80" in text
    assert "+port = 81" in text
    assert "+# reloaded" in text
    assert "old_name" in text
    assert "new_name" in text
    assert "cache/" in text
    assert "the script was told that it succeeded" in text


def changed_target(world: World, _session: str) -> str:
    (world.project / "notes.txt").write_text("somebody else was here\n")
    return "notes.txt"


def changed_directory(world: World, _session: str) -> str:
    (world.project / "cache" / "new").write_text("not seen at review\n")
    return "cache"


def changed_program(world: World, _session: str) -> str:
    with world.reload.open("a") as file:
        file.write("rm -rf /\n")
    return "reload"


def changed_blob(world: World, session: str) -> str:
    blobs = world.place.state / "shannot" / "sessions" / session / "blobs"
    blob = next(path for path in blobs.iterdir() if b"port = 81" in path.read_bytes())
    blob.chmod(0o600)
    blob.write_bytes(b"evil = 1\n")
    return blob.name


def changed_plan(world: World, session: str) -> str:
    path = world.place.state / "shannot" / "sessions" / session / "plan.json"
    path.write_text(path.read_text().replace("notes.txt", "n0tes.txt"))
    return "plan"


@pytest.mark.parametrize(
    "change", [changed_target, changed_directory, changed_program, changed_blob, changed_plan]
)
def test_what_changed_after_the_approval_is_named_and_nothing_happens(
    world: World, change: object
) -> None:
    world.run()
    session = world.session()
    world.approve(session)
    name = change(world, session)  # type: ignore[operator]  # one of the functions above
    before = tree(world.project)

    done = world.execute(session)

    assert done.returncode in (1, 125), done.stderr  # 125: the session itself is damaged
    assert name in done.stderr.decode()
    assert done.stderr.count(b"Traceback") == 0
    assert tree(world.project) == before
    assert not world.log.exists()
