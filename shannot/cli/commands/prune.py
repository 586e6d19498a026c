"""`shannot prune`: remove sessions that are over, and what killed runs left."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, cast

from shannot.cli.envelope import success
from shannot.cli.parser import add_json, checked
from shannot.cli.place import current_caller, open_store
from shannot.cli.progress import Waiting
from shannot.cli.say import say
from shannot.cli.values import duration
from shannot.cli.values import size as read_size
from shannot.errors import DONE, UsageError
from shannot.escape import escape
from shannot.sessions.lifecycle import STATES, State
from shannot.workflows.configuration import operators_queue
from shannot.workflows.prune import AGE, Wanted, prune

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.envelope import Json
    from shannot.cli.parser import Parser
    from shannot.workflows.prune import PruneResult


def configure(parser: Parser) -> None:
    """The options of `prune`."""
    parser.add_argument(
        "--older",
        type=checked(duration),
        default=None,
        metavar="TIME",
        help="only sessions of runs longer ago, like 12h or 7d (default: 30d; with --damaged all)",
    )
    parser.add_argument(
        "--state",
        type=_states,
        metavar="LIST",
        help="only these, like pending,rejected (default: executed, failed, rejected, rolled-back,"
        " and those that change nothing)",
    )
    parser.add_argument(
        "--larger", type=checked(read_size), default=0, metavar="SIZE", help="only larger ones"
    )
    parser.add_argument(
        "--damaged",
        action="store_true",
        help="sessions that cannot be read, and no others; with them goes what could put back"
        " what they have changed",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    add_json(parser)


def run(options: Namespace) -> int:
    """Remove what is meant."""
    if options.damaged and options.state:
        raise UsageError("--state and --damaged exclude each other: a damaged session has none")
    older = options.older
    if older is None:
        older = 0.0 if options.damaged else AGE
    wanted = Wanted(older, options.state, int(options.larger), options.damaged)
    caller = current_caller()
    store = open_store(caller, collecting=False)
    queue = operators_queue(caller)
    with Waiting("looking at sessions"):
        result = prune(store, wanted, time.time(), options.dry_run, queue)
    if options.json:
        print(success("prune", _document(result, options.dry_run)))
        return DONE
    for item in result.removed:
        print(f"{item.id}  {item.state:<11}  {_amount(item.size):>9}")
        if item.why:
            say(f"shannot: {escape(item.why)}")
    for line in result.kept:
        say(f"shannot: kept {escape(line)}")
    verb = "would be removed" if options.dry_run else "removed"
    freed = _amount(sum(item.size for item in result.removed))
    count = len(result.removed)
    leftovers = f", and {result.leftovers} leftovers" if result.leftovers else ""
    say(f"shannot: {count} session{'' if count == 1 else 's'} {verb} ({freed}){leftovers}")
    if result.unrecorded:
        say(f"shannot: this is not recorded: {escape(result.unrecorded)}")
    return DONE


def _states(text: str) -> tuple[State, ...]:
    names = text.split(",")
    for name in names:
        if name not in STATES:
            raise argparse.ArgumentTypeError(
                f"{name[:40]!a} is no state (there are: {', '.join(STATES)})"
            )
    return tuple(cast("State", name) for name in names)


def _amount(size: int) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1 << 10:
            return f"{size} {unit}"
        size >>= 10
    return f"{size} GiB"


def _document(result: PruneResult, dry_run: bool) -> Json:
    return {
        "dry_run": dry_run,
        "removed": [
            {"id": item.id, "state": item.state, "size": item.size, "why": item.why or None}
            for item in result.removed
        ],
        "kept": list(result.kept),
        "leftovers": result.leftovers,
        "unrecorded": result.unrecorded or None,
    }
