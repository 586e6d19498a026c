"""`approve`, `reject` and `execute` with --target @GROUP.

Decided once for each plan, then done on its machines side by side. What is approved on a machine
is the plan with the digest that was shown for it; the machine refuses every other one.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from shannot.cli.commands.approve import choose, gap_lines
from shannot.cli.far_deciding import check_execution, execution_fields, record
from shannot.cli.group_doing import Did, Doing, did, ending, execute_on
from shannot.cli.group_fetch import Fetched, count_of, only, plan_lines, sessions_of
from shannot.cli.group_output import Board
from shannot.cli.place import current_caller
from shannot.cli.render import style_for
from shannot.cli.say import say
from shannot.cli.terminal import Terminal
from shannot.effects.numbering import numbered
from shannot.errors import RefusedError, UnsuccessfulError, UsageError
from shannot.escape import escape
from shannot.sessions import lifecycle
from shannot.workflows.approve import gaps
from shannot.workflows.configuration import check_yes
from shannot.workflows.group import HostResult
from shannot.workflows.person import terminal_name

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from shannot.cli.group_fetch import PlanOn
    from shannot.workflows.far import There
    from shannot.workflows.request import Caller


def approve_group(options: Namespace) -> int:
    """Show each plan once, ask about it, and approve it on its machines; execute if asked to."""
    if len(options.ids) != 1:
        raise UsageError("--target: name one run (`shannot list --target` shows them)")
    check_execution(options)
    caller = current_caller()
    hosts, sessions = sessions_of(caller, options, options.ids[0])
    fetched = Fetched(caller, hosts, sessions)
    if fetched.interrupted:
        raise KeyboardInterrupt
    where, plans = _decide(options, caller, _fitting(options, fetched.plans()))
    chosen = {host: plan for plan in plans for host in plan.hosts}

    def approve(there: There, board: Board) -> Did:
        session_id, plan = sessions[there.name], chosen[there.name]
        digest, effects = plan.found.review.digest, numbered(_chosen(options, plan))
        record(caller, there, "approve", session_id, where, digest)
        fields = {"id": session_id, "digest": digest, "effects": effects}
        missing = gaps(plan.found.review.session, _chosen(options, plan))
        # A person has read what is missing; a program has not.
        accepts = bool(missing) and (options.accept_gaps or not options.yes)
        accepted = {"accept_gaps": True} if accepts else {}
        answer = there.connection.ask("approve", {**fields, **accepted})
        approved = did(answer, there.name, lambda _: (f"approved {session_id}: {effects}",))
        if not options.execute:
            return approved
        record(caller, there, "execute", session_id, where, digest)
        return execute_on(
            there, None if options.json else board, session_id, execution_fields(options)
        )

    meant = only(hosts, chosen)
    results, interrupted = Doing(caller, "approving", approve).on(meant)
    missing = [item for item in fetched.results if item.error is not None]
    if not options.execute and not options.json:
        target = escape(options.target)
        say(f"shannot: next: shannot execute --target {target} {escape(options.ids[0])}")
    unread = [HostResult[Did](item.host, error=item.error) for item in missing]
    return ending("approve", [*results, *unread], interrupted, options.json)


def execute_group(options: Namespace) -> int:
    """Do on each machine what was approved there."""
    if options.session_id is not None or options.id is None:
        raise UsageError("--target: which run? `shannot list --target` shows them")
    check_execution(options)
    caller = current_caller()
    hosts, sessions = sessions_of(caller, options, options.id)
    where = terminal_name()

    def execute(there: There, board: Board) -> Did:
        record(caller, there, "execute", sessions[there.name], where, None)
        return execute_on(
            there, None if options.json else board, sessions[there.name], execution_fields(options)
        )

    results, interrupted = Doing(caller, "executing", execute).on(hosts)
    if interrupted and not options.json:
        target = escape(options.target)
        say(f"shannot: stopped; `shannot execute --target {target} {options.id}` goes on")
    return ending("execute", results, interrupted, options.json)


def reject_group(options: Namespace) -> int:
    """As `reject`, on each machine."""
    caller = current_caller()
    hosts, sessions = sessions_of(caller, options, options.id)

    def reject(there: There, _board: Board) -> Did:
        fields = {"id": sessions[there.name], "reason": options.reason}
        answer = there.connection.ask("reject", fields)
        return did(answer, there.name, lambda _: (f"rejected {sessions[there.name]}",))

    return ending("reject", *Doing(caller, "rejecting", reject).on(hosts), options.json)


def _fitting(options: Namespace, plans: Sequence[PlanOn]) -> list[PlanOn]:
    """Those that can be approved, and have the digest if one is named."""
    found = []
    for plan in plans:
        if options.digest in (None, plan.found.review.digest):
            session = plan.found.review.session
            lifecycle.check(session.id, session.state, "approved")
            found.append(plan)
    if not found and plans:
        raise RefusedError("no plan there is the one with that digest")
    if not found:
        raise UnsuccessfulError("no plan could be read there")
    if options.effects and len(found) > 1:
        raise UsageError("--effects chooses in one plan, and there are several: name its machines")
    return found


def _decide(
    options: Namespace, caller: Caller, plans: Sequence[PlanOn]
) -> tuple[str, list[PlanOn]]:
    """Show and ask, plan after plan. Returns where the answers came from, and those approved."""
    total = len(plans)
    if options.yes:
        check_yes(caller, "approve")
        if not options.json:
            style = style_for(sys.stdout.fileno(), os.environ)
            for number, plan in enumerate(plans, 1):
                lines = plan_lines(plan, number, total, style)
                sys.stdout.writelines(f"{line}\n" for line in lines)
            sys.stdout.flush()
        return "--yes", list(plans)
    with Terminal("approving") as terminal:
        style = style_for(terminal.fileno(), os.environ)
        approved = []
        for number, plan in enumerate(plans, 1):
            terminal.show(plan_lines(plan, number, total, style))
            chosen = _chosen(options, plan)
            terminal.show(gap_lines(gaps(plan.found.review.session, chosen), style))
            if terminal.confirm(_question(plan, chosen, options.execute)):
                approved.append(plan)
        if not approved:
            raise UnsuccessfulError("not approved; `shannot reject --target` ends the sessions")
        return terminal.name(), approved


def _chosen(options: Namespace, plan: PlanOn) -> tuple[int, ...]:
    return choose(plan.found.review.session, options.effects)


def _question(plan: PlanOn, chosen: Sequence[int], execute: bool) -> str:
    total = len(plan.found.review.effects)
    effects = "this effect" if total == 1 else f"all {total} effects"
    what = effects if len(chosen) == total else f"of {total} effects only {numbered(chosen)}"
    ending = ", and execute now?" if execute else "?"
    return f"\nApprove {what} on {count_of(plan.hosts)}{ending}"
