from __future__ import annotations

import os
from pathlib import Path

import pytest

from shannot.effects.model import MakeDirectory
from shannot.effects.plan import incompleteness
from shannot.errors import ShannotError
from shannot.sandbox.spec import Outcome
from shannot.sandbox.streams import Output
from shannot.workflows.program import Program
from shannot.workflows.record import Circumstances, Recorder, record
from shannot.workflows.request import Request
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


def test_a_run_of_which_there_is_too_much_to_say_is_still_one_that_can_be_read(
    tmp_path: Path,
) -> None:
    recorder = Recorder(str(tmp_path))
    request = Request(Program("code", "pass", ()))
    circumstances = Circumstances(request, b"pass", "/", "project", "someone", "cpython")
    missing = {b"/srv/\xff": "it holds a pipe"}
    outcome = Outcome(0, None, {}, {}, (), left_out=missing, faults=["open: KeyError"])
    notes = [f"note {number}" for number in range(20_000)]
    session_id, plan, _ = record(
        recorder, circumstances, outcome, [MakeDirectory("/srv/x", 0o755)], notes, output(), True
    )
    assert session_id is not None
    kept = recorder.store.load(session_id).plan
    assert kept == plan
    assert kept.notes[0] == "not in the plan: /srv/\udcff: it holds a pipe"
    assert kept.notes[1] == "a mistake in shannot, which the script has met: open: KeyError"
    assert kept.notes[-1] == "and 15002 more notes"
    assert incompleteness(kept) == "the script did more than this plan can hold, as its notes say"
