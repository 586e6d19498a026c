"""`show`, `diff` and `list` with --target @GROUP: each plan once, with the machines it is for."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from shannot.cli.commands.list import tell_list
from shannot.cli.envelope import plain, success
from shannot.cli.group_fetch import Fetched, plan_lines, seen_document, sessions_of
from shannot.cli.group_output import Board, host_documents, not_over, status_of
from shannot.cli.place import current_caller, state_path
from shannot.cli.render import diff_lines, style_for
from shannot.cli.say import say
from shannot.errors import DONE, UsageError
from shannot.escape import escape
from shannot.workflows.far import Machines, ask, reach
from shannot.workflows.far_review import read_summaries
from shannot.workflows.group import SideBySide, wanted
from shannot.workflows.group_record import GroupRuns
from shannot.workflows.review import WAITING, Listing

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.envelope import Json


def show_group(options: Namespace) -> int:
    """As `show`, each plan once."""
    if options.file:
        raise UsageError(f"--{options.file} does not go with --target")
    fetched = _fetched(options)
    if options.json:
        return _tell_document("show", fetched)
    style = style_for(sys.stdout.fileno(), os.environ)
    plans = fetched.plans()
    for number, plan in enumerate(plans, 1):
        for line in plan_lines(plan, number, len(plans), style):
            print(line)
        print()
    sys.stdout.flush()
    for line in not_over(fetched.results):
        say(f"shannot: {line}")
    return status_of(fetched.results, lambda _: DONE)


def diff_group(options: Namespace) -> int:
    """As `diff`, of each plan once."""
    if options.effects:
        raise UsageError("--effects does not go with several machines")
    fetched = _fetched(options)
    if options.json:
        return _tell_document("diff", fetched)
    style = style_for(sys.stdout.fileno(), os.environ)
    for plan in fetched.plans():
        print(style.strong(f"on {', '.join(map(escape, plan.hosts))}"))
        for number, found in sorted(plan.found.diffs.items()):
            if found.kind != "text":  # those of a text name the path themselves
                print(style.strong(f"effect {number}: {found.kind}"))
            sys.stdout.writelines(f"{line}\n" for line in diff_lines(found, style))
    sys.stdout.flush()
    return status_of(fetched.results, lambda _: DONE)


def _fetched(options: Namespace) -> Fetched:
    caller = current_caller()
    return Fetched(caller, *sessions_of(caller, options, options.id))


def _tell_document(command: str, fetched: Fetched) -> int:
    print(success(command, seen_document(fetched)))
    return status_of(fetched.results, lambda _: DONE)


def list_group(options: Namespace) -> int:
    """As `list`: what runs on several machines left here, then the sessions of each machine."""
    caller = current_caller()
    hosts = wanted(caller, options.target, options.parallel, options.max_failures)
    board, machines = Board(hosts.hosts, "listing"), Machines(caller)

    def fetch(host: str) -> tuple[Listing, str, Json]:
        board.begun(host)
        with reach(machines, host) as there:
            result = ask(there, "status", {})
            shown = plain(result.fields())
            found = tuple(
                item
                for item in read_summaries(result)
                if not options.waiting or item.state in WAITING
            )
            return Listing(found, result.texts("unreadable", 10_000)), there.hello.user, shown

    work = SideBySide(
        hosts, fetch, lambda _: False, lambda found: board.ended(found, found.error is not None)
    )
    results, _ = work.work(lambda: None)
    board.finish()
    runs = GroupRuns(state_path(caller))
    known = [run for run in map(runs.read, runs.ids()) if set(run.sessions) & set(hosts.hosts)]
    if options.json:
        entries = host_documents(results, lambda value: value[2])
        groups: list[Json] = [{"id": run.id, "sessions": dict(run.sessions)} for run in known]
        print(success("list", {"groups": groups, "hosts": entries}))
        return status_of(results, lambda _: DONE)
    for run in known:
        on = ", ".join(map(escape, run.sessions))
        print(f"{run.id}  {escape(run.script)}  on {on}")
    for item in results:
        if item.value is not None:
            print(f"{item.host}:")
            tell_list(item.value[0], item.value[1], options.waiting)
    return status_of(results, lambda _: DONE)
