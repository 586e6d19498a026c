"""`shannot resume`: run a session's script again, answering from what was executed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from shannot.cli.commands.run import carry_out, make_request
from shannot.cli.json_descriptor import add_json_descriptor, reported
from shannot.cli.parser import add_json, add_session, add_target
from shannot.cli.place import current_caller, open_store
from shannot.cli.run_options import read_plain
from shannot.errors import ShannotError, UsageError
from shannot.workflows.request import Caller
from shannot.workflows.resume import resume

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.parser import Parser
    from shannot.workflows.resume import Resumption


def configure(parser: Parser) -> None:
    """The options of `resume`."""
    parser.epilog = (
        "The script runs with the options of its first run, in its directory, against the machine"
        "\nas it now is. What it has changed meanwhile is in a new session, linked to this one."
    )
    add_session(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on stderr")
    parser.add_argument("--keep", action="store_true", help="keep a session even if nothing waits")
    parser.add_argument(
        "--profile", metavar="NAME|FILE", help="which commands may run (default: as at first)"
    )
    add_json(parser)
    add_json_descriptor(parser)
    add_target(parser)


def run(options: Namespace) -> int:
    """Run it again. Returns the script's status."""
    if options.target is not None:
        if options.profile is not None or options.json_fd is not None:
            raise UsageError("--profile and --json-fd do not go with --target")
        # Only for another machine.
        from shannot.cli.far_run import resume_there

        return resume_there(options)
    return reported("resume", options.json_fd, lambda: _here(options))


def _here(options: Namespace) -> int:
    here = current_caller()
    store = open_store(here)
    resumption = resume(store, store.resolve(options.id))
    try:
        return _again(options, here, resumption)
    finally:
        if resumption.copy is not None:
            shutil.rmtree(resumption.copy, ignore_errors=True)


def _again(options: Namespace, here: Caller, resumption: Resumption) -> int:
    session = resumption.session
    values = read_plain([*resumption.options, "-"])
    if values is None:
        raise ShannotError(f"the options of session {session.id} are not understood any more")
    said = {name: getattr(options, name) for name in ("quiet", "keep", "json", "json_fd")}
    values = {**values, **said}
    if options.profile is not None:
        values["profile"] = options.profile
    request = make_request(values, resumption.program, session.id, resumption.recall)
    if resumption.stdin is not None:
        request.streams = (resumption.stdin, *request.streams[1:])
    caller = Caller(here.environment, session.directory, here.python, here.uid, here.machine_config)
    return carry_out(request, caller, values, "resume")
