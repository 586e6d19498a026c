from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from shannot.effects.document import MalformedError
from shannot.effects.plan import digest
from shannot.errors import RefusedError, UnsuccessfulError, UsageError
from shannot.sessions.decision import Person
from shannot.sessions.model import Session
from shannot.workflows.approve import approve, gaps, parse_numbers, reject
from tests.effects.samples import EACH, command
from tests.sessions.worlds import NOW, World

ANN = Person("ann", 1001, "/dev/pts/1", "ann@laptop", "192.0.2.7")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_an_approval_holds_the_digest_the_numbers_and_the_person(world: World) -> None:
    session = world.session(EACH)
    decided = approve(
        world.store, session.id, [3, 1, 3],
        displayed_digest=digest(session.plan), person=ANN, now=NOW,
    )  # fmt: skip
    assert decided == world.store.load(session.id)
    assert decided.state == "approved"
    decision = decided.decision
    assert decision is not None
    assert (decision.person, decision.when, decision.expires) == (ANN, NOW, NOW + 86400)
    assert (decision.digest, decision.effects) == (digest(session.plan), (1, 3))


def test_without_numbers_all_that_waits_is_approved(world: World) -> None:
    session = world.session([command("a", state="done"), EACH[0], command("b", state="assumed")])
    decision = world.approved(session).decision
    assert decision is not None
    assert decision.effects == (2, 3)


def test_another_plan_than_the_displayed_one_is_refused(world: World) -> None:
    session = world.session(EACH)
    with pytest.raises(RefusedError, match="not the one that was shown"):
        approve(world.store, session.id, None, displayed_digest="0" * 64, person=ANN, now=NOW)
    assert world.store.load(session.id).state == "pending"


def test_a_script_that_was_swapped_is_not_approved(world: World) -> None:
    session = world.session(EACH)
    (world.state / "sessions" / session.id / "script").write_bytes(b"other")
    with pytest.raises(MalformedError, match="script was changed"):
        world.approved(session)


@pytest.mark.parametrize("numbers", [[0], [99], [-1], [], [2]])
def test_numbers_that_do_not_wait_are_a_wrong_use(world: World, numbers: list[int]) -> None:
    session = world.session([EACH[0], command("a", state="done")])
    with pytest.raises(UsageError):
        world.approved(session, numbers)


def test_where_all_is_done_there_is_nothing_to_approve(world: World) -> None:
    with pytest.raises(UnsuccessfulError, match="nothing waits"):
        world.approved(world.session([command("a", state="done")]))


def test_a_rejected_session_stays_rejected(world: World) -> None:
    session = world.approved(world.session(EACH))
    owner = replace(ANN, uid=session.uid)  # may be whoever runs the tests
    decided = reject(world.store, session.id, reason="no\n\u202e", person=owner, now=NOW)
    assert decided.state == "rejected"
    assert decided == world.store.load(session.id)
    with pytest.raises(UnsuccessfulError, match="is rejected and cannot be approved"):
        world.approved(session)
    with pytest.raises(UnsuccessfulError, match="is rejected and cannot be executed"):
        world.execute(session)


def test_a_second_approval_replaces_the_first(world: World) -> None:
    session = world.approved(world.session(EACH))
    decision = world.approved(session, [1]).decision
    assert decision is not None
    assert decision.effects == (1,)


def test_numbers_are_read_as_ranges() -> None:
    assert parse_numbers("1,3-5") == (1, 3, 4, 5)
    assert parse_numbers(" 2 ,2") == (2,)


@pytest.mark.parametrize(
    "text", ["", "x", "1,", "0", "3-1", "-1", "1-", "1--2", "1.5", "١", "9" * 30, "1-9999999999"]
)
def test_what_is_no_list_of_numbers_is_a_wrong_use(text: str) -> None:
    with pytest.raises(UsageError):
        parse_numbers(text)


def test_approving_changes_nothing_but_the_session(world: World) -> None:
    session = world.session(EACH)
    root = world.state / "sessions" / session.id
    before = {p.name: p.read_bytes() for p in root.iterdir() if p.is_file()}
    world.approved(session)
    after = {p.name: p.read_bytes() for p in root.iterdir() if p.is_file()}
    assert {name for name in after if before.get(name) != after[name]} == {"session.json"}
    assert os.listdir(world.tree) == []


def test_a_choice_that_cannot_work_is_refused_unless_its_gaps_were_seen(world: World) -> None:
    recorder = world.recorder()
    recorder.mkdir("d")
    recorder.write("d/file", b"")
    session = world.recorded(recorder)

    def choose(accept_gaps: bool) -> Session:
        return approve(
            world.store, session.id, [2], displayed_digest=digest(session.plan), person=ANN,
            now=NOW, accept_gaps=accept_gaps,
        )  # fmt: skip

    assert [gap.missing for gap in gaps(session, [2])] == [1]
    with pytest.raises(UnsuccessfulError, match=r"effect 2 needs effect 1.*`--effects 1-2` has it"):
        choose(accept_gaps=False)
    assert world.store.load(session.id).state == "pending"
    assert choose(accept_gaps=True).state == "approved"


def test_an_approval_has_the_lifetime_it_was_given(world: World) -> None:
    session = world.session(EACH)
    decided = approve(
        world.store, session.id, None, displayed_digest=digest(session.plan), person=ANN,
        now=NOW, lifetime=60,
    )  # fmt: skip
    assert decided.decision is not None
    assert decided.decision.expires == NOW + 60
