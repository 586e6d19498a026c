from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import stat
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from shannot.effects.document import MalformedError
from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    DeletePath,
    Effect,
    Entry,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    WriteFile,
)
from shannot.errors import RefusedError, ShannotError, UnsuccessfulError
from tests.sessions.worlds import NOW, SOMEONE, World, fingerprint, picture, shell_command

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def furnish(world: World) -> None:
    """The same small tree in `tree` and `native`."""
    for root in (world.tree, world.native):
        (root / "conf").mkdir()
        (root / "conf/app.conf").write_bytes(b"port 80\n")
        (root / "conf/app.conf").chmod(0o640)
        (root / "old/deep").mkdir(parents=True)
        (root / "old/deep/file").write_bytes(b"\0\xff")
        (root / "old/link").symlink_to("deep/file")
        (root / "tool.sh").write_bytes(b"#!/bin/sh\necho ran\n")


def test_every_kind_of_effect_makes_the_tree_that_the_script_made(world: World) -> None:
    furnish(world)
    recorder = world.recorder()
    recorder.write("conf/app.conf", b"port 81\n")
    recorder.write("new.txt", b"", 0o600)
    recorder.mkdir("made", 0o2770)
    recorder.write("made/inside", b"x" * 3_000_000)
    recorder.link("made/link", "../\udcff")
    recorder.link("old/link", "nowhere")
    recorder.hard_link("made/second", "new.txt")
    recorder.chmod("tool.sh", 0o755)
    recorder.utime("tool.sh", 1_234_567_890_123_456_789)
    recorder.move("old", "older")
    recorder.write("older/deep/file", b"again")
    recorder.move("conf/app.conf", "new.conf")
    recorder.delete("older/deep")
    recorder.write("older/link", b"a file now")
    session = world.approved(world.recorded(recorder))
    result, _, _ = world.execute(session)
    assert result.succeeded
    assert result.session.state == "executed"
    assert [r.state for r in result.results] == ["done"] * len(recorder.effects)
    assert picture(world.tree) == picture(world.native)
    assert (world.tree / "tool.sh").stat().st_mtime_ns == 1_234_567_890_123_456_789
    assert (world.tree / "made/second").samefile(world.tree / "new.txt")
    assert world.store.load(session.id).results == result.results


def test_a_command_sees_the_writes_before_it_and_none_after_it(world: World) -> None:
    furnish(world)
    recorder = world.recorder()
    recorder.write("conf/app.conf", b"first\n")
    recorder.run("cat", "conf/app.conf")
    recorder.write("conf/app.conf", b"second\n")
    recorder.run("sh", "-c", "cat - conf/app.conf; echo problem >&2", stdin=b"input\n")
    result, out, err = world.execute(world.approved(world.recorded(recorder)))
    assert result.succeeded
    assert out.data == b"first\ninput\nsecond\n"
    assert err.data == b"problem\n"
    assert [r.stdout_size for r in result.results] == [0, 6, 0, 13]
    kept = world.store.contents(result.session.id, "output/4.stdout")
    assert kept == b"input\nsecond\n"


def test_a_command_gets_the_recorded_environment_directory_and_no_input(world: World) -> None:
    recorder = world.recorder()
    recorder.run("sh", "-c", "pwd; env | grep -v ^_; cat; ls /proc/self/fd | wc -l")
    _, out, _ = world.execute(world.approved(world.recorded(recorder)))
    lines = out.data.decode().split()
    assert lines[0] == str(world.tree)
    assert set(lines[1:-1]) <= {"PATH=/usr/bin:/bin", f"PWD={world.tree}", "SHLVL=0"}
    assert int(lines[-1]) <= 4


def test_a_done_command_is_not_run_again(world: World) -> None:
    recorder = world.recorder()
    recorder.run("touch", "made", state="done")
    recorder.write("x", b"")
    result, _, _ = world.execute(world.approved(world.recorded(recorder)))
    assert result.succeeded
    assert sorted(os.listdir(world.tree)) == ["x"]


@pytest.mark.parametrize("keep_going", [False, True])
def test_the_first_failure_stops_the_rest_unless_told(world: World, keep_going: bool) -> None:
    recorder = world.recorder()
    recorder.run("false")
    recorder.write("after", b"")
    result, _, _ = world.execute(world.approved(world.recorded(recorder)), keep_going=keep_going)
    assert not result.succeeded
    assert result.session.state == "failed"
    assert result.results[0].exit_status == 1
    assert (world.tree / "after").exists() == keep_going


def test_a_failed_command_is_run_again_only_when_told(world: World) -> None:
    recorder = world.recorder()
    recorder.run("sh", "-c", "echo >> count; exit 3")
    recorder.write("after", b"")
    session = world.approved(world.recorded(recorder))
    world.execute(session)
    with pytest.raises(UnsuccessfulError, match="effect 1, the command sh, failed; --redo"):
        world.execute(session)
    world.execute(session, redo=True)
    assert (world.tree / "count").read_bytes() == b"\n\n"
    result, _, _ = world.execute(session, skip=True)
    assert result.succeeded
    assert [r.state for r in result.results] == ["skipped", "done"]


def test_a_command_over_its_time_is_killed_with_all_it_started(world: World) -> None:
    recorder = world.recorder()
    recorder.run("sh", "-c", "trap '' TERM; (trap '' TERM; sleep 30; touch late) & echo hi; wait")
    start = time.monotonic()
    result, out, _ = world.execute(world.approved(world.recorded(recorder)), timeout=0.3)
    assert time.monotonic() - start < 10
    assert (result.results[0].exit_status, result.results[0].state) == (124, "failed")
    assert "0.3 seconds" in result.results[0].message
    assert out.data == b"hi\n"


def test_a_command_that_leaves_a_process_behind_has_ended(world: World) -> None:
    recorder = world.recorder()
    recorder.run("sh", "-c", "sleep 20 & echo started")
    start = time.monotonic()
    result, out, _ = world.execute(world.approved(world.recorded(recorder)))
    assert time.monotonic() - start < 10
    assert result.succeeded
    assert out.data == b"started\n"


def test_a_signal_is_128_and_its_number(world: World) -> None:
    recorder = world.recorder()
    recorder.run("sh", "-c", "kill -9 $$")
    result, _, _ = world.execute(world.approved(world.recorded(recorder)))
    assert result.results[0].exit_status == 137


def test_a_program_that_cannot_be_started_says_why(world: World) -> None:
    (world.tree / "tool").write_bytes(b"#!/nonexistent/interpreter\n")
    (world.tree / "tool").chmod(0o755)
    command = shell_command((str(world.tree / "tool"),), str(world.tree))
    result, _, _ = world.execute(world.approved(world.session([command])))
    assert result.results[0].exit_status == 127
    assert "cannot be started: No such file" in result.results[0].message


def test_a_program_that_the_plan_writes_runs_as_it_was_written(world: World) -> None:
    recorder = world.recorder()
    recorder.write("tool", b"#!/bin/sh\necho planned\n", 0o755)
    planned = recorder.effects[0]
    assert isinstance(planned, WriteFile)
    command = replace(
        shell_command(("sh", str(world.tree / "tool")), str(world.tree)),
        argv=("tool",),
        executable=planned.path,
        executable_sha256=planned.after.sha256,
    )
    other = replace(command, executable_sha256="ab" * 32)
    with pytest.raises(UnsuccessfulError, match=r"effect 2: .*/tool: the program has changed"):
        world.execute(world.approved(world.session([planned, other], recorder.contents)))
    unknown = replace(command, executable_sha256="")
    with pytest.raises(UnsuccessfulError, match=r"effect 2: .*/tool: the program was neither on"):
        world.execute(world.approved(world.session([planned, unknown], recorder.contents)))
    session = world.approved(world.session([planned, command], recorder.contents))
    result, out, _ = world.execute(session)
    assert result.succeeded
    assert out.data == b"planned\n"


def test_only_the_chosen_effects_happen(world: World) -> None:
    recorder = world.recorder()
    for name in "abc":
        recorder.write(name, name.encode())
    result, _, _ = world.execute(world.approved(world.recorded(recorder), [1, 3]))
    assert result.session.state == "executed"
    assert sorted(os.listdir(world.tree)) == ["a", "c"]


def test_an_effect_that_rests_on_one_not_chosen_is_a_conflict(world: World) -> None:
    recorder = world.recorder()
    recorder.mkdir("d")
    recorder.write("d/file", b"")
    session = world.approved(world.recorded(recorder), [2])
    with pytest.raises(UnsuccessfulError, match="nothing was changed: effect 2"):
        world.execute(session)
    assert os.listdir(world.tree) == []


def change_contents(tree: Path) -> None:
    (tree / "conf/app.conf").write_bytes(b"port 99\n")


def change_mode(tree: Path) -> None:
    (tree / "conf/app.conf").chmod(0o600)


def plant_link_at_target(tree: Path) -> None:
    (tree / "conf/app.conf").rename(tree / "conf/real")
    (tree / "conf/app.conf").symlink_to("real")


def plant_link_in_parent(tree: Path) -> None:
    (tree / "conf").rename(tree / "real")
    (tree / "conf").symlink_to("real")


def plant_file_at_new_path(tree: Path) -> None:
    (tree / "new.txt").write_bytes(b"")


def plant_dangling_link_at_new_path(tree: Path) -> None:
    (tree / "new.txt").symlink_to("/nonexistent/elsewhere")


def add_to_deleted(tree: Path) -> None:
    (tree / "old/deep/more").write_bytes(b"")


def remove_from_deleted(tree: Path) -> None:
    (tree / "old/deep/file").unlink()


def change_link_in_deleted(tree: Path) -> None:
    (tree / "old/link").unlink()
    (tree / "old/link").symlink_to("elsewhere")


def second_name(tree: Path) -> None:
    (tree / "conf/other").hardlink_to(tree / "conf/app.conf")


def make_it_a_pipe(tree: Path) -> None:
    (tree / "conf/app.conf").unlink()
    os.mkfifo(tree / "conf/app.conf", 0o640)


def change_program(tree: Path) -> None:
    (tree / "tool.sh").write_bytes(b"#!/bin/sh\necho other\n")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (change_contents, "conf/app.conf: its contents have changed"),
        (change_mode, "conf/app.conf: its mode is 0600 now, not 0640"),
        (plant_link_at_target, "conf/app.conf: it is a link now, not a file"),
        (plant_link_in_parent, "tree/conf: it is a link now, not a directory"),
        (plant_file_at_new_path, "new.txt: something stands there now"),
        (plant_dangling_link_at_new_path, "new.txt: something stands there now"),
        (add_to_deleted, "old/deep/more: it is not in the plan"),
        (remove_from_deleted, "old/deep/file: it is not there any more"),
        (change_link_in_deleted, "old/link: its contents|old/link: it points elsewhere"),
        (second_name, "conf/app.conf: it has 2 names"),
        (make_it_a_pipe, "conf/app.conf: it is a pipe now"),
        (change_program, "tool.sh: the program has changed"),
    ],
)
def test_whatever_changed_on_the_host_is_named_and_nothing_is_done(
    world: World, spoil: object, named: str
) -> None:
    furnish(world)
    for root in (world.tree, world.native):
        (root / "tool.sh").chmod(0o755)
    recorder = world.recorder()
    recorder.write("first", b"")
    recorder.write("conf/app.conf", b"port 81\n")
    recorder.write("new.txt", b"")
    recorder.delete("old")
    recorder.effects.append(shell_command((str(world.tree / "tool.sh"),), str(world.tree)))
    session = world.approved(world.recorded(recorder))
    assert callable(spoil)
    spoil(world.tree)
    if spoil is make_it_a_pipe:
        listing = sorted(os.listdir(world.tree))
    else:
        spoiled = picture(world.tree)
    with pytest.raises(UnsuccessfulError, match=named) as caught:
        world.execute(session)
    assert "nothing was changed" in str(caught.value)
    assert "\n" not in str(caught.value)
    if spoil is make_it_a_pipe:
        assert sorted(os.listdir(world.tree)) == listing
    else:
        assert picture(world.tree) == spoiled
    assert world.store.load(session.id).state == "approved"


def test_conflicts_can_be_skipped_with_what_rests_on_them(world: World) -> None:
    furnish(world)
    recorder = world.recorder()
    recorder.write("conf/app.conf", b"1")
    recorder.write("conf/app.conf", b"2")
    recorder.write("other", b"")
    session = world.approved(world.recorded(recorder))
    change_contents(world.tree)
    result, _, _ = world.execute(session, skip_conflicts=True)
    assert [c.number for c in result.conflicts] == [1, 2]
    assert [r.state for r in result.results] == ["skipped", "skipped", "done"]
    assert (world.tree / "conf/app.conf").read_bytes() == b"port 99\n"


def test_what_a_command_changes_in_between_is_a_conflict_at_that_point(world: World) -> None:
    furnish(world)
    recorder = world.recorder()
    recorder.run("sh", "-c", "echo surprise > conf/app.conf")
    recorder.write("conf/app.conf", b"port 81\n")
    result, _, _ = world.execute(world.approved(world.recorded(recorder)))
    assert result.results[1].state == "failed"
    assert "its contents have changed" in result.results[1].message
    assert (world.tree / "conf/app.conf").read_bytes() == b"surprise\n"


def test_an_incomplete_plan_needs_to_be_asked_for(world: World) -> None:
    recorder = world.recorder()
    recorder.write("x", b"")
    session = world.approved(world.recorded(recorder, complete=False))
    with pytest.raises(RefusedError, match="--incomplete"):
        world.execute(session)
    assert world.execute(session, incomplete=True)[0].succeeded


def test_a_session_that_is_not_approved_is_not_executed(world: World) -> None:
    with pytest.raises(UnsuccessfulError, match="is pending and cannot be executed"):
        world.execute(world.session())


def test_an_executed_session_is_not_executed_again(world: World) -> None:
    recorder = world.recorder()
    recorder.run("sh", "-c", "echo >> count")
    session = world.approved(world.recorded(recorder))
    world.execute(session)
    with pytest.raises(UnsuccessfulError, match="is executed"):
        world.execute(session)
    assert (world.tree / "count").read_bytes() == b"\n"


@pytest.mark.parametrize("name", ["session.json", "plan.json", "script", "blobs"])
def test_a_changed_file_of_the_session_is_named_and_nothing_is_done(
    world: World, name: str
) -> None:
    recorder = world.recorder()
    recorder.write("x", b"contents")
    session = world.approved(world.recorded(recorder))
    path = world.state / "sessions" / session.id / name
    if name == "blobs":
        path = next(path.iterdir())
    data = path.read_bytes()
    swapped = {
        "plan.json": data.replace(b"/x", b"/y"),
        "session.json": data.replace(b"[1]", b"[2]"),
        "script": b"import os\n",
        "blobs": b"CONTENTS",
    }[name]
    assert swapped != data
    path.write_bytes(swapped)
    with pytest.raises(MalformedError) as caught:
        world.execute(session)
    assert str(path) in str(caught.value)
    assert os.listdir(world.tree) == []


def test_an_approval_of_another_plan_does_not_count(world: World) -> None:
    recorder = world.recorder()
    recorder.write("x", b"")
    session = world.approved(world.recorded(recorder))
    path = world.state / "sessions" / session.id / "session.json"
    decision = session.decision
    assert decision is not None
    assert decision.digest is not None
    text = path.read_text()
    path.write_text(text.replace(f'"digest":"{decision.digest}"', f'"digest":"{"0" * 64}"'))
    with pytest.raises(RefusedError, match="not the one that was approved"):
        world.execute(session)


def test_a_plan_that_was_edited_after_its_approval_is_refused(world: World) -> None:
    """Consistently, with its digest in session.json; the approval is the old one."""
    recorder = world.recorder()
    recorder.write("x", b"")
    session = world.approved(world.recorded(recorder))
    directory = world.state / "sessions" / session.id
    path = directory / "plan.json"
    edited = path.read_bytes().replace(b"/x", b"/y")
    path.write_bytes(edited)
    head = json.loads((directory / "session.json").read_bytes())
    head["plan_digest"] = sha256(edited).hexdigest()
    (directory / "session.json").write_text(json.dumps(head))
    with pytest.raises(RefusedError, match="is not the one that was approved"):
        world.execute(session)
    assert os.listdir(world.tree) == []


def test_a_clock_that_was_set_back_changes_nothing(world: World) -> None:
    recorder = world.recorder()
    recorder.write("x", b"")
    assert world.execute(world.approved(world.recorded(recorder)), now=0)[0].succeeded


def test_an_approval_expires(world: World) -> None:
    recorder = world.recorder()
    recorder.write("x", b"")
    session = world.approved(world.recorded(recorder))
    with pytest.raises(RefusedError, match="has expired; `shannot approve"):
        world.execute(session, now=NOW + 86400)
    assert os.listdir(world.tree) == []
    assert world.execute(session, now=NOW + 86399)[0].succeeded


def test_what_was_begun_can_be_finished_after_the_approval_expired(world: World) -> None:
    recorder = world.recorder()
    recorder.run("false")
    recorder.write("x", b"")
    session = world.approved(world.recorded(recorder))
    world.execute(session)
    assert world.execute(session, now=NOW * 2, skip=True)[0].succeeded


def test_everything_that_happened_is_kept_with_who_did_it(world: World) -> None:
    recorder = world.recorder()
    recorder.run("false")
    session = world.approved(world.recorded(recorder))
    world.execute(session)
    world.execute(session, skip=True)
    history = world.store.load(session.id).history
    assert [(event.what, event.note) for event in history] == [
        ("approved", "effects 1"), ("executing", ""), ("failed", "0 done, 1 not"),
        ("executing", ""), ("executed", "0 done, 1 not"),
    ]  # fmt: skip
    assert {event.person for event in history} == {SOMEONE}
    assert world.store.summary(session.id).decided == history[-1]


def place(path: str) -> WriteFile:
    return WriteFile(path, None, Fingerprint("file", 0o644, EMPTY, 0))


def test_no_plan_changes_what_is_not_files_or_is_shannots_own(world: World) -> None:
    world.state.mkdir()
    state = fingerprint(world.state)
    (world.tree / "alias").symlink_to(world.state)
    effects: list[Effect] = [
        place("/proc/self/x"),
        place("/sys/x"),
        place("/dev/x"),
        MakeDirectory(str(world.state / "x"), 0o755),
        MakeLink(str(world.tree / "x"), str(world.state / "sessions"), hard=True),
        DeletePath(str(world.state), state),
        DeletePath(str(world.state.parent), state),
    ]
    for effect in effects:
        session = world.approved(world.session([effect], [b""]))
        with pytest.raises(RefusedError):
            world.execute(session)
    session = world.approved(world.session([place(str(world.tree / "alias/x"))], [b""]))
    with pytest.raises(UnsuccessfulError, match="is a link"):
        world.execute(session)


def test_two_processes_cannot_execute_one_session(world: World) -> None:
    recorder = world.recorder()
    recorder.write("x", b"")
    session = world.approved(world.recorded(recorder))
    with world.store.lock(session.id):
        other = World(world.tree.parent)
        with pytest.raises(UnsuccessfulError, match="another process"):
            other.execute(session)


def test_a_disk_without_room_is_told_before_anything_is_done(world: World) -> None:
    huge = Fingerprint("file", 0o644, EMPTY, 1 << 60)
    before = WriteFile(str(world.tree / "x"), None, huge)
    from shannot.sessions import preflight

    with pytest.raises(UnsuccessfulError, match="KiB free"):
        preflight.check_space([before], str(world.tree))


def test_extended_attributes_and_the_owner_are_kept(world: World) -> None:
    furnish(world)
    path = world.tree / "conf/app.conf"
    try:
        os.setxattr(path, "user.note", b"keep me")
    except OSError:
        pytest.skip("this filesystem has no extended attributes")
    if os.geteuid() == 0:
        os.chown(path, 12345, 23456)
    recorder = world.recorder()
    recorder.write("conf/app.conf", b"new")
    world.execute(world.approved(world.recorded(recorder)))
    assert path.read_bytes() == b"new"
    assert os.getxattr(path, "user.note") == b"keep me"
    if os.geteuid() == 0:
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_change_of_owner_keeps_the_mode_that_was_reviewed(world: World) -> None:
    path = world.tree / "tool"
    path.write_bytes(b"")
    path.chmod(0o4755)
    change = ChangeOwner(str(path), (0, 0), (12345, 23456))
    assert world.execute(world.approved(world.session([change])))[0].succeeded
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 23456, 0o4755)


def test_what_is_replaced_or_deleted_is_in_the_checkpoint(world: World) -> None:
    furnish(world)
    recorder = world.recorder()
    recorder.write("conf/app.conf", b"new")
    recorder.delete("old")
    session = world.approved(world.recorded(recorder))
    world.execute(session)
    with world.store.lock(session.id) as lock:
        begun = lock.progress().begun
    with world.store.blobs(session.id, "checkpoint") as kept:
        assert kept.read(begun[1][0].sha256, 100) == b"port 80\n"
        names = {saved.path.removeprefix(f"{world.tree}/"): saved for saved in begun[2]}
        assert sorted(names) == ["old", "old/deep", "old/deep/file", "old/link"]
        assert kept.read(names["old/deep/file"].sha256, 100) == b"\0\xff"
    assert names["old/link"].target == "deep/file"


def test_a_filled_directory_has_the_time_that_was_recorded(world: World) -> None:
    recorder = world.recorder()
    recorder.mkdir("d")
    made = recorder.effects[0]
    assert isinstance(made, MakeDirectory)
    recorder.effects[0] = replace(made, mtime_ns=10**18)
    recorder.write("d/x", b"")
    world.execute(world.approved(world.recorded(recorder)))
    assert (world.tree / "d").stat().st_mtime_ns == 10**18


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_the_plan_opens_may_be_changed_and_closed_again(world: World) -> None:
    closed = world.tree / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    written = WriteFile(str(closed / "x"), None, Fingerprint("file", 0o644, EMPTY))
    opened = ChangeMode(str(closed), 0o555, 0o755)
    effects: list[Effect] = [opened, written, ChangeMode(str(closed), 0o755, 0o555)]
    with pytest.raises(UnsuccessfulError, match="this user may not change its directory"):
        world.execute(world.approved(world.session(effects, [b""]), [2]))
    result, _, _ = world.execute(world.approved(world.session(effects, [b""])))
    assert result.succeeded
    assert stat.S_IMODE(closed.stat().st_mode) == 0o555
    closed.chmod(0o755)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_cannot_be_written_is_told_before_anything_is_done(world: World) -> None:
    (world.tree / "d").mkdir()
    (world.native / "d").mkdir()
    recorder = world.recorder()
    recorder.write("x", b"")
    recorder.write("d/x", b"")
    (world.tree / "d").chmod(0o555)
    with pytest.raises(UnsuccessfulError, match="may not change its directory"):
        world.execute(world.approved(world.recorded(recorder)))
    assert not (world.tree / "x").exists()
    (world.tree / "d").chmod(0o755)


def test_a_directory_that_nobody_may_write_to_is_filled_first(world: World) -> None:
    recorder = world.recorder()
    recorder.mkdir("d")
    recorder.write("d/x", b"")
    recorder.run("stat", "-c", "%a", "d")
    recorder.mkdir("e", 0o500)
    made = recorder.effects[0]
    assert isinstance(made, MakeDirectory)
    recorder.effects[0] = replace(made, mode=0o555, mtime_ns=10**18)
    result, out, _ = world.execute(world.approved(world.recorded(recorder)))
    assert result.succeeded
    assert out.data == b"555\n"
    found = (world.tree / "d").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_mtime_ns) == (0o555, 10**18)
    assert stat.S_IMODE((world.tree / "e").stat().st_mode) == 0o500
    (world.tree / "d").chmod(0o755)


@pytest.mark.parametrize("size", [0, 1000])
def test_a_write_that_does_not_fit_leaves_all_as_it_was(world: World, size: int) -> None:
    furnish(world)
    recorder = world.recorder()
    recorder.write("conf/app.conf", b"x" * 5_000_000)
    session = world.approved(world.recorded(recorder))
    before = picture(world.tree)

    def limit(event: str, number: int) -> None:
        if event == "save":
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000 + size, 2_000_000))

    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            result, _, _ = world.execute(session, observe=limit)
            status = 0 if "File too large" in result.results[0].message else 2
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert picture(world.tree) == before
    assert world.execute(session)[0].succeeded
    assert picture(world.tree) == picture(world.native)


def test_a_deep_directory_is_moved_and_deleted(world: World) -> None:
    depth = 200
    here = world.tree
    for _ in range(depth):
        here /= "ddddd"
    here.mkdir(parents=True)
    entry = fingerprint(world.tree / "ddddd")
    below = tuple(Entry("/".join(["ddddd"] * n), entry) for n in range(1, depth))
    moved = str(world.tree / "moved")
    effects = [
        MovePath(str(world.tree / "ddddd"), moved, entry, None, below),
        DeletePath(moved, entry, below),
    ]
    result, _, _ = world.execute(world.approved(world.session(effects)))
    assert result.succeeded, [r.message[-200:] for r in result.results]
    assert os.listdir(world.tree) == []


@pytest.mark.parametrize("when", ["save", "begin", "change", "end"])
@pytest.mark.parametrize("batch", [1, 1000])
def test_a_link_planted_while_it_executes_is_not_followed(
    world: World, batch: int, when: str
) -> None:
    world.batch = batch
    furnish(world)
    victim = world.tree.parent / "victim"
    victim.mkdir()
    (victim / "app.conf").write_bytes(b"port 80\n")
    (victim / "app.conf").chmod(0o640)
    recorder = world.recorder()
    recorder.write("first", b"")
    recorder.write("conf/app.conf", b"evil\n")

    def plant(event: str, number: int) -> None:
        if (event, number) == (when, 1):
            shutil.move(world.tree / "conf", world.tree / "moved")
            (world.tree / "conf").symlink_to(victim)

    result, _, _ = world.execute(world.approved(world.recorded(recorder)), observe=plant)
    if (batch, when) != (1000, "end"):  # which is when all is done
        assert result.results[1].state == "failed"
        assert "is a link now" in result.results[1].message
    assert (victim / "app.conf").read_bytes() == b"port 80\n"


def test_a_file_planted_between_comparing_and_renaming_survives(world: World) -> None:
    recorder = world.recorder()
    recorder.write("x", b"mine")

    def plant(event: str, number: int) -> None:
        if event == "begin":
            (world.tree / "x").write_bytes(b"theirs")

    result, _, _ = world.execute(world.approved(world.recorded(recorder)), observe=plant)
    assert result.results[0].state == "failed"
    assert os.listdir(world.tree) == ["x"]
    assert (world.tree / "x").read_bytes() == b"theirs"


def test_a_file_added_to_a_directory_while_it_is_deleted_survives(world: World) -> None:
    furnish(world)
    recorder = world.recorder()
    recorder.delete("old")

    def plant(event: str, number: int) -> None:
        if event == "begin":
            (world.tree / "old/deep/late").write_bytes(b"")

    result, _, _ = world.execute(world.approved(world.recorded(recorder)), observe=plant)
    assert result.results[0].state == "failed"
    assert (world.tree / "old/deep/late").exists()


def test_an_error_is_a_line_and_no_traceback_whatever_a_path_holds(world: World) -> None:
    name = "odd\n\x1b[31m\u202e\udcff"
    session = world.approved(world.session([DeletePath(f"{world.tree}/{name}", place("/x").after)]))
    with pytest.raises(ShannotError) as caught:
        world.execute(session)
    assert str(caught.value).isprintable()
