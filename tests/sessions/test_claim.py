"""One proposal, two operators with a copy each: one of them executes it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from shannot.errors import ShannotError, UnsuccessfulError
from shannot.sessions.claim import CLAIM, claim
from tests.sessions.worlds import World, picture

PROPOSER = 64_101
ID = "20261124-141503-fix-nginx-7f3a"


def test_who_has_claimed_it_goes_on_with_it(tmp_path: Path) -> None:
    claim(str(tmp_path), ID, os.geteuid())
    claim(str(tmp_path), ID, os.geteuid())
    assert [path.name for path in tmp_path.iterdir()] == [CLAIM + ID]


def test_a_second_operator_is_told_who_was_first(tmp_path: Path) -> None:
    claim(str(tmp_path), ID, os.geteuid())
    with pytest.raises(UnsuccessfulError, match=f"executes session {ID}, or has executed it"):
        claim(str(tmp_path), ID, os.geteuid() + 1)


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / (CLAIM + ID)).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsuccessfulError):
        claim(str(tmp_path), ID, os.geteuid() + 1)
    assert not (tmp_path / "elsewhere").exists()


def test_a_queue_that_cannot_be_written_lets_nobody_execute(tmp_path: Path) -> None:
    with pytest.raises(ShannotError, match="cannot be made: No such file or directory"):
        claim(str(tmp_path / "gone"), ID, os.geteuid())


def test_two_operators_execute_one_proposal_once(tmp_path: Path) -> None:
    queue = tmp_path / "queue"
    queue.mkdir()
    world = World(tmp_path)
    recorder = world.recorder()
    recorder.write("app.conf", b"new")
    session = world.recorded(recorder)
    with world.store.lock(session.id) as lock:
        lock.save(replace(session, uid=PROPOSER))
    world.approved(session)
    (queue / (CLAIM + session.id)).write_bytes(b"")
    before = picture(world.tree)
    if (owner := os.geteuid()) == 0:  # only root can make what is another operator's
        os.chown(queue / (CLAIM + session.id), PROPOSER + 1, -1)
        with pytest.raises(UnsuccessfulError, match="or has executed it"):
            world.execute(session, queue=str(queue))
        assert picture(world.tree) == before
        assert world.store.load(session.id).state == "approved"
        os.chown(queue / (CLAIM + session.id), owner, -1)
    assert world.execute(session, queue=str(queue))[0].succeeded
    assert picture(world.tree) == picture(world.native)
