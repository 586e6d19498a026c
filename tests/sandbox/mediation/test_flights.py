"""What the attendant may know of commands that do not run yet: it must not end the run too soon."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import Mock, patch

from shannot.sandbox.kernel.processes import Execution
from shannot.sandbox.kernel.task import Task
from shannot.sandbox.mediation.commands import Commands, Pending
from shannot.sandbox.mediation.flights import Waiting
from shannot.sandbox.mediation.stubs import Stub
from shannot.sandbox.spec import Answer


class Looking(Commands):
    """Notes what it says of itself while a command is handed to the performer."""

    __slots__ = ("seen",)

    def _stand_in(self, stub: Stub, task: Task, execution: Execution) -> None:
        self.seen = self.is_expecting()


def commands(*tasks: object) -> Looking:
    system = SimpleNamespace(tasks=dict(enumerate(tasks)))
    return Looking(SimpleNamespace(system=system), Mock())  # type: ignore[arg-type]


def test_a_command_is_on_its_way_until_the_performer_has_it() -> None:
    """For a moment it was nowhere, and a script that ended then left it behind, never run."""
    execution = Execution(Mock(), b"/bin/true", Answer("perform"))
    pending = Pending(execution, Mock(), 7)
    task = Mock(pending=pending, shares_memory=False)
    found = commands(task)
    assert found.is_expecting()
    with patch("shannot.sandbox.mediation.commands.Stub"):
        found.stub(task, 1, ())
    assert found.seen
    assert not found.is_expecting()


def test_what_cannot_stand_in_is_expected_no_more() -> None:
    execution = Execution(Mock(), b"/bin/true", Answer("perform"))
    task = Mock(pending=Pending(execution, Mock(), 7), shares_memory=False)
    found = commands(task)
    with patch("shannot.sandbox.mediation.commands.Stub", side_effect=ProcessLookupError):
        try:
            found.stub(task, 1, ())
        except ProcessLookupError:
            pass
    assert not found.is_expecting()


def test_an_exec_that_waits_for_another_is_on_its_way() -> None:
    found = commands()
    found.flights.wait(Waiting(Mock(), 1, 7, ()))
    assert found.is_expecting()
    found.flights.take_waiting()
    assert not found.is_expecting()
