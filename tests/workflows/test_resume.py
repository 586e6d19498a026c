from __future__ import annotations

import os
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from shannot.errors import UnsuccessfulError
from shannot.sessions.model import Script, Session
from shannot.workflows.resume import chain, resume
from tests.effects.samples import command
from tests.sessions.worlds import SCRIPT, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def changed(world: World, session: Session, **changes: object) -> Session:
    with world.store.lock(session.id) as lock:
        found = replace(lock.load(), **changes)  # type: ignore[arg-type]
        lock.save(found)
    return found


def executed(world: World, *lines: str) -> Session:
    """A session of `-c`, whose shell lines have run."""
    recorder = world.recorder()
    for line in lines:
        recorder.run("sh", "-c", line)
    session = world.approved(world.recorded(recorder))
    world.execute(session, keep_going=True)
    return changed(world, session, script=replace(session.script, name="-c"))


def test_commands_that_ended_well_or_badly_are_recalled(world: World) -> None:
    session = executed(world, "echo one", "exit 3")
    resumption = resume(world.store, session.id)
    assert (resumption.program.kind, resumption.program.text) == ("code", SCRIPT.decode())
    assert len(resumption.recall.rest()) == 2
    assert "effect 1 of" in resumption.recall.rest()[0]


def test_a_chain_recalls_what_all_of_it_had_executed(world: World) -> None:
    first = executed(world, "echo 1")
    second = changed(world, executed(world, "echo 2", "echo 3"), parent=first.id)
    third = changed(world, executed(world, "echo 4"), parent=second.id)
    assert [item.id for item in chain(world.store, third)] == [first.id, second.id, third.id]
    lines = resume(world.store, third.id).recall.rest()
    assert [line.split(" (")[0] for line in lines] == [f"sh -c 'echo {n}'" for n in (1, 2, 3, 4)]


def test_a_chain_that_bites_its_tail_is_refused(world: World) -> None:
    first = executed(world, "echo 1")
    second = changed(world, executed(world, "echo 2"), parent=first.id)
    changed(world, first, parent=second.id)
    with pytest.raises(UnsuccessfulError, match="goes on from too many others"):
        resume(world.store, second.id)


def test_only_what_was_executed_can_be_resumed(world: World) -> None:
    session = world.session([command("a")])
    with pytest.raises(UnsuccessfulError, match=r"nothing of session .* is executed"):
        resume(world.store, session.id)


def test_a_script_that_is_another_one_now_is_not_resumed(world: World) -> None:
    path = world.tree / "s.py"
    path.write_bytes(SCRIPT)
    session = executed(world, "true")
    name = Script(str(path), session.script.sha256)
    changed(world, session, script=name)
    assert resume(world.store, session.id).program.text == str(path)
    path.write_bytes(b"other")
    with pytest.raises(UnsuccessfulError, match=r"is not the one of session .* any more"):
        resume(world.store, session.id)


def test_a_script_whose_file_is_gone_is_run_from_the_copy_that_the_session_has(
    world: World,
) -> None:
    session = executed(world, "true")
    changed(world, session, script=Script("/gone/fix.py", session.script.sha256))
    resumption = resume(world.store, session.id)
    assert resumption.copy is not None
    assert resumption.program.text == f"{resumption.copy}/fix.py"
    assert Path(resumption.program.text).read_bytes() == SCRIPT
    shutil.rmtree(resumption.copy)


def test_a_script_that_came_on_stdin_comes_there_again(world: World) -> None:
    session = executed(world, "true")
    changed(world, session, script=replace(session.script, name="-"))
    resumption = resume(world.store, session.id)
    assert resumption.stdin is not None
    assert os.read(resumption.stdin, 1000) == SCRIPT
    os.close(resumption.stdin)


def test_a_chain_is_rolled_back_from_its_end(world: World) -> None:
    sessions: list[Session] = []
    for name in "abc":
        recorder = world.recorder()
        recorder.write(name, name.encode())
        session = world.approved(world.recorded(recorder))
        world.execute(session)
        parent = sessions[-1].id if sessions else None
        sessions.append(changed(world, session, parent=parent))
    for session, later in pairwise(sessions):
        with pytest.raises(UnsuccessfulError, match=f"`shannot rollback {later.id}` first"):
            world.rollback(session)
    for session in reversed(sessions):
        assert world.rollback(session).succeeded
    assert os.listdir(world.tree) == []


def test_what_is_being_executed_is_not_resumed_meanwhile(world: World) -> None:
    session = executed(world, "true", "echo 2")
    with (
        world.store.lock(session.id, "execute"),
        pytest.raises(UnsuccessfulError, match="is working on session"),
    ):
        resume(world.store, session.id)
    assert len(resume(world.store, session.id).recall.rest()) == 2
