"""An execution that is killed anywhere goes on where it was: nothing lost, nothing twice."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from shannot.errors import UnsuccessfulError
from shannot.sessions.batch import Observer
from shannot.sessions.model import Session
from tests.sessions.worlds import Recorder, World, picture

# Lines between two kills: prime, so that loops are hit at different places.
STRIDE = int(os.environ.get("SHANNOT_TEST_STRIDE", "499"))

Trace = Callable[[FrameType, str, object], object]


def furnish(root: Path) -> None:
    (root / "conf").mkdir()
    (root / "conf/app.conf").write_bytes(b"port 80\n")
    (root / "old/deep/er").mkdir(parents=True)
    for name in ("a", "b", "deep/c", "deep/er/d"):
        (root / "old" / name).write_bytes(name.encode())
    (root / "old/link").symlink_to("a")
    (root / "moving/in").mkdir(parents=True)
    (root / "moving/in/x").write_bytes(b"x")


def change(recorder: Recorder) -> None:
    recorder.write("conf/app.conf", b"port 81\n")
    recorder.write("new", b"new", 0o755)
    recorder.mkdir("made", 0o2750)
    recorder.move("moving", "made/moved")
    recorder.link("made/link", "../new")
    recorder.hard_link("made/hard", "conf/app.conf")
    recorder.delete("old")
    recorder.chmod("new", 0o600)
    recorder.move("new", "made/moved/in/x")
    recorder.utime("made/moved", 10**18)


def prepare(base: Path, make: Callable[[Recorder], None]) -> tuple[World, Session]:
    """A world with an approved session."""
    world = World(base)
    furnish(world.tree)
    furnish(world.native)
    recorder = world.recorder()
    make(recorder)
    return world, world.approved(world.recorded(recorder))


def killed(work: Callable[[], object]) -> bool:
    """Do the work in a process of its own. True where it was killed, False where it ended well."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert status in (0, signal.SIGKILL), status
    return status != 0


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def at(step: int) -> Observer:
    """Kills this process at the step-th event."""
    left = iter(range(step, -1, -1))

    def observe(event: str, number: int) -> None:
        if next(left) == 0:
            die()

    return observe


def at_line(count: int) -> Trace:
    """A trace function that kills this process at the count-th line run in shannot/sessions."""
    left = [count]

    def trace(frame: FrameType, event: str, argument: object) -> object:
        if "/shannot/sessions/" not in frame.f_code.co_filename:
            return None
        left[0] -= 1
        if left[0] == 0:
            die()
        return trace

    return trace


@pytest.mark.parametrize("batch", [1, 3, 1000])
@pytest.mark.parametrize("step", range(40))
def test_killed_at_any_step_it_goes_on_to_the_same_end(
    tmp_path: Path, step: int, batch: int
) -> None:
    world, session = prepare(tmp_path, change)
    world.batch = batch
    assert killed(lambda: world.execute(session, observe=at(step)))
    loaded = world.store.load(session.id)
    assert loaded.state == "executing"
    if batch == 1:
        assert any(r.state == "interrupted" for r in loaded.results) == (step % 4 != 3)
    done = [r.number for r in loaded.results if r.state == "done"]
    result, _, _ = world.execute(session, observe=never_again(done))
    assert result.succeeded
    assert picture(world.tree) == picture(world.native)


def never_again(done: list[int]) -> Observer:
    def observe(event: str, number: int) -> None:
        assert number not in done

    return observe


def test_killed_at_every_step_again_and_again_it_gets_to_the_end(tmp_path: Path) -> None:
    world, session = prepare(tmp_path, change)
    world.batch = 1
    runs = 0
    # Killed now before its end is written, now after: an effect that is redone gets there as well.
    while killed(lambda step=2 + runs % 2: world.execute(session, observe=at(step))):  # type: ignore[misc]
        runs += 1
        assert runs < 40
    assert runs >= 9
    assert picture(world.tree) == picture(world.native)


def test_killed_at_any_line_it_goes_on_to_the_same_end(tmp_path: Path) -> None:
    count, stride, kills = 5, STRIDE, 0
    while True:
        base = tmp_path / str(count)
        base.mkdir()
        world, session = prepare(base, change)

        def work(world: World = world, session: Session = session, count: int = count) -> None:
            sys.settrace(at_line(count))  # type: ignore[arg-type]
            world.execute(session)

        if not killed(work):
            break
        kills += 1
        if world.store.load(session.id).state != "executed":  # killed after the last line
            assert world.execute(session)[0].succeeded, count
        assert picture(world.tree) == picture(world.native), count
        shutil.rmtree(base)
        count += stride
    assert kills > 9


def once(recorder: Recorder) -> None:
    recorder.write("first", b"")
    recorder.run("sh", "-c", "echo >> count")
    recorder.write("last", b"")


# Events: save, begin, change, end of effect 1 are 0 to 3; begin, change, end of the command 4 to 6.
@pytest.mark.parametrize(("step", "interrupted"), [(2, False), (3, False), (4, True), (6, False)])
def test_a_command_is_never_run_twice(tmp_path: Path, step: int, interrupted: bool) -> None:
    world, session = prepare(tmp_path, once)
    assert killed(lambda: world.execute(session, observe=at(step)))
    if interrupted:
        with pytest.raises(UnsuccessfulError, match="effect 2, the command sh, was interrupted"):
            world.execute(session)
        assert world.store.load(session.id).results[1].state == "interrupted"
    result, _, _ = world.execute(session, redo=interrupted)
    assert result.succeeded
    assert (world.tree / "count").read_bytes() == b"\n"
    assert (world.tree / "last").exists()


def test_an_interrupted_command_that_had_run_can_be_skipped(tmp_path: Path) -> None:
    world, session = prepare(tmp_path, once)
    assert killed(lambda: world.execute(session, observe=at(5)))
    assert (world.tree / "count").read_bytes() == b"\n"
    result, _, _ = world.execute(session, skip=True)
    assert [r.state for r in result.results] == ["done", "skipped", "done"]
    assert (world.tree / "count").read_bytes() == b"\n"


def test_a_journal_line_that_was_cut_off_was_never_written(tmp_path: Path) -> None:
    world, session = prepare(tmp_path, change)
    assert killed(lambda: world.execute(session, observe=at(5)))
    journal = world.state / "sessions" / session.id / "journal"
    journal.write_bytes(journal.read_bytes() + b'{"event":"begin","num')
    assert world.execute(session)[0].succeeded
    assert picture(world.tree) == picture(world.native)
    world.store.load(session.id)


def test_an_interrupted_effect_whose_file_was_changed_since_is_a_conflict(tmp_path: Path) -> None:
    world, session = prepare(tmp_path, change)
    assert killed(lambda: world.execute(session, observe=at(0)))
    (world.tree / "conf/app.conf").write_bytes(b"somebody else\n")
    with pytest.raises(UnsuccessfulError, match=r"conf/app.conf: its contents have changed"):
        world.execute(session)
