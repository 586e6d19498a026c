"""Random plans, executed on a copy, make the tree that the operations made natively."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.sessions.worlds import Recorder, World, picture

NAMES = st.sampled_from(["a", "b", "c", os.fsdecode(b"\xff\n")])
DATA = st.sampled_from([b"", b"x", b"\0" * 5000, b"line\n" * 300]) | st.binary(max_size=20)
FILE_MODES = st.sampled_from([0o644, 0o600, 0o755, 0o4755, 0o400])
DIRECTORY_MODES = st.sampled_from([0o755, 0o700, 0o2775, 0o1777])


class Scripts(RuleBasedStateMachine):
    """What a script might do, one operation after the other; at the end its plan is executed."""

    def __init__(self) -> None:
        super().__init__()
        base = Path(os.environ["SHANNOT_TEST_BASE"])
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(parents=True)
        self.world = World(base)
        for root in (self.world.tree, self.world.native):
            (root / "a/b").mkdir(parents=True)
            (root / "a/b/c").write_bytes(b"deep")
            (root / "b").write_bytes(b"top")
            (root / "c").symlink_to("a/b/c")
            (root / "a/a").write_bytes(b"two names")
            (root / "a/c").hardlink_to(root / "a/a")
        self.recorder: Recorder = self.world.recorder()

    def pick(self, data: st.DataObject, want: str) -> str | None:
        """A name that is a `file`, `directory`, `link`, anything (`any`) or `free`."""
        root = self.recorder.actual
        found: list[str] = []
        for directory, names, files in os.walk(root):
            there = [Path(directory, name) for name in names + files]
            if want == "free":
                possible = [Path(directory, n) for n in ("a", "b", "c", os.fsdecode(b"\xff\n"))]
                found += [str(p.relative_to(root)) for p in possible if not os.path.lexists(p)]
                continue
            for path in there:
                is_link = path.is_symlink()
                kind = "link" if is_link else "directory" if path.is_dir() else "file"
                if want in (kind, "any"):
                    found.append(str(path.relative_to(root)))
        return data.draw(st.sampled_from(sorted(found))) if found else None

    @rule(data=st.data(), contents=DATA, mode=FILE_MODES)
    def create(self, data: st.DataObject, contents: bytes, mode: int) -> None:
        if name := self.pick(data, "free"):
            self.recorder.write(name, contents, mode)

    @rule(data=st.data(), contents=DATA, kind=st.sampled_from(["file", "link"]))
    def overwrite(self, data: st.DataObject, contents: bytes, kind: str) -> None:
        name = self.pick(data, kind)
        path = self.recorder.actual / (name or "")
        may = kind == "link" or os.access(path, os.W_OK)
        if name and may and os.lstat(path).st_nlink == 1:
            self.recorder.write(name, contents)

    @rule(data=st.data(), mode=DIRECTORY_MODES)
    def mkdir(self, data: st.DataObject, mode: int) -> None:
        if name := self.pick(data, "free"):
            self.recorder.mkdir(name, mode)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if name := self.pick(data, "any"):
            self.recorder.delete(name)

    @rule(data=st.data(), goal=NAMES)
    def symlink(self, data: st.DataObject, goal: str) -> None:
        if name := self.pick(data, "free"):
            self.recorder.link(name, goal)

    @rule(data=st.data())
    def hard_link(self, data: st.DataObject) -> None:
        name, first = self.pick(data, "free"), self.pick(data, "file")
        if name and first:
            self.recorder.hard_link(name, first)

    @rule(data=st.data(), kind=st.sampled_from(["any", "directory"]))
    def move(self, data: st.DataObject, kind: str) -> None:
        source, name = self.pick(data, kind), self.pick(data, "free")
        if source and name and not name.startswith(f"{source}/"):
            self.recorder.move(source, name)

    @rule(data=st.data())
    def replace(self, data: st.DataObject) -> None:
        source, name = self.pick(data, "file"), self.pick(data, "file")
        actual = self.recorder.actual
        if source and name and not (actual / source).samefile(actual / name):
            self.recorder.move(source, name)

    @rule(data=st.data(), mode=FILE_MODES)
    @precondition(lambda self: os.geteuid() == 0)
    def chmod(self, data: st.DataObject, mode: int) -> None:
        if name := self.pick(data, "file"):
            self.recorder.chmod(name, mode)

    @rule(data=st.data(), mtime=st.integers(0, 1 << 61))
    def utime(self, data: st.DataObject, mtime: int) -> None:
        if name := self.pick(data, "file"):
            self.recorder.utime(name, mtime)

    def teardown(self) -> None:
        if self.recorder.effects:
            session = self.world.approved(self.world.recorded(self.recorder))
            result, _, _ = self.world.execute(session)
            assert result.succeeded, result.results
        assert picture(self.world.tree) == picture(self.world.native)


def test_any_plan_makes_the_tree_that_the_script_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHANNOT_TEST_BASE", str(tmp_path / "world"))
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Scripts,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


class Undone(Scripts):
    """The same, and then the plan is rolled back."""

    def teardown(self) -> None:
        if self.recorder.effects:
            before = picture(self.world.tree)
            session = self.world.approved(self.world.recorded(self.recorder))
            assert self.world.execute(session)[0].succeeded
            result = self.world.rollback(session)
            assert result.succeeded, (result.results, result.differences, result.conflicts)
            if not result.undoing.parted:  # what it says it cannot join again
                assert picture(self.world.tree) == before


def test_any_plan_rolled_back_ends_where_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHANNOT_TEST_BASE", str(tmp_path / "world"))
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Undone,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
