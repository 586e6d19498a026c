"""`rollback` with --target @GROUP: shown once where it is the same, asked, done side by side."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from shannot.cli.far_deciding import record, steps
from shannot.cli.group_doing import Did, Doing, did, ending
from shannot.cli.group_fetch import count_of, only, sessions_of
from shannot.cli.group_output import Board
from shannot.cli.place import current_caller
from shannot.cli.say import say
from shannot.cli.terminal import Terminal
from shannot.effects.document import MAX_ITEMS
from shannot.errors import UnsuccessfulError, UsageError
from shannot.escape import escape
from shannot.sessions.model import MAX_EFFECTS
from shannot.workflows.configuration import check_yes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from shannot.effects.document import Document
    from shannot.workflows.far import There
    from shannot.workflows.group import HostResult


def rollback_group(options: Namespace) -> int:
    """As `rollback`, on each machine."""
    if options.id == "list":
        raise UsageError("`rollback list` does not go with --target: `shannot list --target`")
    caller = current_caller()
    hosts, sessions = sessions_of(caller, options, options.id)

    def ask(there: There, dry_run: bool) -> Did:
        fields = {"id": sessions[there.name], "force": options.force, "dry_run": dry_run}
        answer = there.connection.ask("rollback", fields)
        return did(answer, there.name, _step_lines if dry_run else _put_back)

    shown: list[HostResult[Did]] = []
    where = "--yes"
    if options.dry_run or not options.yes:
        look = Doing(caller, "reading", lambda there, _: ask(there, True), tells=False)
        shown, interrupted = look.on(hosts)
        if options.dry_run:
            return _tell_dry_run(options, shown, interrupted)
        readable = [item.host for item in shown if item.value is not None]
        where = _confirm(shown, readable)
        hosts = only(hosts, readable)
    else:
        check_yes(caller, "roll back")

    def put_back(there: There, _board: Board) -> Did:
        record(caller, there, "rollback", sessions[there.name], where, None)
        return ask(there, False)

    results, interrupted = Doing(caller, "rolling back", put_back).on(hosts)
    failed = [item for item in shown if item.value is None]
    return ending("rollback", [*results, *failed], interrupted, options.json)


def _tell_dry_run(options: Namespace, shown: Sequence[HostResult[Did]], interrupted: bool) -> int:
    if not options.json:
        sys.stdout.writelines(f"{line}\n" for line in _by_steps(shown))
        say("shannot: nothing was changed (--dry-run)")
    return ending("rollback", shown, interrupted, options.json)


def _confirm(shown: Sequence[HostResult[Did]], readable: Sequence[str]) -> str:
    """Ask. Returns the terminal. RefusedError, UnsuccessfulError."""
    if not readable:
        raise UnsuccessfulError("nothing can be rolled back there")
    with Terminal("rolling back") as terminal:
        terminal.show(_by_steps(shown))
        if not terminal.confirm(f"\nPut this back now on {count_of(readable)}?"):
            raise UnsuccessfulError("not rolled back; nothing was changed")
        return terminal.name()


def _by_steps(shown: Sequence[HostResult[Did]]) -> Iterator[str]:
    """What would be put back, once for the machines on which it is the same."""
    same: dict[tuple[str, ...], list[str]] = {}
    for item in shown:
        if item.value is not None:
            same.setdefault(item.value.lines, []).append(item.host)
    for lines, on in same.items():
        yield f"on {', '.join(map(escape, on))}, to be put back:"
        yield from lines


def _step_lines(result: Document) -> list[str]:
    return list(steps(result))[1:]  # the first names the session, which differs


def _put_back(result: Document) -> list[str]:
    conflicts = result.children("conflicts", MAX_EFFECTS)
    differences = result.texts("differences", MAX_ITEMS)
    return [
        *(f"not put back: {escape(item.text('message'))}" for item in conflicts),
        *(f"not as it was: {escape(line)}" for line in differences),
        f"{escape(result.text('state', 40))} {escape(result.text('id', 80))}",
    ]
