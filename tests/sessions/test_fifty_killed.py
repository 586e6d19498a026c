"""A plan of fifty effects, killed at a step of its execution or its rollback, comes to its end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from shannot.sessions.batch import Observer
from tests.sessions.test_apply_killed import die, killed, prepare
from tests.sessions.worlds import Recorder, World, picture

# Steps between two kills; SHANNOT_TEST_STEPS=1 tries each of them, which takes minutes.
STEPS = int(os.environ.get("SHANNOT_TEST_STEPS", "23"))
COMMANDS = 6


def fifty(recorder: Recorder) -> None:
    for group in range(COMMANDS):
        recorder.mkdir(f"d{group}")
        for name in "abc":
            recorder.write(f"d{group}/{name}", f"{group}{name}".encode())
        recorder.chmod(f"d{group}/a", 0o600)
        recorder.link(f"d{group}/link", "a")
        if group:
            recorder.move(f"d{group - 1}/b", f"d{group}/moved")
        # Natively it has run as well when the pictures are compared.
        recorder.run("sh", "-c", f"echo {group} >> {recorder.told.parent}/log")
    recorder.delete("old")
    recorder.write("conf/app.conf", b"port 81\n")
    recorder.utime("conf", 10**18)


def at_event(step: int, seen: Callable[[str, int], None]) -> Observer:
    """Kills this process at the step-th event, and tells before which one it is."""
    left = iter(range(step, -1, -1))

    def observe(event: str, number: int) -> None:
        if next(left) == 0:
            seen(event, number)
            die()

    return observe


def log(world: World) -> str:
    path = world.tree.parent / "log"
    return path.read_text() if path.exists() else ""


def kill_and_go_on(base: Path, step: int, batch: int) -> tuple[World, bool]:
    """(the world after the second execution, True where the first one was killed)."""
    base.mkdir()
    world, session = prepare(base, fifty)
    world.batch = batch
    note = base / "killed at"
    write = at_event(step, lambda event, number: _write(note, f"{event} {number}"))
    if not killed(lambda: world.execute(session, observe=write)):
        return world, False
    event, number = note.read_text().split()
    is_command = type(session.plan.effects[int(number) - 1]).__name__ == "RunCommand"
    # A person looks: it had not begun where its begin was all that was written.
    redo, skip = is_command and event == "begin", is_command and event == "change"
    result, _, _ = world.execute(session, redo=redo, skip=skip)
    assert result.succeeded, (event, number, result.results)
    return world, True


def _write(note: Path, text: str) -> None:
    note.write_text(text)


@pytest.mark.parametrize("batch", [1, 1000])
def test_killed_at_any_step_each_command_runs_once_and_the_end_is_the_same(
    tmp_path: Path, batch: int
) -> None:
    step, went_on = 0, True
    while went_on:
        world, went_on = kill_and_go_on(tmp_path / "world", step, batch)
        assert picture(world.tree) == picture(world.native), step
        assert log(world) == "".join(f"{group}\n" for group in range(COMMANDS)), step
        assert not list(world.tree.rglob(".shannot-*")), step
        shutil.rmtree(tmp_path / "world")
        step += STEPS
    assert step > 150


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_rollback_killed_at_any_step_goes_on_to_the_beginning(tmp_path: Path, batch: int) -> None:
    step, was_killed = 0, True
    while was_killed:
        (tmp_path / "world").mkdir()
        world, session = prepare(tmp_path / "world", fifty)
        world.batch = batch
        before = picture(world.tree)
        assert world.execute(session)[0].succeeded
        stop = at_event(step, lambda event, number: None)
        was_killed = killed(lambda: world.rollback(session, stop))  # noqa: B023
        if was_killed:
            assert world.store.load(session.id).state == "rolling-back"
            result = world.rollback(session)
            assert result.succeeded, (step, result.results, result.differences)
            assert result.undoing.commands == tuple(
                number
                for number, effect in enumerate(session.plan.effects, 1)
                if type(effect).__name__ == "RunCommand"
            )
        assert picture(world.tree) == before, step
        shutil.rmtree(tmp_path / "world")
        step += STEPS
    assert step > 100


@pytest.mark.parametrize("batch", [1, 1000])
def test_an_execution_that_was_killed_is_rolled_back_without_going_on(
    tmp_path: Path, batch: int
) -> None:
    step, was_killed = 0, True
    while was_killed:
        (tmp_path / "world").mkdir()
        world, session = prepare(tmp_path / "world", fifty)
        world.batch = batch
        before = picture(world.tree)
        stop = at_event(step, lambda event, number: None)
        was_killed = killed(lambda: world.execute(session, observe=stop))  # noqa: B023
        result = world.rollback(session)
        assert result.succeeded, (step, result.results, result.differences)
        assert picture(world.tree) == before, step
        assert not list(world.tree.rglob(".shannot-*")), step
        shutil.rmtree(tmp_path / "world")
        step += STEPS
