"""Effects that are begun with one write: what fails or is killed in the middle of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from shannot.sessions.journal import read
from shannot.sessions.model import Session
from tests.sessions.test_apply_killed import at, killed
from tests.sessions.worlds import World, picture

LARGE = b"large" * 10_000  # so large that it is read once more when it is written
COUNT, BAD = 20, 10


def prepare(base: Path) -> tuple[World, Session]:
    world = World(base)
    recorder = world.recorder()
    for number in range(1, COUNT + 1):
        recorder.write(f"f{number}", LARGE if number == BAD else str(number).encode())
    return world, world.approved(world.recorded(recorder))


def without_large(world: World, session: Session) -> Callable[[str, int], None]:
    """Takes the contents of one effect away when all have been compared."""
    blob = world.state / "sessions" / session.id / "blobs" / sha256(LARGE).hexdigest()

    def observe(event: str, number: int) -> None:
        if (event, number) == ("save", 1):
            blob.rename(blob.with_name("aside"))

    return observe


def put_back(world: World, session: Session) -> None:
    blobs = world.state / "sessions" / session.id / "blobs"
    (blobs / "aside").rename(blobs / sha256(LARGE).hexdigest())


def begun(world: World, session: Session) -> set[int]:
    fd = os.open(world.state / "sessions" / session.id, os.O_RDONLY)
    try:
        return set(read(fd, os.geteuid(), "there").begun)
    finally:
        os.close(fd)


def test_what_cannot_be_made_stops_those_that_were_begun_with_it(tmp_path: Path) -> None:
    world, session = prepare(tmp_path)
    result, _, _ = world.execute(session, observe=without_large(world, session))
    states = [r.state for r in result.results]
    assert states == ["done"] * (BAD - 1) + ["failed"]
    assert begun(world, session) == set(range(1, BAD + 1))
    assert sorted(world.tree.iterdir()) == sorted(world.tree / f"f{n}" for n in range(1, BAD))
    put_back(world, session)
    assert world.execute(session)[0].succeeded
    assert picture(world.tree) == picture(world.native)


def test_those_after_it_are_done_where_a_failure_stops_nothing(tmp_path: Path) -> None:
    world, session = prepare(tmp_path)
    observe = without_large(world, session)
    result, _, _ = world.execute(session, observe=observe, keep_going=True)
    states = {r.number: r.state for r in result.results}
    assert states == {n: "failed" if n == BAD else "done" for n in range(1, COUNT + 1)}
    put_back(world, session)
    assert world.execute(session)[0].succeeded
    assert picture(world.tree) == picture(world.native)


@pytest.mark.parametrize("step", [0, 1, BAD, COUNT - 1, COUNT, COUNT + 5])
def test_killed_in_the_middle_of_them_it_goes_on_or_is_taken_back(
    tmp_path: Path, step: int
) -> None:
    for go_on in (True, False):
        (tmp_path / str(go_on)).mkdir()
        world, session = prepare(tmp_path / str(go_on))
        assert killed(lambda: world.execute(session, observe=at(step)))  # noqa: B023
        assert begun(world, session) == set(range(1, COUNT + 1))
        if go_on:
            assert world.execute(session)[0].succeeded
            assert picture(world.tree) == picture(world.native)
        else:
            assert world.rollback(session).succeeded
            assert not list(world.tree.iterdir())


def test_each_is_begun_in_the_journal_before_anything_of_it_is_made(tmp_path: Path) -> None:
    world, session = prepare(tmp_path)

    def observe(event: str, number: int) -> None:
        if event == "save":
            assert number in begun(world, session)
            made = {path.name.rpartition("-")[2] for path in world.tree.glob(".shannot-*")}
            assert made == {str(before) for before in range(1, number)}

    assert world.execute(session, observe=observe)[0].succeeded


def test_more_than_fit_together_are_begun_in_several_pieces(tmp_path: Path) -> None:
    world = World(tmp_path)
    recorder = world.recorder()
    recorder.mkdir("d")
    for number in range(150):
        recorder.write(f"d/f{number}", b"%d" % number)
    session = world.approved(world.recorded(recorder))
    seen: list[int] = []

    def observe(event: str, number: int) -> None:
        if event == "save":
            seen.append(len(begun(world, session)))

    assert world.execute(session, observe=observe)[0].succeeded
    assert picture(world.tree) == picture(world.native)
    assert sorted(set(seen)) == [64, 128, 151]
