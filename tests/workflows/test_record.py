from __future__ import annotations

import os
from pathlib import Path

import pytest

from shannot.errors import ShannotError
from shannot.sandbox.streams import Output
from shannot.workflows.record import Recorder
from tests.sessions.worlds import SCRIPT, World


def output() -> Output:
    return Output(merged=False)


def test_two_runs_of_one_second_that_draw_the_same_id_are_both_kept(tmp_path: Path) -> None:
    world = World(tmp_path)
    session = world.session()
    first, second = Recorder(str(world.state)), Recorder(str(world.state))
    for recorder in (first, second):
        recorder.blobs().put_bytes(b"contents")
    kept = [recorder.keep(session, SCRIPT, output()) for recorder in (first, second)]
    assert len({session.id, *kept}) == 3
    assert {name[:-5] for name in kept} == {session.id[:-5]}
    assert [world.store.load(name).id for name in kept] == kept


def test_a_thread_that_comes_after_the_end_leaves_nothing_behind(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path))
    recorder.blobs()
    recorder.discard()
    with pytest.raises(ShannotError, match="the run has ended"):
        recorder.blobs()
    assert os.listdir(tmp_path / "sessions") == []
