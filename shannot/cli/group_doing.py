"""Doing one thing on each of several machines, and telling what came of it on each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shannot.cli.envelope import plain, success
from shannot.cli.far_deciding import executed
from shannot.cli.group_output import Board, host_documents, not_over, status_of
from shannot.cli.main import INTERRUPTED
from shannot.cli.render import Style
from shannot.cli.render_session import result_lines
from shannot.cli.say import say
from shannot.errors import DONE, UnsuccessfulError
from shannot.escape import escape
from shannot.workflows.far import Machines, reach, result_of
from shannot.workflows.group import SideBySide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shannot.cli.envelope import Json
    from shannot.effects.document import Document
    from shannot.machines.client import Answer
    from shannot.workflows.far import There
    from shannot.workflows.group import HostResult, Wanted
    from shannot.workflows.request import Caller


@dataclass(frozen=True, slots=True)
class Did:
    """What came of it on one machine."""

    status: int
    """The exit code there."""
    result: Json
    """Of the document there."""
    lines: tuple[str, ...]
    """What there is to say of it, escaped."""


class Doing:
    """The same request to each machine. verb: in words, for the progress."""

    def __init__(
        self, caller: Caller, verb: str, act: Callable[[There, Board], Did], tells: bool = True
    ) -> None:
        self._machines = Machines(caller)
        self._verb = verb
        self._act = act
        self._tells = tells
        self._open: dict[str, There] = {}

    def on(self, hosts: Wanted) -> tuple[list[HostResult[Did]], bool]:
        """What came of it on each, told as it comes; and whether Ctrl-C ended it."""
        board = Board(hosts.hosts, self._verb)

        def do(host: str) -> Did:
            board.begun(host)
            with reach(self._machines, host) as there:
                self._open[host] = there
                try:
                    return self._act(there, board)
                finally:
                    del self._open[host]

        def told(found: HostResult[Did]) -> None:
            board.ended(found, found.value is None or found.value.status != DONE)
            if found.value is not None and self._tells:
                for line in found.value.lines:
                    board.say(f"shannot: {found.host}: {line}")

        work = SideBySide(hosts, do, lambda did: did.status != DONE, told)
        results, interrupted = work.work(self._interrupt)
        board.finish()
        return results, interrupted

    def _interrupt(self) -> None:
        for there in list(self._open.values()):
            there.connection.cancel()


def ending(
    command: str, results: Sequence[HostResult[Did]], interrupted: bool, as_json: bool
) -> int:
    """Print the one document, or on which machines it was not done. Returns the exit code."""
    if as_json:
        print(success(command, {"hosts": host_documents(results, lambda did: did.result)}))
    else:
        for line in not_over(results):
            say(f"shannot: {line}")
    if interrupted:
        return INTERRUPTED
    return status_of(results, lambda did: did.status)


def did(answer: Answer, host: str, lines: Callable[[Document], Sequence[str]]) -> Did:
    """What an answer says. Raises the error that it tells, MalformedError."""
    result = result_of(answer.document, host)
    shown = plain(result.fields())
    return Did(answer.status, shown, tuple(lines(result)))


def execute_on(
    there: There, board: Board | None, session_id: str, how: Mapping[str, str | bool]
) -> Did:
    """Execute there. board: where a command's output is printed, if it is."""
    sinks = board.sinks(there.name) if board is not None else {}

    def pass_on(name: str, data: bytes) -> None:
        if name in sinks:
            sinks[name].write(data)

    try:
        answer = there.connection.ask("execute", {"id": session_id, **how}, output=pass_on)
    finally:
        for sink in sinks.values():
            sink.close()
    if answer.document is None:
        raise UnsuccessfulError(f"{there.name}: stopped there; `shannot execute` goes on")
    return did(answer, there.name, _executed_lines)


def _executed_lines(result: Document) -> list[str]:
    """What went wrong, then the sum."""
    bad, told = executed(result)
    state, session_id = result.text("state", 40), result.text("id", 80)
    return [*result_lines(bad, Style(False)), f"{escape(state)} {escape(session_id)}: {told}"]
