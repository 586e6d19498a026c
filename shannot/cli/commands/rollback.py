"""`shannot rollback`: put back what an execution has changed; `rollback list` names what can be."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from shannot.cli.envelope import plain, success
from shannot.cli.parser import add_json, add_side_by_side, add_target
from shannot.cli.place import current_caller, open_store
from shannot.cli.progress import Waiting
from shannot.cli.render import style_for
from shannot.cli.render_session import next_step
from shannot.cli.say import say
from shannot.cli.terminal import Terminal
from shannot.effects.codec import to_json
from shannot.effects.wording import describe
from shannot.errors import DONE, UNSUCCESSFUL, UnsuccessfulError, UsageError
from shannot.escape import escape
from shannot.workflows.answers import answer
from shannot.workflows.auditing import refusals
from shannot.workflows.configuration import check_yes
from shannot.workflows.person import person
from shannot.workflows.protected import protected_places
from shannot.workflows.review import Listing, list_sessions
from shannot.workflows.rollback import can_roll_back, plan_rollback, rollback

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from shannot.cli.envelope import Json
    from shannot.cli.parser import Parser
    from shannot.sessions.inverse import Undoing
    from shannot.sessions.store import Store
    from shannot.workflows.request import Caller
    from shannot.workflows.rollback import RollbackPlan, RollbackResult


def configure(parser: Parser) -> None:
    """The options of `rollback`."""
    parser.add_argument(
        "id", metavar="ID|list", help="the session's id, or any unique prefix of it; or `list`"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what it would do, no more")
    parser.add_argument(
        "--force", action="store_true", help="overwrite what has changed since (a copy is kept)"
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="do not ask (`[approve] allow_yes = false` takes this away)",
    )
    add_json(parser)
    add_target(parser)
    add_side_by_side(parser)


def run(options: Namespace) -> int:
    """Show what would be put back, ask, and do it."""
    if options.target is not None:
        # Only for other machines.
        from shannot.cli.elsewhere import elsewhere

        return elsewhere("rollback", options, options.id)
    caller = current_caller()
    store = open_store(caller)
    if options.id == "list":
        if options.dry_run or options.force or options.yes:
            raise UsageError("`rollback list` takes no option but --json")
        return _list(store, options.json)
    session_id = store.resolve(options.id)
    plan = None
    if options.dry_run or not options.yes:  # nobody sees it otherwise, and it is made once more
        with Waiting("comparing files"):
            plan = plan_rollback(store, session_id, force=options.force)
    if plan is not None and options.dry_run:
        return _tell_plan(plan, options)
    with refusals(store, "rollback", session_id):
        where = _decide(options, caller, plan)
    who, now = person(caller, where), int(time.time())
    with Waiting("putting files back"):
        result = rollback(
            store,
            session_id,
            protected_places(store, caller),
            force=options.force,
            shown=plan,
            person=who,
            now=now,
        )
    answer(store, caller, result.session)
    if options.json:
        print(success("rollback", _result_document(result)))
        return DONE if result.succeeded else UNSUCCESSFUL
    return _tell(result)


def _list(store: Store, json: bool) -> int:
    """The sessions of which something was executed and stands."""
    listing = list_sessions(store)
    found = [item for item in listing.sessions if can_roll_back(item, store)]
    if json:
        rows = [plain(to_json(item)) for item in found]
        print(success("rollback", {"sessions": rows, "unreadable": list(listing.broken)}))
        return DONE
    tell_rollback_list(Listing(tuple(found), listing.broken))
    return DONE


def tell_rollback_list(listing: Listing) -> None:
    """Print the table."""
    for item in listing.sessions:
        parent = f"  (goes on from {item.parent})" if item.parent else ""
        print(f"{item.id}  {item.state:<12}  {escape(item.script)}{parent}")
    if not listing.sessions:
        say("shannot: nothing has been executed that could be put back")
    for line in listing.broken:
        say(f"shannot: {escape(line)}")


def _decide(options: Namespace, caller: Caller, plan: RollbackPlan | None) -> str:
    """Show and ask. Returns where the answer came from. RefusedError, UnsuccessfulError."""
    if plan is None:
        check_yes(caller, "roll back")
        return "--yes"
    with Terminal("rolling back") as terminal:
        terminal.show(_plan_lines(plan))
        if plan.conflicts and not options.force:
            raise UnsuccessfulError("nothing was changed; --force puts back all that can be")
        if not terminal.confirm("\nPut this back now?"):
            raise UnsuccessfulError("not rolled back; nothing was changed")
        return terminal.name()


def _tell_plan(plan: RollbackPlan, options: Namespace) -> int:
    if options.json:
        print(success("rollback", _plan_document(plan)))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _plan_lines(plan))
        say("shannot: nothing was changed (--dry-run)")
    return UNSUCCESSFUL if plan.conflicts and not options.force else DONE


def _plan_lines(plan: RollbackPlan) -> Iterator[str]:
    """Every step, what it overwrites, and what it cannot do."""
    yield f"session    {plan.session.id} is {plan.session.state}; to put it back:"
    conflicts = {conflict.number: conflict.message for conflict in plan.conflicts}
    for number, effect in plan.undoing.effects.items():
        verb, subject, _ = describe(effect)
        yield f"{number:4}  {verb:<9} {subject}"
        if number in plan.forced:
            yield "      ! overwrites what has changed since; a copy is kept in the session"
        if number in conflicts:
            yield f"      ! cannot: {escape(conflicts[number])}"
    yield from _reservations(plan.undoing, plan)


def _reservations(undoing: Undoing, plan: RollbackPlan | RollbackResult) -> Iterator[str]:
    """What a rollback does not do."""
    for number in undoing.commands:
        command = plan.session.plan.effects[number - 1]
        verb, subject, _ = describe(command)
        yield f"not undone: what effect {number} did: {verb} {subject}"
    for path in undoing.parted:
        yield f"comes back as a file of its own, not as another name of one: {escape(path)}"


def _tell(result: RollbackResult) -> int:
    style = style_for(2, os.environ)
    for item in result.results:
        if item.state != "done":
            say(style.danger(f"{item.number:4}  {item.state}: {escape(item.message)}"))
    for conflict in result.conflicts:
        say(style.danger(f"shannot: not put back: {escape(conflict.message)}"))
    for line in result.differences:
        say(style.danger(f"shannot: not as it was: {line}"))
    for line in _reservations(result.undoing, result):
        say(f"shannot: {line}")
    undone = sum(item.state == "done" for item in result.results)
    end = "verified" if result.succeeded else f"{len(result.undoing.effects) - undone} not"
    say(f"shannot: {result.session.state} {result.session.id}: {undone} steps, {end}")
    step = next_step(result.session)
    if step:
        say(f"shannot: next: {step}")
    return DONE if result.succeeded else UNSUCCESSFUL


def _plan_document(plan: RollbackPlan) -> Json:
    effects = [
        {"number": number, "undoes": plan.undoing.origins[number], "effect": plain(to_json(effect))}
        for number, effect in plan.undoing.effects.items()
    ]
    return {
        "id": plan.session.id,
        "state": plan.session.state,
        "steps": effects,
        "forced": list(plan.forced),
        "conflicts": plain(to_json(plan.conflicts)),
        "commands_not_undone": list(plan.undoing.commands),
        "parted": list(plan.undoing.parted),
    }


def _result_document(result: RollbackResult) -> Json:
    return {
        "id": result.session.id,
        "state": result.session.state,
        "succeeded": result.succeeded,
        "results": plain(to_json(result.results)),
        "conflicts": plain(to_json(result.conflicts)),
        "differences": list(result.differences),
        "commands_not_undone": list(result.undoing.commands),
        "parted": list(result.undoing.parted),
    }
