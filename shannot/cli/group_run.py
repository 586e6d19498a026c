"""`shannot run --target @GROUP`: the script runs on several machines side by side.

Output comes line by line behind the machine's name; machines that came to the same plan are told
of together, and what waits on them is kept under one id (`workflows/group_record.py`).
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shannot.cli.commands.run import make_request
from shannot.cli.envelope import plain, success
from shannot.cli.far_run import check_options, read_stdin
from shannot.cli.group_fetch import count_of
from shannot.cli.group_output import Board, host_documents, not_over, status_of
from shannot.cli.main import INTERRUPTED
from shannot.cli.place import current_caller, state_path
from shannot.cli.say import say
from shannot.cli.summary import facts
from shannot.effects.plan import Plan, digest
from shannot.errors import DONE, UNSUCCESSFUL, UnsuccessfulError
from shannot.escape import escape
from shannot.sessions.ids import new_id
from shannot.workflows.far import Machines, reach, result_of
from shannot.workflows.far_run import read_report, read_source, run_fields
from shannot.workflows.group import SideBySide, wanted
from shannot.workflows.group_record import GroupRun, GroupRuns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shannot.cli.envelope import Json
    from shannot.cli.run_options import Value
    from shannot.workflows.far import There
    from shannot.workflows.group import HostResult
    from shannot.workflows.request import Caller, Request
    from shannot.workflows.run import Report


@dataclass(frozen=True, slots=True)
class Ran:
    """The script on one machine."""

    report: Report
    result: Json
    """What the document there says, for --json."""
    key: tuple[str, ...]
    """The same on machines where it wanted the same."""


def run_group(values: Mapping[str, Value]) -> int:
    """Run the script on all of them. Returns the status that they agree on, else 1."""
    check_options(values)
    caller, target = current_caller(), str(values["target"])
    hosts = wanted(caller, target, _count(values["parallel"]), _count(values["max_failures"]))
    job = _Job(caller, values, Board(hosts.hosts, "running"))
    work = SideBySide(hosts, job.run, lambda ran: ran.report.status != DONE, job.told)
    results, interrupted = work.work(job.interrupt)
    job.board.finish()
    kept = _keep(caller, job.request, results)
    status = INTERRUPTED if interrupted else status_of(results, lambda ran: ran.report.status)
    if values["json"]:
        print(success("run", _document(kept, results)))
    elif not values["quiet"]:
        for line in _lines(target, kept, results):
            say(f"shannot: {line}")
    return status


class _Job:
    """What is done on each machine, on its own thread."""

    def __init__(self, caller: Caller, values: Mapping[str, Value], board: Board) -> None:
        self.board = board
        self.request: Request = make_request(values)
        self._caller = caller
        self._machines = Machines(caller)
        self._directory = values["directory"]
        self._is_silent = bool(values["json"])
        self._source = read_source(self.request.program, caller.directory, read_stdin)
        self._open: dict[str, There] = {}

    def run(self, host: str) -> Ran:
        """Raises ShannotError where the script did not run."""
        self.board.begun(host)
        with reach(self._machines, host) as there:
            given = self._directory
            place = given if isinstance(given, str) else there.remote.directory
            fields = run_fields(self.request, self._caller, self._source, place)
            sinks = {} if self._is_silent else self.board.sinks(host)

            def pass_on(name: str, data: bytes) -> None:
                if name in sinks:
                    sinks[name].write(data)

            self._open[host] = there
            try:
                answer = there.connection.ask("run", {**fields, "stdin": False}, output=pass_on)
            finally:
                del self._open[host]
                for sink in sinks.values():
                    sink.close()
        if answer.document is None:
            failed = UnsuccessfulError(f"{host}: the script did not run there")
            failed.exit_code = answer.status or UNSUCCESSFUL
            raise failed
        result = result_of(answer.document, host)
        shown = plain(result.fields())
        report = read_report(result, answer.status)
        plan = Plan(tuple(report.effects), report.outcome.complete, tuple(report.notes))
        return Ran(report, shown, (digest(plan), *facts(report)))

    def told(self, found: HostResult[Ran]) -> None:
        """One is over."""
        failed = found.value is None or found.value.report.status != DONE
        self.board.ended(found, failed)

    def interrupt(self) -> None:
        """End the scripts; what they wanted so far is still told."""
        for there in list(self._open.values()):
            there.connection.cancel()


def _count(value: Value) -> int | None:
    return value if isinstance(value, int) else None


def _keep(caller: Caller, request: Request, results: Sequence[HostResult[Ran]]) -> GroupRun | None:
    """What waits, or was kept, under one id. None where nothing was."""
    sessions = {
        found.host: found.value.report.session
        for found in results
        if found.value is not None and found.value.report.session is not None
    }
    if not sessions:
        return None
    now, name = int(time.time()), request.program.text
    script = name if request.program.kind == "script" else request.program.kind
    made = GroupRun(new_id(now, f"{script}-group", os.urandom(2)), now, script, sessions)
    GroupRuns(state_path(caller)).add(made)
    return made


def _by_plan(results: Sequence[HostResult[Ran]]) -> list[tuple[list[str], Report]]:
    """The machines of each plan, the plan of most machines first; silent ones are left out."""
    found: dict[tuple[str, ...], tuple[list[str], Report]] = {}
    for item in results:
        if item.value is not None and not item.value.report.is_silent():
            found.setdefault(item.value.key, ([], item.value.report))[0].append(item.host)
    return sorted(found.values(), key=lambda plan: -len(plan[0]))


def _lines(target: str, kept: GroupRun | None, results: Sequence[HostResult[Ran]]) -> list[str]:
    plans = _by_plan(results)
    lines = [f"{count_of(results)}, {len(plans)} different plan{'' if len(plans) == 1 else 's'}"]
    for number, (hosts, report) in enumerate(plans, 1):
        lines.append(f"plan {number}, on {count_of(hosts)}: {', '.join(hosts)}")
        lines += [f"  {line.removeprefix('shannot: ')}" for line in facts(report)]
    statuses: dict[int, list[str]] = {}
    for item in results:
        if item.value is not None and item.value.report.status != DONE:
            statuses.setdefault(item.value.report.status, []).append(item.host)
    lines += [f"exit status {status} on {', '.join(on)}" for status, on in statuses.items()]
    lines += not_over(results)
    if kept is not None:
        lines.append(f"kept on {count_of(kept.sessions)} as {kept.id}")
        if any(item.value is not None and item.value.report.waiting for item in results):
            lines.append(f"next: shannot show --target {escape(target)} {kept.id}")
            lines.append(f"then: shannot approve --target {escape(target)} {kept.id} --execute")
    return lines


def _document(kept: GroupRun | None, results: Sequence[HostResult[Ran]]) -> Json:
    plans = _by_plan(results)
    return {
        "group": None if kept is None else kept.id,
        "plans": [{"plan": at, "hosts": list(names)} for at, (names, _) in enumerate(plans, 1)],
        "hosts": host_documents(results, lambda ran: ran.result),
    }
