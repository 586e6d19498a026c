from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shannot.effects.document import MalformedError
from shannot.errors import NotFoundError, ShannotError, UnsuccessfulError
from shannot.sessions.model import Decision, EffectResult, RunOutcome, Session, Summary
from shannot.sessions.store import Store
from tests.effects.samples import EACH
from tests.sessions.worlds import NOW, SCRIPT, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def directory(world: World, session: Session) -> Path:
    return world.state / "sessions" / session.id


def test_a_session_comes_back_as_it_was(world: World) -> None:
    session = world.session(EACH, complete=False)
    assert world.store.load(session.id) == session
    assert world.store.script(session) == SCRIPT
    assert world.store.contents(session.id, "stdout") == b"out"
    assert world.store.contents(session.id, "stderr") == b""


def test_every_field_of_a_decided_session_comes_back(world: World) -> None:
    session = world.approved(world.session(EACH))
    outcome = RunOutcome(137, "timeout", False, (("socket", 3),), ("/etc/\udcff",))
    decided = replace(session, outcome=outcome)
    with world.store.lock(session.id) as lock:
        lock.save(decided)
    assert world.store.load(session.id) == decided


def test_everything_is_private(world: World) -> None:
    session = world.session([], [b"x"])
    for path in [world.state, *world.state.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    assert session.id in world.store.ids()


def test_an_unfinished_or_discarded_session_is_not_listed(world: World) -> None:
    draft = world.store.draft()
    assert world.store.ids() == []
    assert list(world.store.summaries()) == []
    draft.discard()
    assert os.listdir(world.state / "sessions") == []


def test_what_a_killed_run_left_is_swept_and_what_runs_is_not(world: World) -> None:
    pid = os.fork()
    if pid == 0:
        world.store.draft()
        os._exit(0)
    os.waitpid(pid, 0)
    draft = world.store.draft()
    assert world.store.sweep() == 1
    assert os.path.isdir(draft.path)
    draft.discard()


def test_an_id_is_taken_once(world: World) -> None:
    session = world.session()
    draft = world.store.draft()
    with pytest.raises(UnsuccessfulError, match="already"):
        draft.commit(session)
    other = replace(session, id=world.store.fresh_id(NOW, "other", os.urandom))
    draft.commit(other)
    assert world.store.ids() == sorted([session.id, other.id])
    assert world.store.load(other.id) == other


def test_sessions_of_one_second_all_have_an_id(world: World) -> None:
    """Whatever the bytes that are drawn: here they repeat."""
    drawn = itertools.cycle([b"\0\0", b"\0\0", b"\0\1", b"\0\2"])
    session = world.session()
    ids = []
    for _ in range(3):
        made = replace(session, id=world.store.fresh_id(NOW, "x", lambda _size: next(drawn)))
        world.store.draft().commit(made)
        ids.append(made.id)
    assert len(set(ids)) == 3
    assert set(ids) <= set(world.store.ids())


def test_there_are_no_sessions_before_the_first(world: World) -> None:
    assert world.store.ids() == []
    with pytest.raises(NotFoundError):
        world.store.load("20261124-141503-x-0000")
    with pytest.raises(NotFoundError):
        world.store.load("../../etc")


def test_a_state_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ShannotError, match="XDG_STATE_HOME"):
        Store(f"{tmp_path}/file/shannot", os.geteuid()).draft()


def swap(path: Path, text: bytes) -> None:
    path.write_bytes(text)


def make_link(path: Path) -> None:
    path.rename(f"{path}.real")
    path.symlink_to(f"{path}.real")


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def make_writable(path: Path) -> None:
    path.chmod(0o666)


def make_second_name(path: Path) -> None:
    path.with_name("second").hardlink_to(path)


def make_huge(path: Path) -> None:
    os.truncate(path, 1 << 40)


def remove(path: Path) -> None:
    path.unlink()


SPOIL: list[Callable[[Path], None]] = [
    make_link, make_pipe, make_writable, make_second_name, make_huge, remove,
    lambda path: swap(path, b"{"),
    lambda path: swap(path, b"[]"),
    lambda path: swap(path, b"{}"),
    lambda path: swap(path, b"[" * 200_000),
    lambda path: swap(path, b'{"format":2}'),
    lambda path: swap(path, b"\xff" * 100),
]  # fmt: skip


@pytest.mark.parametrize("name", ["session.json", "plan.json"])
@pytest.mark.parametrize("spoil", SPOIL)
def test_a_session_that_an_enemy_wrote_is_refused_by_name(
    world: World, name: str, spoil: Callable[[Path], None]
) -> None:
    session = world.session(EACH)
    path = directory(world, session) / name
    spoil(path)
    with pytest.raises(MalformedError) as caught:
        world.store.load(session.id)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "line", [b"{}", b'{"event":"x"}', b'{"event":"begin","number":0}', b"\xff"]
)
def test_a_journal_that_an_enemy_wrote_is_refused_by_line(world: World, line: bytes) -> None:
    session = world.session(EACH)
    (directory(world, session) / "journal").write_bytes(line + b"\n")
    (directory(world, session) / "journal").chmod(0o600)
    with pytest.raises(MalformedError, match="journal line 1"):
        world.store.load(session.id)


def test_every_single_change_in_session_json_is_refused_or_shows(world: World) -> None:
    session = world.approved(world.session(EACH))
    path = directory(world, session) / "session.json"
    plain = json.loads(path.read_text())
    for key in plain:
        for value in (None, -1, "\0", [1], {}, True, 1.5, "x" * 300_000):
            path.write_text(json.dumps({**plain, key: value}))
            try:
                loaded = world.store.load(session.id)
            except MalformedError:
                continue
            assert loaded != session or plain[key] == value, key
        path.write_text(json.dumps({name: plain[name] for name in plain if name != key}))
        with pytest.raises(MalformedError):
            world.store.load(session.id)


def test_a_directory_that_is_a_link_or_open_to_others_is_refused(world: World) -> None:
    session = world.session()
    path = directory(world, session)
    path.chmod(0o777)
    with pytest.raises(MalformedError, match="written by others"):
        world.store.load(session.id)
    path.chmod(0o700)
    path.rename(world.state / "elsewhere")
    path.symlink_to(world.state / "elsewhere")
    with pytest.raises(MalformedError, match="link"):
        world.store.load(session.id)


def test_a_session_of_another_user_is_refused(world: World) -> None:
    session = world.session()
    with pytest.raises(MalformedError, match="belongs to user"):
        Store(str(world.state), os.geteuid() + 1).load(session.id)


def test_a_session_in_anothers_directory_is_refused(world: World) -> None:
    session = world.session()
    other = session.id[:-4] + ("0000" if not session.id.endswith("0000") else "0001")
    directory(world, session).rename(world.state / "sessions" / other)
    with pytest.raises(MalformedError, match=f"{other} holds session {session.id}"):
        world.store.load(other)


def test_a_broken_session_does_not_hide_the_others(world: World) -> None:
    sessions = sorted((world.session() for _ in range(3)), key=lambda session: session.id)
    (directory(world, sessions[1]) / "session.json").write_bytes(b"")
    found = list(world.store.summaries())
    assert [type(one) for one in found] == [Summary, MalformedError, Summary]


def test_a_state_without_its_decision_is_refused(world: World) -> None:
    session = world.session(EACH)
    for state in ("approved", "rejected", "executing", "executed", "failed"):
        with world.store.lock(session.id) as lock:
            lock.save(replace(session, state=state))  # type: ignore[arg-type]
        with pytest.raises(MalformedError, match="nobody"):
            world.store.load(session.id)
    wrong = Decision("x", 0, "y", digest="0" * 64, effects=(len(EACH) + 1,))
    with world.store.lock(session.id) as lock:
        lock.save(replace(session, state="approved", decision=wrong))
    with pytest.raises(MalformedError, match="does not name effects"):
        world.store.load(session.id)


def test_results_come_from_the_journal_alone(world: World) -> None:
    session = world.session(EACH)
    with world.store.lock(session.id) as lock:
        lock.save(replace(session, results=(EffectResult(1, "done"),)))
    assert world.store.load(session.id).results == ()


def test_only_one_process_has_the_lock(world: World) -> None:
    session = world.session()
    refused = pytest.raises(UnsuccessfulError, match="another process")
    with world.store.lock(session.id), refused, world.store.lock(session.id, patience=0):
        pass
    with world.store.lock(session.id, patience=0):
        pass


def test_a_reader_never_sees_a_half_written_session(world: World) -> None:
    session = world.session(EACH)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with world.store.lock(session.id) as lock:
                lock.save(replace(session, argv=("x" * 100_000,)))
                lock.save(session)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            assert world.store.load(session.id).plan == session.plan
    finally:
        stop.set()
        writer.join()


def test_a_list_does_not_read_the_plans(world: World) -> None:
    sessions = [world.session(EACH) for _ in range(20)]
    for session in sessions:
        (directory(world, session) / "plan.json").write_bytes(b"never read")
    found = list(world.store.summaries())
    assert len(found) == 20
    start = time.monotonic()
    for _ in range(10):
        list(world.store.summaries())
    assert time.monotonic() - start < 200 * 0.001  # a millisecond each, ten times what it takes
