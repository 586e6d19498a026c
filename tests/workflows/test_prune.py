from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shannot.errors import NotFoundError, UnsuccessfulError
from shannot.sessions.model import Session
from shannot.sessions.removal import GONE, remove, size
from shannot.workflows.audit import Wanted as WantedRecords
from shannot.workflows.audit import find
from shannot.workflows.auditing import log_of
from shannot.workflows.prune import PruneResult, Wanted, prune
from tests.sessions.worlds import NOW, World

DAY = 86400
LATER = NOW + 40 * DAY


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def made(world: World, state: str = "pending", **changes: object) -> Session:
    """A session in a state, with one effect unless told otherwise."""
    recorder = world.recorder()
    recorder.write(f"file{len(world.store.ids())}", b"x")
    session = world.recorded(recorder)
    if state in ("approved", "executed"):
        session = world.approved(session)
    with world.store.lock(session.id) as lock:
        lock.save(replace(lock.load(), state=state, **changes))  # type: ignore[arg-type]
    return world.store.load(session.id)


def ids(result: PruneResult) -> set[str]:
    return {item.id for item in result.removed}


def test_what_is_over_goes_and_what_waits_stays(world: World) -> None:
    executed, rejected = made(world, "executed"), made(world, "rolled-back")
    waiting = [made(world), made(world, "approved")]
    result = prune(world.store, Wanted(), LATER)
    assert ids(result) == {executed.id, rejected.id}
    assert set(world.store.ids()) == {session.id for session in waiting}
    assert all(item.size > 0 for item in result.removed)


def test_what_waits_goes_only_where_its_state_is_named(world: World) -> None:
    waiting, executed = made(world), made(world, "executed")
    result = prune(world.store, Wanted(states=("pending",)), LATER)
    assert ids(result) == {waiting.id}
    assert world.store.ids() == [executed.id]


def test_a_session_of_a_run_that_changes_nothing_waits_for_nobody(world: World) -> None:
    session = world.session()
    assert ids(prune(world.store, Wanted(), LATER)) == {session.id}


def test_what_is_young_or_small_stays(world: World) -> None:
    session = made(world, "executed")
    assert ids(prune(world.store, Wanted(), NOW + DAY)) == set()
    assert ids(prune(world.store, Wanted(larger=1 << 30), LATER)) == set()
    assert ids(prune(world.store, Wanted(older=DAY / 2), NOW + DAY)) == {session.id}


def test_a_dry_run_removes_nothing(world: World) -> None:
    session = made(world, "executed")
    assert ids(prune(world.store, Wanted(), LATER, dry_run=True)) == {session.id}
    assert world.store.ids() == [session.id]
    assert find(log_of(world.store), WantedRecords(event="pruned")).entries == ()


def test_what_somebody_is_at_work_on_stays_and_is_named(world: World) -> None:
    session = made(world, "executed")
    with world.store.lock(session.id):
        result = prune(world.store, Wanted(), LATER)
    assert ids(result) == set()
    assert "another process is working on session" in result.kept[0]
    assert world.store.ids() == [session.id]


def test_what_changed_its_state_meanwhile_stays(world: World) -> None:
    session = made(world, "executed")
    assert not remove(world.store, session.id, lambda found: found.state == "rejected")
    assert world.store.ids() == [session.id]


def test_what_a_later_session_goes_on_from_stays_with_it(world: World) -> None:
    first = made(world, "executed")
    second = made(world, "executed", parent=first.id)
    third = made(world, "pending", parent=second.id)
    result = prune(world.store, Wanted(), LATER)
    assert ids(result) == set()
    assert {line.partition(":")[0] for line in result.kept} == {first.id, second.id}
    result = prune(world.store, Wanted(states=("pending", "executed")), LATER)
    assert ids(result) == {first.id, second.id, third.id}


def test_whoever_waits_for_a_session_that_is_removed_is_told(world: World) -> None:
    session = made(world, "executed")
    told: list[BaseException] = []
    with world.store.lock(session.id):

        def wait() -> None:
            try:
                with world.store.lock(session.id, patience=10):
                    pass
            except NotFoundError as error:
                told.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        while len(os.listdir("/proc/self/task")) < 2 or not _holds_lock(session.id):
            pass
        os.rename(f"{world.store.root}/{session.id}", f"{world.store.root}/{GONE}x")
    waiting.join()
    assert "was removed just now" in str(told[0])
    with pytest.raises(NotFoundError):
        world.store.load(session.id)


def _holds_lock(session_id: str) -> int:
    """Has the other thread opened the session's lock as well?"""
    found = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{name}").endswith(f"{session_id}/lock")
        except OSError:
            continue
    return found > 1


def test_a_removal_that_was_killed_is_finished_by_the_next(world: World) -> None:
    session = made(world, "executed")
    os.rename(f"{world.store.root}/{session.id}", f"{world.store.root}/{GONE}abc")
    result = prune(world.store, Wanted(), LATER)
    assert result.leftovers == 1
    assert os.listdir(world.store.root) == []


def test_a_run_that_is_under_way_keeps_its_draft(world: World) -> None:
    draft = world.store.draft()
    assert prune(world.store, Wanted(), LATER).leftovers == 0
    draft.discard()


def test_what_cannot_be_read_stays_and_is_named(world: World) -> None:
    session = made(world, "executed")
    Path(world.store.root, session.id, "session.json").write_bytes(b"{")
    result = prune(world.store, Wanted(), LATER)
    assert ids(result) == set()
    assert "not valid JSON" in result.kept[0]


def test_it_is_recorded_and_goes_on_where_that_cannot_be(world: World) -> None:
    first = made(world, "executed")
    prune(world.store, Wanted(), LATER)
    (entry,) = find(log_of(world.store), WantedRecords(event="pruned")).entries
    assert entry.session == first.id
    second = made(world, "executed")
    os.rename(log_of(world.store).segments_path, f"{world.state}/moved")
    Path(log_of(world.store).segments_path).write_bytes(b"")
    result = prune(world.store, Wanted(), LATER)
    assert ids(result) == {second.id}
    assert "cannot be written" in result.unrecorded


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_two_prunes_at_once_remove_each_session_once(world: World) -> None:
    for _ in range(20):
        made(world, "executed")
    removed: list[str] = []
    refused: list[str] = []

    def work() -> None:
        result = prune(world.store, Wanted(), LATER)
        removed.extend(ids(result))
        refused.extend(result.kept)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(removed) == len(set(removed)) == 20
    assert world.store.ids() == []


def test_a_session_that_another_prune_has_removed_takes_no_room(world: World) -> None:
    session = made(world, "executed")
    assert size(world.store, session.id) > 0
    assert remove(world.store, session.id, lambda _: True)
    assert size(world.store, session.id) == 0


def test_a_lock_that_is_held_is_an_error_of_the_removal(world: World) -> None:
    session = made(world, "executed")
    with world.store.lock(session.id), pytest.raises(UnsuccessfulError):
        remove(world.store, session.id, lambda _: True)


def without_plan(session: Path) -> None:
    (session / "plan.json").unlink()


def not_json(session: Path) -> None:
    (session / "session.json").write_bytes(b"{")


def other_script(session: Path) -> None:
    (session / "script").write_bytes(b"other")


def file_in_its_place(session: Path) -> None:
    shutil.rmtree(session)
    session.write_bytes(b"")


def link_in_its_place(session: Path) -> None:
    session.rename(session.parent.parent / "elsewhere")
    session.symlink_to(session.parent.parent / "elsewhere")


DAMAGES = [without_plan, not_json, other_script, file_in_its_place, link_in_its_place]


@pytest.mark.parametrize("harm", DAMAGES)
def test_what_cannot_be_read_goes_at_a_word_and_nothing_else_with_it(
    world: World, harm: Callable[[Path], None]
) -> None:
    broken, whole = made(world, "executed"), made(world, "executed")
    harm(Path(world.store.root, broken.id))
    looked = prune(world.store, Wanted(older=0, damaged=True), NOW + DAY, dry_run=True)
    assert ids(looked) == {broken.id}
    assert broken.id in looked.removed[0].why
    assert ids(prune(world.store, Wanted(older=DAY, damaged=True), NOW)) == set(), "too young"
    assert len(world.store.ids()) == 2
    result = prune(world.store, Wanted(older=0, damaged=True), NOW + DAY)
    assert ids(result) == {broken.id}
    assert world.store.ids() == [whole.id]
    if harm is link_in_its_place:
        assert Path(world.state, "elsewhere", "plan.json").exists(), "only the link"


def newer(session: Path) -> None:
    path = session / "session.json"
    path.write_text(path.read_text().replace('"format":1', '"format":2'))


def writable(session: Path) -> None:
    session.chmod(0o777)


@pytest.mark.parametrize("harm", [newer, writable])
def test_what_may_be_whole_is_not_taken_for_damaged(
    world: World, harm: Callable[[Path], None]
) -> None:
    session = made(world, "executed")
    harm(Path(world.store.root, session.id))
    result = prune(world.store, Wanted(older=0, damaged=True), LATER)
    assert ids(result) == set()
    assert session.id in result.kept[0]
    assert world.store.ids() == [session.id]


def test_a_damaged_session_that_is_worked_on_or_gone_on_from_stays(world: World) -> None:
    first = made(world, "executed")
    second = made(world, "pending", parent=first.id)
    without_plan(Path(world.store.root, first.id))
    wanted = Wanted(older=0, damaged=True)
    assert f"{second.id} goes on from it" in prune(world.store, wanted, LATER).kept[0]
    without_plan(Path(world.store.root, second.id))
    with world.store.lock(second.id):
        result = prune(world.store, wanted, LATER)
    assert ids(result) == set()
    not_json(Path(world.store.root, second.id))
    assert ids(prune(world.store, wanted, LATER)) == {first.id, second.id}
