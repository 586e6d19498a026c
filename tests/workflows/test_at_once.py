"""Two processes on one session: one wins, the other gets a clear message and changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shannot.errors import ShannotError, UnsuccessfulError
from shannot.sessions.batch import Observer
from shannot.sessions.model import Session
from tests.sessions.worlds import World, picture

BUSY = r"`shannot {}` of \w+ \(process {}.*\) is working on session .*; try again when it is done"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def plan(world: World) -> Session:
    recorder = world.recorder()
    for name in "abc":
        recorder.write(name, name.encode())
    return world.approved(world.recorded(recorder))


@contextmanager
def at_work(work: Callable[[Observer], object]) -> Iterator[int]:
    """Another process, whose id this is, does the work, and waits in the middle of it until this
    block ends."""
    begun, go_on = os.pipe(), os.pipe()

    def observe(event: str, number: int) -> None:
        if (event, number) == ("change", 1):
            os.write(begun[1], b"x")
            os.read(go_on[0], 1)

    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work(observe)
            status = 0
        finally:
            os._exit(status)
    os.read(begun[0], 1)
    try:
        yield pid
    finally:
        os.write(go_on[1], b"x")
        _, status = os.waitpid(pid, 0)
        for fd in (*begun, *go_on):
            os.close(fd)
    assert status == 0


def test_two_executors(world: World) -> None:
    session = plan(world)
    with (
        at_work(lambda observe: world.execute(session, observe=observe)) as pid,
        pytest.raises(UnsuccessfulError, match=BUSY.format("execute", pid)),
    ):
        world.execute(session)
    assert world.store.load(session.id).state == "executed"
    assert picture(world.tree) == picture(world.native)


def test_an_executor_during_a_rollback(world: World) -> None:
    session = plan(world)
    before = picture(world.tree)
    world.execute(session)
    with at_work(lambda observe: world.rollback(session, observe)) as pid:
        for work in (world.execute, world.rollback, world.approved):
            with pytest.raises(UnsuccessfulError, match=BUSY.format("rollback", pid)):
                work(session)
    assert world.store.load(session.id).state == "rolled-back"
    assert picture(world.tree) == before
    with pytest.raises(ShannotError, match="is rolled back and cannot be executed"):
        world.execute(session)


def test_a_rollback_during_an_execution(world: World) -> None:
    session = plan(world)
    with (
        at_work(lambda observe: world.execute(session, observe=observe)) as pid,
        pytest.raises(UnsuccessfulError, match=BUSY.format("execute", pid)),
    ):
        world.rollback(session)
    assert world.store.load(session.id).state == "executed"


def test_a_holder_that_nobody_knows_is_another_process(world: World) -> None:
    """What is written in the lock serves the message only: nonsense in it does no harm."""
    session = plan(world)
    path = Path(world.store.root, session.id, "lock")
    for nonsense in (b"", b"\xff\x1b[31m", b"execute\n1\n2\n3\n" + b"x" * 5000, b"\n" * 9):
        with world.store.lock(session.id):
            path.write_bytes(nonsense)
            with (
                pytest.raises(UnsuccessfulError, match="is working on session") as caught,
                world.store.lock(session.id, "approve", patience=0),
            ):
                pass
            assert "\x1b" not in str(caught.value)
