"""`shannot list`: the sessions, oldest first."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from shannot.cli.parser import add_json
from shannot.cli.place import current_caller, open_store
from shannot.cli.say import say
from shannot.effects.document import MalformedError
from shannot.errors import DONE
from shannot.escape import escape
from shannot.sessions.lifecycle import STATES

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from shannot.cli.envelope import Json
    from shannot.cli.parser import Parser
    from shannot.sessions.model import Summary

_WAITING = ("pending", "approved", "executing", "failed")


def configure(parser: Parser) -> None:
    """The options of `list`."""
    parser.add_argument("--all", action="store_true", help="those that are over as well")
    parser.add_argument("--state", choices=STATES, help="only those in one state")
    add_json(parser)


def run(options: Namespace) -> int:
    """Print one line a session; what cannot be read is named on stderr."""
    states = (options.state,) if options.state else STATES if options.all else _WAITING
    found: list[Summary] = []
    broken: list[str] = []
    for item in open_store(current_caller()).summaries():
        if isinstance(item, MalformedError):
            broken.append(str(item))
        elif item.state in states:
            found.append(item)
    if options.json:
        # Only the document needs it.
        from shannot.cli.envelope import success

        print(success("list", _document(found, broken)))
        return DONE
    sys.stdout.write("".join(f"{line}\n" for line in _table(found)))
    if not found:
        say("shannot: no session waits" + ("" if options.all else " (`--all` shows the others)"))
    for line in broken:
        say(f"shannot: {escape(line)}")
    return DONE


def _table(found: Sequence[Summary]) -> list[str]:
    if not found:
        return []
    width = max(len(item.id) for item in found)
    lines = [
        f"{'SESSION':<{width}}  {'STATE':<9}  {'EFFECTS':>7}  {'EXIT':>4}  WHEN              SCRIPT"
    ]
    for item in found:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(item.created))
        mark = "" if item.complete else "  (incomplete)"
        lines.append(
            f"{item.id:<{width}}  {item.state:<9}  {item.effects:>7}  {item.exit_status:>4}"
            f"  {when}  {escape(item.script)}{mark}"
        )
    return lines


def _document(found: Sequence[Summary], broken: Sequence[str]) -> Json:
    sessions: list[Json] = [
        {
            "id": item.id,
            "created": item.created,
            "script": item.script,
            "state": item.state,
            "directory": item.directory,
            "user": item.user,
            "host": item.host,
            "exit_status": item.exit_status,
            "complete": item.complete,
            "effects": item.effects,
        }
        for item in found
    ]
    return {"sessions": sessions, "unreadable": list(broken)}
