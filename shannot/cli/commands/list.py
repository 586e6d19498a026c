"""`shannot list`: the sessions, oldest first."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from shannot.cli.envelope import plain, success
from shannot.cli.parser import add_json, add_side_by_side, add_target
from shannot.cli.place import current_caller, open_store
from shannot.cli.say import say
from shannot.effects.codec import to_json
from shannot.errors import DONE
from shannot.escape import escape
from shannot.workflows.review import danger_of, list_sessions

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from shannot.cli.envelope import Json
    from shannot.cli.parser import Parser
    from shannot.sessions.model import Summary
    from shannot.sessions.store import Store
    from shannot.workflows.review import Listing


def configure(parser: Parser) -> None:
    """The options of `list`."""
    parser.add_argument(
        "--waiting", action="store_true", help="only those that wait for a decision or execution"
    )
    add_json(parser)
    add_target(parser)
    add_side_by_side(parser)


def run(options: Namespace) -> int:
    """Print one line a session; what cannot be read is named on stderr."""
    if options.target is not None:
        # Only for other machines.
        from shannot.cli.elsewhere import elsewhere

        return elsewhere("list", options, None)
    caller = current_caller()
    store = open_store(caller)
    listing = list_sessions(store, options.waiting)
    if options.json:
        sessions = [_document(store, item) for item in listing.sessions]
        print(success("list", {"sessions": sessions, "unreadable": list(listing.broken)}))
        return DONE
    return tell_list(listing, caller.user, options.waiting)


def tell_list(listing: Listing, user: str, only_waiting: bool) -> int:
    """Print the table. user: whose own sessions need no name."""
    sys.stdout.write("".join(f"{line}\n" for line in _table(listing.sessions, user)))
    if not listing.sessions and not listing.broken:
        say("shannot: there is no session" + (" that waits" if only_waiting else ""))
    for line in listing.broken:
        say(f"shannot: {escape(line)}")
    return DONE


def _document(store: Store, summary: Summary) -> Json:
    fields = plain(to_json(summary))
    danger = danger_of(store, summary)
    return {**(fields if isinstance(fields, dict) else {}), "danger": danger}


def _table(found: Sequence[Summary], user: str) -> list[str]:
    """user: whose own sessions need no name."""
    if not found:
        return []
    width = max(len(item.id) for item in found)
    lines = [f"{'SESSION':<{width}}  STATE         EFFECTS  EXIT  RAN               SCRIPT"]
    for item in found:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(item.created))
        asks = "" if item.asking is None else f", asks about effect {item.asking}"
        mark = "" if item.complete else f"  (incomplete{asks})"
        mark += "" if item.user == user else f"  (of user {escape(item.user)})"
        lines.append(
            f"{item.id:<{width}}  {item.state:<12}  {item.effects:>7}  {item.exit_status:>4}"
            f"  {when}  {escape(item.script)}{mark}"
        )
    return lines
