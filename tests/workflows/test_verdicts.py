from __future__ import annotations

from pathlib import Path

import pytest

from shannot.errors import RefusedError
from shannot.policy.profile import Profile, profile_of
from shannot.workflows.review import show
from tests.sessions.worlds import World

DENIED = profile_of(always_deny=[{"command": "touch", "reason": "Not any more"}])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_command_that_became_denied_since_is_refused_before_anything_changes(
    world: World,
) -> None:
    recorder = world.recorder()
    recorder.write("first", b"x")
    recorder.run("env", "touch", "made")
    session = world.approved(world.recorded(recorder))
    with pytest.raises(RefusedError, match=r"effect 2, env touch made, is denied by now: Not any"):
        world.execute(session, profile=DENIED)
    assert not (world.tree / "first").exists()
    assert world.store.load(session.id).state == "approved"
    result, _, _ = world.execute(session, profile=Profile())
    assert result.succeeded
    assert (world.tree / "made").exists()


def test_what_is_built_in_is_denied_whatever_the_profile(world: World) -> None:
    recorder = world.recorder()
    line = "true; rm -rf /no/such/../.."
    recorder.run("sh", "-c", line)
    session = world.approved(world.recorded(recorder))
    with pytest.raises(RefusedError, match=r"denied by now"):
        world.execute(session, profile=profile_of(auto_approve=["sh"]))


def test_a_command_that_became_denied_since_is_shown_as_such_until_it_was_run(
    world: World,
) -> None:
    recorder = world.recorder()
    recorder.write("first", b"x")
    recorder.run("env", "touch", "made")
    session = world.approved(world.recorded(recorder))
    told = [reviewed.warnings for reviewed in show(world.store, session.id, lambda: DENIED).effects]
    assert "is denied by now: Not any more. (rule: touch, a rule)" in told[1]
    assert not any("denied" in line for line in told[0])
    for rules in (None, lambda: None, Profile):
        assert "denied" not in str(show(world.store, session.id, rules).effects[1].warnings)
    world.execute(session, profile=Profile())
    assert "denied" not in str(show(world.store, session.id, lambda: DENIED).effects[1].warnings)


def test_rules_are_not_asked_about_a_plan_without_commands(world: World) -> None:
    recorder = world.recorder()
    recorder.write("first", b"x")
    session = world.recorded(recorder)

    def rules() -> Profile:
        raise AssertionError("no command is in it")

    assert len(show(world.store, session.id, rules).effects) == 1
