"""Commands of a script of the `pypy` runtime: each answer of the gate becomes a child of it.

    assume    a number that ends with the given status
    perform   a number that stands for the command on the host
    decide    a number that waits for a person
    decide    one that ends when a person has decided, as that has it
    confine   a process of the sandbox, over the same layer (`supervise_confined.py`); the gate
              knows where this host has none, and then asks

Called by `kernel/command_device.py`, on the thread that answers the script, which has the turn.
"""

from __future__ import annotations

import os
from errno import ENOSYS

from .performer import Performer
from .stand_ins import FIRST_NUMBER, StandIn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from shannot.sandbox.kernel.children import Child
    from shannot.sandbox.kernel.processes import Execution
    from shannot.sandbox.kernel.task import System, Task

    class Confiner(Protocol):
        """Runs programs in the sandbox."""

        def start(
            self,
            task: Task,
            execution: Execution,
            argv: Sequence[bytes],
            environment: Sequence[bytes],
            stdio: tuple[int, int, int],
        ) -> Child:
            """stdio: host descriptors, which stay the caller's. Errors: OSError."""

        def is_performing(self) -> bool:
            """Does anything still run on the host that one of them has started?"""

        def is_deciding(self) -> bool:
            """Is a person being asked about anything that one of them wants to start?"""

        def let_end(self, patient: bool) -> None:
            """Kill all of them, and, unless `patient`, what they have started on the host."""

        def close(self) -> None:
            """Kill all of them, and wait until they are gone."""


class PypyCommands:
    """Those of one run."""

    __slots__ = ("_confiner", "_faults", "_made", "performer", "system")

    def __init__(self, system: System, faults: list[str], confiner: Confiner | None) -> None:
        self.system = system
        self._faults = faults
        self._confiner = confiner
        self._made = 0
        self.performer = Performer(self)
        if system.children is not None:
            system.children.begin = self.begin
            system.children.confines = confiner is not None

    def note(self, fault: Exception, what: str) -> None:
        self._faults.append(f"{what}: {type(fault).__name__}")

    def begin(
        self,
        task: Task,
        execution: Execution,
        argv: Sequence[bytes],
        environment: Sequence[bytes],
        stdio: tuple[int, int, int],
    ) -> Child:
        """Start what was answered. stdio: host descriptors, closed here. Errors: fork(2)'s."""
        answer = execution.answer
        if answer.kind == "confine":
            try:
                if self._confiner is None:
                    raise OSError(ENOSYS, "this host confines nothing")
                return self._confiner.start(task, execution, argv, environment, stdio)
            finally:
                for host_fd in stdio:
                    os.close(host_fd)
        self._made += 1
        stand_in = StandIn(FIRST_NUMBER + self._made)
        if answer.kind == "perform":
            self.performer.perform(stand_in, answer, list(stdio), task.umask)
        elif answer.kind == "decide":
            self.performer.decide(stand_in, answer, list(stdio))
        else:
            os.close(stdio[1])
            os.close(stdio[2])
            self.performer.assume(stand_in, answer, stdio[0])
        return stand_in.child

    # -- for the attendant ------------------------------------------------------------------------

    def is_performing(self) -> bool:
        """Does a command still run on the host?"""
        confiner = self._confiner
        return self.performer.busy() or (confiner is not None and confiner.is_performing())

    def is_deciding(self) -> bool:
        """Is a person being asked about one?"""
        confiner = self._confiner
        return self.performer.deciding > 0 or (confiner is not None and confiner.is_deciding())

    def let_end(self, patient: bool) -> None:
        """The script has ended, and so do confined commands; what runs on the host goes on if
        `patient`, else it is killed."""
        if self._confiner is not None:
            self._confiner.let_end(patient)
        if patient:
            self.performer.let_end()
        else:
            self.performer.stop()

    def close(self) -> None:
        """At the end of the run, without the turn."""
        if self._confiner is not None:
            self._confiner.close()
