"""An operator's copy of a session whose script runs on: it grows, and keeps what it had."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest

from shannot.effects.model import Effect, MakeDirectory, RunCommand
from shannot.effects.plan import Plan
from shannot.errors import RefusedError, ShannotError
from shannot.sessions.asked import Posted
from shannot.sessions.live import grow, is_live
from shannot.sessions.model import Session
from shannot.workflows.approve import approve, possible, reject
from tests.sessions.worlds import NOW, SOMEONE, shell_command
from tests.workflows.test_queue import AGENT, Desk, desk, give, needs_root

__all__ = ["desk"]
pytestmark = needs_root


class Asking:
    """The agent's script, which asks, and the operator's copy of its session."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        recorder = desk.world.recorder()
        recorder.write("app.conf", b"new")
        self.effects: list[Effect] = [*recorder.effects, self.command("true")]
        session = desk.world.session(self.effects, (b"new",), complete=False)
        self.session = replace(session, user=str(AGENT), uid=AGENT, created=1_700_000_000)
        self.posted: Posted | None = None

    def command(self, *words: str) -> RunCommand:
        return shell_command(words, str(self.desk.world.tree), state="asked")

    def ask(self, *more: Effect, asking: bool = True) -> None:
        """The script asks about the last effect, or has ended."""
        self.effects += more
        if self.posted is not None:
            self.posted.close()
            shutil.rmtree(self.desk.queue / self.session.id)  # root cannot withdraw the agent's
        store = self.desk.world.store
        plan = Plan(tuple(self.effects), complete=not asking)
        number = len(self.effects)
        session = replace(
            self.session, plan=plan, plan_digest="", asking=number if asking else None
        )
        with store.lock(session.id) as lock:
            grow(lock, session)
        self.posted = Posted(store, store.load(session.id), str(self.desk.queue), number)
        entry = self.desk.queue / session.id
        give(entry)
        for path in entry.rglob("*"):
            os.chown(path, AGENT, AGENT)
        if not asking:
            self.posted.close()

    def copy(self) -> Session:
        return self.desk.store.load(self.session.id)

    def collect(self) -> str:
        return "\n".join(self.desk.collect())


@pytest.fixture
def asking(desk: Desk) -> Asking:
    return Asking(desk)


def test_the_copy_grows_with_every_question(asking: Asking) -> None:
    asking.ask()
    assert asking.collect() == ""
    assert (asking.copy().asking, len(asking.copy().plan.effects)) == (2, 2)
    assert is_live(asking.desk.store, asking.session.id)
    reject(asking.desk.store, asking.session.id, reason="no", person=SOMEONE, now=NOW)
    asking.effects[1] = replace(asking.command("true"), state="refused")
    asking.ask(asking.command("true", "3"))
    assert asking.collect() == ""
    copy = asking.copy()
    assert (copy.state, copy.asking, copy.decision) == ("pending", 3, None)
    assert possible(copy) == (1, 3)
    assert [event.what for event in copy.history] == ["rejected"]


def test_it_becomes_whole_when_the_script_has_ended(asking: Asking) -> None:
    asking.ask()
    asking.collect()
    more = MakeDirectory(str(asking.desk.world.tree / "more"), 0o755)
    asking.ask(more, asking=False)
    assert asking.collect() == ""
    copy = asking.copy()
    assert (copy.asking, copy.plan.complete, len(copy.plan.effects)) == (None, True, 3)
    assert not is_live(asking.desk.store, asking.session.id)
    asking.ask(asking=False)
    assert asking.collect() == "", "a whole one is not looked at again"


@pytest.mark.parametrize("kind", ["argv", "path", "shorter", "done", "script", "stdin"])
def test_what_was_decided_about_is_never_another_one_later(asking: Asking, kind: str) -> None:
    asking.ask()
    asking.collect()
    before = asking.copy()
    if kind == "argv":
        asking.effects[1] = asking.command("true", "2")
    elif kind == "stdin":
        asking.effects[1] = replace(asking.command("true"), stdin_sha256="0" * 64)
    elif kind == "path":
        asking.effects[0] = MakeDirectory(str(asking.desk.world.tree / "x"), 0o755)
    elif kind == "shorter":
        del asking.effects[0]
    elif kind == "done":
        asking.effects[1] = replace(asking.command("true"), state="done", exit_status=0)
    else:
        asking.session = replace(asking.session, argv=("other",))
    try:
        asking.ask(*[] if kind == "shorter" else [asking.command("true", "3")])
    except ShannotError:
        assert kind == "stdin", "the contents are not there"
        return
    assert asking.session.id in asking.collect()
    assert asking.copy() == before
    assert asking.session.id in asking.collect(), "it is said every time"


def test_a_question_about_no_command_is_refused(asking: Asking) -> None:
    asking.ask(MakeDirectory(str(asking.desk.world.tree / "more"), 0o755))
    assert "asks about what is not its last command" in asking.collect()


def test_a_question_that_nobody_here_can_say_yes_to_is_one_to_say_no_to(asking: Asking) -> None:
    denied = asking.effects[1] = asking.command("false")
    asking.ask()
    assert asking.collect() == ""
    copy = asking.copy()
    barred = copy.plan.effects[1]
    assert isinstance(barred, RunCommand)
    assert (barred.state, possible(copy)) == ("barred", (1,))
    with pytest.raises(RefusedError, match=r"effect 2 is denied here.*`shannot reject"):
        approve(
            asking.desk.store, copy.id, None, displayed_digest=copy.digest(), person=SOMEONE,
            now=NOW,
        )  # fmt: skip
    reject(asking.desk.store, copy.id, reason="no", person=SOMEONE, now=NOW)
    asking.effects[1] = replace(denied, state="refused")
    asking.ask(asking.command("true"))
    assert asking.collect() == ""
    assert possible(asking.copy()) == (1, 3)


def test_a_proposer_cannot_say_what_an_operator_may_approve(asking: Asking) -> None:
    asking.effects[1] = replace(asking.command("true"), state="barred")
    asking.ask()
    assert "says what only an operator's copy does" in asking.collect()
