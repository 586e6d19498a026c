"""`shannot reject`: nothing of a session will be done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from shannot.cli.envelope import success
from shannot.cli.parser import add_json, add_session, add_side_by_side, add_target
from shannot.cli.place import current_caller, open_store
from shannot.cli.review_document import session_document
from shannot.cli.say import say
from shannot.errors import DONE
from shannot.workflows.answers import answer
from shannot.workflows.approve import reject
from shannot.workflows.person import person, terminal_name

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.parser import Parser


def configure(parser: Parser) -> None:
    """The options of `reject`."""
    add_session(parser)
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the record")
    add_json(parser)
    add_target(parser)
    add_side_by_side(parser)


def run(options: Namespace) -> int:
    """Reject a session."""
    if options.target is not None:
        # Only for other machines.
        from shannot.cli.elsewhere import elsewhere

        return elsewhere("reject", options, options.id)
    caller = current_caller()
    store = open_store(caller)
    session = reject(
        store,
        store.resolve(options.id),
        reason=options.reason,
        person=person(caller, terminal_name()),
        now=int(time.time()),
    )
    answer(store, caller, session)
    if options.json:
        print(success("reject", session_document(session)))
    else:
        say(f"shannot: rejected {session.id}")
    return DONE
