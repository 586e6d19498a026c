"""`shannot serve`: the far end of `--target`, and the command of a restricted ssh key."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from shannot import __version__
from shannot.cli.place import current_caller, open_store
from shannot.cli.served import keep_program, work_for
from shannot.errors import DONE, RefusedError, UsageError
from shannot.machines.serve import Ceiling, Host, Server
from shannot.machines.verbs import VERBS, is_key_name
from shannot.sessions.accounts import name_of
from shannot.workflows.auditing import note
from shannot.workflows.person import KEY_VARIABLE, person

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from types import FrameType

    from shannot.cli.parser import Parser

ASKED_FOR = "shannot-serve"
"""What our own client asks a restricted key for: anything else was meant for a shell."""

EPILOG = """\
Speaks the protocol of `shannot run --target` on stdin and stdout; there is no shell anywhere.
For a key that may do this and no more, in authorized_keys:

  restrict,command="shannot serve --profile ops --allow run,status,show,diff" ssh-ed25519 …

`shannot setup key` prints such a line."""


def configure(parser: Parser) -> None:
    """Its options: the ceiling of whatever a client asks for."""
    from argparse import SUPPRESS  # loaded by whoever made the parser

    parser.epilog = EPILOG
    parser.add_argument(
        "--allow",
        metavar="VERB,…",
        default=",".join(VERBS),
        help=f"what may be asked for, of {', '.join(VERBS)} (default: all)",
    )
    parser.add_argument("--key", metavar="NAME", help="what the audit log calls the ssh key")
    parser.add_argument(
        "--profile", metavar="NAME|FILE", help="the policy of every run and execution"
    )
    # For the server itself: `cli/served.py`.
    parser.add_argument("--receive", metavar="SHA256", help=SUPPRESS)
    parser.add_argument("--size", type=int, help=SUPPRESS)


def run(options: Namespace) -> int:
    """Serve until the client is gone."""
    if options.receive is not None:
        return keep_program(options.receive, options.size)
    allowed = tuple(word for word in options.allow.split(",") if word)
    for verb in allowed:
        if verb not in VERBS:
            raise UsageError(f"--allow: no such verb: {verb} (of {', '.join(VERBS)})")
    if options.key is not None:
        if not is_key_name(options.key):
            raise UsageError("--key: a name of letters, digits and _.@+- only")
        os.environ[KEY_VARIABLE] = options.key  # for the processes that do the work as well
    return serve(allowed, options.profile)


def serve(allowed: Sequence[str] = VERBS, profile: str | None = None) -> int:
    """Serve these verbs until the client is gone. What `shannot serve` alone comes to."""
    asked = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    if asked not in ("", ASKED_FOR):
        _record("shell", "", "this key has no shell")
        raise RefusedError("this key has no shell: use `shannot run --target`")
    if os.isatty(0):
        raise UsageError("this speaks a protocol: use `shannot run --target` on the other side")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    server = os.getpid()
    host = Host(
        __version__, os.uname().nodename, name_of(os.getuid()),
        lambda words, place: work_for(server, words, place), _record,
    )  # fmt: skip
    ceiling = Ceiling(tuple(allowed), profile)
    answers = os.dup(1)
    os.dup2(2, 1)  # nothing printed by mistake can get among the frames
    with open(answers, "wb") as writer, open(0, "rb", closefd=False) as reader:
        Server(ceiling, host, reader, writer).run()
    return DONE


def _record(verb: str, session: str, what: str) -> None:
    """Tell the audit log of a request. Raises AuditError: what cannot be recorded is not done."""
    caller = current_caller()
    fields = {"verb": verb, "said": what}
    who = person(caller, "shannot serve")
    note(open_store(caller), "request", session or None, fields, who)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(DONE)
