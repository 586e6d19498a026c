from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from shannot.errors import UnsuccessfulError
from shannot.sessions.model import Session
from shannot.workflows.approve import reject
from shannot.workflows.review import show
from shannot.workflows.rollback import can_roll_back, plan_rollback, rollback
from tests.sessions.worlds import NOW, SOMEONE, Recorder, World, picture


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    for root in (world.tree, world.native):
        furnish(root)
    return world


def furnish(root: Path) -> None:
    (root / "conf").mkdir()
    (root / "conf/app.conf").write_bytes(b"port 80\n")
    (root / "conf/app.conf").chmod(0o640)
    (root / "old/deep").mkdir(parents=True)
    (root / "old/deep/file").write_bytes(b"\0\xff")
    (root / "old/deep/file").chmod(0o4750)
    (root / "old/link").symlink_to("deep/file")
    (root / "old").chmod(0o2711)
    (root / "tool.sh").write_bytes(b"#!/bin/sh\n")
    (root / "moving/in").mkdir(parents=True)
    (root / "moving/in/x").write_bytes(b"x")
    os.utime(root / "old/deep", ns=(1, 10**18))
    os.utime(root / "conf/app.conf", ns=(1, 10**17))


def change(recorder: Recorder) -> None:
    recorder.write("conf/app.conf", b"port 81\n")
    recorder.write("new", b"new", 0o755)
    recorder.mkdir("made", 0o2750)
    recorder.write("made/in it", b"in it")
    recorder.move("moving", "made/moved")
    recorder.link("made/link", "../new")
    recorder.hard_link("made/hard", "conf/app.conf")
    recorder.delete("old")
    recorder.mkdir("old")
    recorder.chmod("tool.sh", 0o600)
    recorder.utime("tool.sh", 10**18)
    recorder.move("new", "made/moved/in/x")


def executed(world: World, make: object = change) -> Session:
    recorder = world.recorder()
    make(recorder)  # type: ignore[operator]
    session = world.approved(world.recorded(recorder))
    assert world.execute(session)[0].succeeded
    return session


def details(root: Path) -> dict[str, tuple[int, ...]]:
    """Owner and time of every file and link, and how many names it has."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        if not path.is_dir() or path.is_symlink():
            found[str(path.relative_to(root))] = (
                status.st_uid, status.st_gid, status.st_mtime_ns, status.st_nlink,
            )  # fmt: skip
    return found


def test_everything_is_put_back(world: World) -> None:
    before, known = picture(world.tree), details(world.tree)
    deep = (world.tree / "old/deep").stat().st_mtime_ns
    session = executed(world)
    result = world.rollback(session)
    assert result.differences == ()
    assert result.succeeded
    assert result.session.state == "rolled-back"
    assert picture(world.tree) == before
    assert details(world.tree) == known
    assert (world.tree / "old/deep").stat().st_mtime_ns == deep
    assert world.store.load(session.id).state == "rolled-back"
    with pytest.raises(UnsuccessfulError, match="rolled back and cannot be rolled back"):
        world.rollback(session)


def test_commands_are_named_and_not_undone(world: World) -> None:
    def make(recorder: Recorder) -> None:
        recorder.write("new", b"")
        recorder.run("touch", "by command")

    session = executed(world, make)
    assert world.rollback_plan(session).undoing.commands == (2,)
    result = world.rollback(session)
    assert result.succeeded
    assert result.undoing.commands == (2,)
    assert (world.tree / "by command").exists()
    assert not (world.tree / "new").exists()


def test_looking_at_a_rollback_changes_nothing(world: World) -> None:
    session = executed(world)
    before = picture(world.tree)
    plan = world.rollback_plan(session)
    assert plan.conflicts == ()
    assert len(plan.undoing.effects) == 16
    assert picture(world.tree) == before
    assert world.store.load(session.id).state == "executed"


def test_what_has_changed_since_is_a_conflict_and_nothing_is_undone(world: World) -> None:
    session = executed(world)
    (world.tree / "conf/app.conf").write_bytes(b"port 99\n")
    before = picture(world.tree)
    (conflict,) = {c.message for c in world.rollback_plan(session).conflicts[:1]}
    assert "contents have changed" in conflict
    with pytest.raises(UnsuccessfulError, match=r"nothing was changed: effect .*; --force"):
        world.rollback(session)
    assert picture(world.tree) == before
    assert world.store.load(session.id).state == "executed"


def test_forced_it_overwrites_what_changed_since_and_keeps_a_copy(world: World) -> None:
    before = picture(world.tree)

    def make(recorder: Recorder) -> None:
        recorder.write("conf/app.conf", b"port 81\n")
        recorder.write("new", b"new")
        recorder.delete("old")
        recorder.chmod("tool.sh", 0o600)

    session = executed(world, make)
    (world.tree / "conf/app.conf").write_bytes(b"port 99\n")
    (world.tree / "new").unlink()
    (world.tree / "old").mkdir()
    (world.tree / "tool.sh").chmod(0o644)
    result = world.rollback(session, force=True)
    assert result.succeeded, (result.results, result.differences)
    assert picture(world.tree) == before
    kept = [p.read_bytes() for p in (world.state / "sessions" / session.id / "rollback").iterdir()]
    assert kept == [b"port 99\n"]


def test_a_directory_with_other_things_in_it_is_never_emptied(world: World) -> None:
    def make(recorder: Recorder) -> None:
        recorder.mkdir("made")
        recorder.write("made/by plan", b"")
        recorder.write("other", b"")

    session = executed(world, make)
    (world.tree / "made/mine").write_bytes(b"mine")
    with pytest.raises(UnsuccessfulError, match="not in the plan"):
        world.rollback(session)
    result = world.rollback(session, force=True)
    assert not result.succeeded
    assert [c.number for c in result.conflicts] == [3]
    assert os.listdir(world.tree / "made") == ["mine"]
    assert not (world.tree / "other").exists()
    assert result.session.state == "rolled-back"


def test_what_is_back_already_is_no_conflict(world: World) -> None:
    before = picture(world.tree)
    session = executed(world, lambda recorder: recorder.write("conf/app.conf", b"port 81\n"))
    (world.tree / "conf/app.conf").write_bytes(b"port 80\n")
    result = world.rollback(session)
    assert picture(world.tree) == before
    assert [r.state for r in result.results] == ["done"]


def test_a_damaged_checkpoint_changes_nothing(world: World) -> None:
    session = executed(world)
    after = picture(world.tree)
    for blob in (world.state / "sessions" / session.id / "checkpoint").iterdir():
        blob.write_bytes(b"evil")
    with pytest.raises(Exception, match="was changed: it does not match its name"):
        world.rollback(session)
    assert picture(world.tree) == after
    assert world.store.load(session.id).state == "executed"


def test_files_of_several_names_come_back_as_one(world: World) -> None:
    for root in (world.tree, world.native):
        (root / "old/second").hardlink_to(root / "old/deep/file")
        (root / "apart").write_bytes(b"apart")
        (root / "conf/apart too").hardlink_to(root / "apart")
        (root / "kept").write_bytes(b"kept")
        (root / "kept too").hardlink_to(root / "kept")

    def make(recorder: Recorder) -> None:
        recorder.delete("old")
        recorder.delete("apart")
        recorder.delete("kept")

    before = picture(world.tree)
    session = executed(world, make)
    result = world.rollback(session)
    assert result.succeeded
    assert picture(world.tree) == before
    assert (world.tree / "old/second").samefile(world.tree / "old/deep/file")
    assert (world.tree / "kept").samefile(world.tree / "kept too")
    assert result.undoing.parted == (str(world.tree / "apart"),)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_owners_and_attributes_come_back(world: World) -> None:
    os.chown(world.tree / "old/deep/file", 12, 34)
    os.chown(world.tree / "old/deep", 56, 78)
    os.chmod(world.tree / "old/deep/file", 0o4750)
    os.setxattr(world.tree / "old/deep/file", "user.note", b"x")
    known = details(world.tree)

    session = executed(world, lambda recorder: recorder.delete("old"))
    assert world.rollback(session).succeeded
    assert details(world.tree) == known
    assert os.getxattr(world.tree / "old/deep/file", "user.note") == b"x"
    found = (world.tree / "old/deep").stat()
    assert (found.st_uid, found.st_gid) == (56, 78)


def test_a_session_of_which_nothing_was_done_has_nothing_to_undo(world: World) -> None:
    recorder = world.recorder()
    recorder.write("x", b"")
    session = world.approved(world.recorded(recorder))
    with pytest.raises(UnsuccessfulError, match="is approved and cannot be rolled back"):
        world.rollback(session)


def test_what_was_done_of_a_failed_session_is_undone(world: World) -> None:
    before = picture(world.tree)
    recorder = world.recorder()
    recorder.write("x", b"")
    recorder.run("false")
    recorder.write("y", b"")
    session = world.approved(world.recorded(recorder))
    assert world.execute(session)[0].session.state == "failed"
    result = world.rollback(session)
    assert result.succeeded
    assert picture(world.tree) == before


def test_a_large_rollback_is_synced_together(world: World) -> None:
    def make(recorder: Recorder) -> None:
        for number in range(300):
            recorder.write(f"{number}", b"%d" % number)
        recorder.delete("old")

    before = picture(world.tree)
    session = executed(world, make)
    assert world.rollback(session).succeeded
    assert picture(world.tree) == before


def test_what_was_done_while_the_script_asked_is_put_back_once_the_rest_is_rejected(
    world: World,
) -> None:
    """The hint names that way; nobody has to approve anything to undo it."""
    before = picture(world.tree)
    session = executed(world)
    with world.store.lock(session.id) as lock:
        lock.save(replace(lock.load(), state="pending", decision=None))
    assert can_roll_back(world.store.summary(session.id), world.store)
    with pytest.raises(UnsuccessfulError, match=r"`shannot reject .*` drops the rest, then"):
        world.rollback(session)
    reject(world.store, session.id, reason="no", person=SOMEONE, now=NOW)
    assert can_roll_back(world.store.summary(session.id), world.store)
    assert world.rollback(session).succeeded
    assert picture(world.tree) == before
    assert not can_roll_back(world.store.summary(session.id), world.store)
    with pytest.raises(UnsuccessfulError, match="is rolled back and cannot be rolled back"):
        world.rollback(session)


def test_a_rejected_session_of_which_nothing_was_done_cannot_be_rolled_back(world: World) -> None:
    recorder = world.recorder()
    recorder.write("new", b"")
    session = world.recorded(recorder)
    reject(world.store, session.id, reason="no", person=SOMEONE, now=NOW)
    assert not can_roll_back(world.store.summary(session.id), world.store)


def test_what_was_shown_is_not_worked_out_twice_and_a_change_since_is_still_found(
    world: World,
) -> None:
    session = executed(world)
    shown = plan_rollback(world.store, session.id)
    (world.tree / "made/in it").write_bytes(b"changed after the question")
    now = picture(world.tree)
    protected = [str(world.state)]
    with pytest.raises(UnsuccessfulError, match="its contents have changed"):
        rollback(world.store, session.id, protected, shown=shown, person=SOMEONE, now=NOW)
    assert picture(world.tree) == now


def test_what_was_put_back_is_not_shown_as_if_it_stood(tmp_path: Path) -> None:
    world = World(tmp_path)
    recorder = world.recorder()
    recorder.write("new", b"x")
    recorder.run("true")
    session = world.approved(world.recorded(recorder))
    world.execute(session)
    before = [effect.result for effect in show(world.store, session.id).effects]
    assert [result.text() for result in before if result] == ["done", "done, exit status 0"]
    world.rollback(session)
    after = [effect.result for effect in show(world.store, session.id).effects]
    assert [result.text() for result in after if result] == [
        "done: put back since",
        "done, exit status 0: not undone by the rollback since",
    ]
