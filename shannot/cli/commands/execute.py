"""`shannot execute`: do what was approved.

Also the command of a restricted ssh key, `command="shannot execute --session-id
${SSH_ORIGINAL_COMMAND}"`: whatever stands after --session-id came from the other side, so it must
be one whole session id, and no option can be smuggled in there.
"""

from __future__ import annotations

from argparse import REMAINDER
from typing import TYPE_CHECKING

from shannot.cli.executing import add_execution, execute_session
from shannot.cli.json_descriptor import add_json_descriptor, reported
from shannot.cli.parser import add_json, add_side_by_side, add_target
from shannot.cli.place import current_caller, open_store
from shannot.errors import RefusedError, UsageError
from shannot.sessions.ids import is_id
from shannot.workflows.auditing import refusals

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.parser import Parser


def configure(parser: Parser) -> None:
    """The options of `execute`."""
    parser.add_argument(
        "id", metavar="ID", nargs="?", help="the session's id, or any unique prefix of it"
    )
    add_json(parser)
    add_target(parser)
    add_side_by_side(parser)
    add_execution(parser)
    add_json_descriptor(parser)
    parser.add_argument(
        "--session-id",
        nargs=REMAINDER,
        metavar="ID",
        help="the session's whole id; must be the last option (for a restricted ssh key)",
    )


def run(options: Namespace) -> int:
    """Execute an approved session, or go on with one."""
    if options.target is not None:
        # Only for other machines.
        from shannot.cli.elsewhere import elsewhere

        return elsewhere("execute", options, options.id)
    return reported("execute", options.json_fd, lambda: _here(options))


def _here(options: Namespace) -> int:
    caller = current_caller()
    store = open_store(caller)
    if options.session_id is not None:
        with refusals(store, "execute", None):
            session_id = _only_id(options)
    elif options.id is None:
        raise UsageError("which session? `shannot list` shows them")
    else:
        session_id = store.resolve(options.id)
    return execute_session("execute", store, caller, session_id, options)


def _only_id(options: Namespace) -> str:
    """What came over the wire, where it is one whole session id and nothing else. RefusedError."""
    words: list[str] = options.session_id
    if options.id is not None or len(words) != 1 or not is_id(words[0]):
        raise RefusedError("--session-id: expected exactly one session id and nothing after it")
    return words[0]
