"""The gate of a run, made when the first command comes: most scripts start none.

Deciding brings the policy and what it stands on, which costs more than the child's own start.
Made by `run.py`; what decides is `sessions/gate.py`.
"""

from __future__ import annotations

from shannot.errors import REFUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shannot.effects.model import Effect
    from shannot.sandbox.spec import Answer, Changes, CommandRequest, WaitingProcess
    from shannot.sessions.gate import RecordingGate


class LateGate:
    """`Gate` of `sandbox/spec.py`."""

    __slots__ = ("_changes", "_gate", "_make")

    def __init__(self, make: Callable[[], RecordingGate]) -> None:
        self._make = make
        self._gate: RecordingGate | None = None
        self._changes: Changes | None = None

    def attach(self, changes: Changes) -> None:
        """Name the overlay whose changes stand before each command."""
        self._changes = changes
        if self._gate is not None:
            self._gate.attach(changes)

    def command(self, request: CommandRequest) -> Answer:
        """Decide about one command, before it starts."""
        if self._gate is None:
            self._gate = self._make()
            if self._changes is not None:
                self._gate.attach(self._changes)
        return self._gate.command(request)

    def received(self, ticket: object, stdin: bytes) -> None:
        """What the script piped into a command that was only recorded."""
        if self._gate is not None:
            self._gate.received(ticket, stdin)

    def finished(self, ticket: object, exit_status: int) -> None:
        """An allowed command ended on the host with this status."""
        if self._gate is not None:
            self._gate.finished(ticket, exit_status)

    def decide(self, ticket: object, waiting: WaitingProcess) -> int:
        """Have a person decide about a command."""
        return REFUSED if self._gate is None else self._gate.decide(ticket, waiting)

    def effects(self) -> Sequence[Effect]:
        """Every effect, in order, the changes since the last command included."""
        if self._gate is not None:
            return self._gate.effects()
        if self._changes is not None and self._changes.pending():
            return self._changes.cut()
        return ()

    def denied(self) -> Sequence[tuple[tuple[str, ...], str, str]]:
        """(argv, rule, reason) of refused commands."""
        return () if self._gate is None else self._gate.denied()

    @property
    def complete(self) -> bool:
        """False where something could not be recorded."""
        return self._gate is None or self._gate.complete
