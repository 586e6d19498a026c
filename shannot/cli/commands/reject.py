"""`shannot reject`: nothing of a session will be done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from shannot.cli.envelope import success
from shannot.cli.parser import add_json, add_session, add_side_by_side, add_target
from shannot.cli.place import current_caller, open_store
from shannot.cli.review_document import session_document
from shannot.cli.say import say
from shannot.errors import DONE, NotFoundError
from shannot.workflows.answers import answer
from shannot.workflows.approve import reject
from shannot.workflows.person import person, terminal_name

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.envelope import Json
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
    who, now = person(caller, terminal_name()), int(time.time())
    try:
        session_id = store.resolve(options.id)
    except NotFoundError:
        # Only for what was not taken from the queue.
        from shannot.workflows.declined import reject_declined

        declined = reject_declined(
            store, caller, options.id, reason=options.reason, person=who, now=now
        )
        if declined is None:
            raise
        return _tell(declined, {"id": declined, "state": "rejected"}, options)
    session = reject(store, session_id, reason=options.reason, person=who, now=now)
    answer(store, caller, session)
    return _tell(session.id, session_document(session), options)


def _tell(session_id: str, document: Json, options: Namespace) -> int:
    if options.json:
        print(success("reject", document))
    else:
        say(f"shannot: rejected {session_id}")
    return DONE
