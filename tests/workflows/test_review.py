from __future__ import annotations

from pathlib import Path

import pytest

from shannot.effects.plan import digest
from shannot.errors import UsageError
from shannot.workflows.contents import diff
from shannot.workflows.review import list_sessions, show
from tests.effects.samples import EACH
from tests.sessions.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_list_has_what_waits_and_what_is_broken(world: World) -> None:
    sessions = sorted((world.session(EACH) for _ in range(3)), key=lambda session: session.id)
    world.approved(sessions[0])
    (world.state / "sessions" / sessions[2].id / "session.json").write_bytes(b"")
    found = list_sessions(world.store, waiting_only=True)
    assert [summary.state for summary in found.sessions] == ["approved", "pending"]
    assert len(found.broken) == 1
    assert sessions[2].id in found.broken[0]


def test_a_review_has_every_effect_with_its_warnings_and_the_digest(world: World) -> None:
    session = world.session(EACH)
    review = show(world.store, session.id)
    assert [one.effect for one in review.effects] == list(EACH)
    assert [one.number for one in review.effects] == list(range(1, len(EACH) + 1))
    assert review.digest == digest(session.plan)
    assert any("deletes a directory" in line for line in review.effects[3].warnings)


def test_a_review_of_an_executed_session_has_its_results(world: World) -> None:
    recorder = world.recorder()
    recorder.write("x", b"")
    session = world.approved(world.recorded(recorder))
    world.execute(session)
    result = show(world.store, session.id).effects[0].result
    assert result is not None
    assert result.state == "done"


def test_diffs_follow_the_contents_through_the_plan(world: World) -> None:
    for root in (world.tree, world.native):
        (root / "d").mkdir()
        (root / "d/old").write_bytes(b"one\n")
    recorder = world.recorder()
    recorder.move("d", "e")
    recorder.write("e/old", b"two\n")
    recorder.write("e/old", b"three\n")
    recorder.delete("e/old")
    recorder.write("new", b"\0")
    recorder.chmod("new", 0o600)
    found = diff(world.store, world.recorded(recorder))
    assert [one.number for one in found] == [2, 3, 4, 5]
    assert [one.diff.kind for one in found] == ["text", "text", "text", "binary"]
    assert found[0].diff.lines[3:] == ("-one", "+two")
    assert found[1].diff.lines[3:] == ("-two", "+three")
    assert found[2].diff.lines[1:] == ("+++ /dev/null", "@@ -1 +0,0 @@", "-three")


def test_contents_that_are_gone_from_the_host_are_told_by_hash(world: World) -> None:
    for root in (world.tree, world.native):
        (root / "x").write_bytes(b"one\n")
    recorder = world.recorder()
    recorder.write("x", b"two\n")
    session = world.recorded(recorder)
    (world.tree / "x").write_bytes(b"other\n")
    found = diff(world.store, session)[0].diff
    assert found.kind == "unavailable"
    assert found.lines[0].startswith("- 4 bytes, sha256 ")


def test_what_was_executed_can_still_be_read_as_a_diff(world: World) -> None:
    for root in (world.tree, world.native):
        (root / "app.conf").write_bytes(b"one\n")
    recorder = world.recorder()
    recorder.write("app.conf", b"two\n")
    session = world.approved(world.recorded(recorder))
    before = diff(world.store, session)
    world.execute(session)
    assert diff(world.store, world.store.load(session.id)) == before
    assert "-one" in before[0].diff.lines


def test_the_diff_of_one_effect_can_be_asked_for(world: World) -> None:
    recorder = world.recorder()
    recorder.write("x", b"1\n")
    recorder.write("y", b"2\n")
    session = world.recorded(recorder)
    assert [one.number for one in diff(world.store, session, [2])] == [2]
    with pytest.raises(UsageError, match="no effect 3"):
        diff(world.store, session, [3])
