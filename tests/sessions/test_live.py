"""A session that grows while its script runs: whole at every moment, and known as live."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from shannot.effects import plan as plans
from shannot.effects.document import dump
from shannot.effects.model import MakeDirectory
from shannot.effects.plan import Plan, digest
from shannot.errors import RefusedError, ShannotError, UnsuccessfulError
from shannot.policy.profile import profile_of
from shannot.sessions import files
from shannot.sessions.head import dump_head
from shannot.sessions.live import LiveSession, is_live
from shannot.sessions.model import Session
from shannot.workflows.approve import approve, possible
from shannot.workflows.prune import Wanted, prune
from shannot.workflows.resume import resume
from shannot.workflows.review import ending, list_sessions, show
from tests.sessions.worlds import NOW, SCRIPT, SOMEONE, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def begun(world: World) -> LiveSession:
    """A run that asks about its first effect."""
    template = world.session([MakeDirectory(str(world.tree / "one"), 0o755)], complete=False)
    draft = world.store.draft()
    draft.write("script", SCRIPT)
    fresh = world.store.fresh_id(NOW, "asks.py", os.urandom)
    return LiveSession(world.store, draft, replace(template, id=fresh, asking=1))


def grown(world: World, session: Session) -> Plan:
    more = MakeDirectory(str(world.tree / "two"), 0o755)
    return Plan((*session.plan.effects, more), complete=False)


def test_it_is_live_until_it_is_closed(world: World) -> None:
    live = begun(world)
    assert is_live(world.store, live.id)
    live.close()
    assert not is_live(world.store, live.id)
    assert not is_live(world.store, world.session().id)


def test_the_next_question_is_a_longer_plan_that_nobody_has_approved(world: World) -> None:
    live = begun(world)
    session = world.approved(world.store.load(live.id))
    world.execute(session, incomplete=True)
    live.ask(grown(world, session), 2)
    asked = world.store.load(live.id)
    assert (asked.state, asked.asking, asked.decision) == ("pending", 2, None)
    assert possible(asked) == (2,)
    assert [event.what for event in asked.history] == ["approved", "executing", "executed"]
    live.close()


def test_a_question_is_never_put_over_an_execution_that_was_killed(world: World) -> None:
    live = begun(world)
    session = world.approved(world.store.load(live.id))
    with world.store.lock(live.id) as lock:
        lock.save(replace(lock.load(), state="executing"))
    with pytest.raises(ShannotError):
        live.ask(grown(world, session), 2)
    live.close()


def test_it_is_whole_wherever_the_run_is_killed_while_it_grows(world: World) -> None:
    live = begun(world)
    session = world.store.load(live.id)
    plan = grown(world, session)
    longer = replace(session, plan=plan, plan_digest="", asking=2)
    with world.store.lock(live.id) as lock:
        fd = lock.directory_fd
        files.replace("plan.next.json", fd, dump(plans.to_json(plan)).encode())
        assert world.store.load(live.id).digest() == digest(session.plan)
        files.replace("session.json", fd, dump_head(longer))
        assert world.store.load(live.id).digest() == digest(plan)
        os.replace("plan.next.json", "plan.json", src_dir_fd=fd, dst_dir_fd=fd)
        assert world.store.load(live.id).digest() == digest(plan)
    live.close()


def test_at_the_end_an_approval_holds_for_what_did_not_change(world: World) -> None:
    live = begun(world)
    session = world.approved(world.store.load(live.id))
    world.execute(session, incomplete=True)
    whole = replace(session, plan=replace(grown(world, session), complete=True))
    ended, waits = live.end(whole, {"stdout": b"out"}, 1.0)
    assert (ended.state, waits, ended.asking) == ("pending", 1, None)
    assert world.store.contents(live.id, "stdout") == b"out"
    approve(
        world.store, live.id, None, displayed_digest=digest(ended.plan), person=SOMEONE, now=NOW
    )
    result, _, _ = world.execute(ended)
    assert result.succeeded
    assert sorted(os.listdir(world.tree)) == ["one", "two"]


def test_the_session_of_a_script_that_waits_is_not_pruned_until_it_has_ended(world: World) -> None:
    live = begun(world)
    template = next(found for found in world.store.ids() if found != live.id)
    wanted = Wanted(older=0, states=("pending",))
    for dry_run in (True, False):
        result = prune(world.store, wanted, NOW + 60, dry_run=dry_run)
        assert [item.id for item in result.removed] == [template]
        assert result.kept == (f"{live.id}: its script still runs, and waits for a decision",)
    live.close()
    assert [item.id for item in prune(world.store, wanted, NOW + 60).removed] == [live.id]


def test_the_session_of_a_script_that_still_runs_is_not_resumed(world: World) -> None:
    live = begun(world)
    world.execute(world.approved(world.store.load(live.id)), incomplete=True)
    with pytest.raises(UnsuccessfulError, match="still runs"):
        resume(world.store, live.id)
    live.close()


def test_a_script_that_was_killed_does_not_wait_any_more(world: World) -> None:
    live = begun(world)
    shown, listed = show(world.store, live.id), list_sessions(world.store).sessions
    assert shown.waits
    assert [item.asking for item in listed if item.id == live.id] == [1]
    live.close()
    shown, listed = show(world.store, live.id), list_sessions(world.store).sessions
    assert not shown.waits
    assert [item.asking for item in listed] == [None, None]
    assert ending(shown.session) == "nobody knows how: it was killed while it waited for effect 1"


def test_who_cannot_execute_what_a_script_waits_for_is_told_how_to_let_it_go_on(
    world: World,
) -> None:
    recorder = world.recorder()
    recorder.run("true", state="asked")
    template = world.recorded(recorder, complete=False)
    draft = world.store.draft()
    draft.write("script", SCRIPT)
    fresh = world.store.fresh_id(NOW, "asks.py", os.urandom)
    live = LiveSession(world.store, draft, replace(template, id=fresh, asking=1))
    session = world.approved(world.store.load(live.id))
    denied = profile_of(always_deny=["true"])
    with pytest.raises(RefusedError, match=rf"denied by now.*`shannot reject {live.id}"):
        world.execute(session, profile=denied)
    live.close()
    with pytest.raises(RefusedError, match="is incomplete"):
        world.execute(session, profile=denied)


def test_nothing_is_put_back_under_a_script_that_still_runs(world: World) -> None:
    live = begun(world)
    session = world.approved(world.store.load(live.id))
    world.execute(session, incomplete=True)
    with pytest.raises(UnsuccessfulError, match="still runs, on what was done"):
        world.rollback(session)
    live.close()
    assert world.rollback(session).succeeded
