"""`shannot setup`: install the `pypy` runtime (here); see also `setup_mcp` and `setup_key`."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from shannot.cli import setup_key, setup_mcp
from shannot.cli.envelope import plain, success
from shannot.cli.parser import add_json
from shannot.cli.place import current_caller, state_path
from shannot.cli.progress import progress
from shannot.cli.say import say
from shannot.errors import DONE, UsageError
from shannot.escape import escape
from shannot.workflows.setup import describe, remove_pypy, setup_pypy
from shannot.workflows.setup_request import Bounds, Listener, Machine, Request

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.envelope import Json
    from shannot.cli.parser import Parser
    from shannot.workflows.setup_request import Report

EPILOG = """\
Without --from the public release for this platform is downloaded: two archives, whose checksums
are part of shannot. Nothing is unpacked before it was checked. Where a download is interrupted,
the same command goes on from there.

Without a network: fetch the two archives elsewhere (`shannot help pypy` lists them), and give their
directory to --from. Also taken: one archive each (--from PROGRAM --from LIBRARY), a directory with
pypy3-c, lib-python and lib_pypy unpacked, an address of an archive (with its --sha256), or of a
directory that holds the public ones (with a `/` at its end)."""


def configure(parser: Parser) -> None:
    """The options of `setup`."""
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    pypy = parts.add_parser(
        "pypy",
        help="the pypy runtime",
        description="Install the pypy runtime, for `shannot run --runtime pypy`.",
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=parser.formatter_class,
    )
    pypy.add_argument(
        "--from",
        dest="sources",
        action="append",
        default=[],
        metavar="FILE|DIR|URL",
        help="where from; may be given for each archive",
    )
    pypy.add_argument(
        "--sha256",
        dest="checksums",
        action="append",
        default=[],
        metavar="HEX",
        help="the checksum of what --from names; needed for an address, unless it is a public one",
    )
    pypy.add_argument("--force", action="store_true", help="replace what is installed")
    pypy.add_argument("--remove", action="store_true", help="take the runtime away")
    add_json(pypy)
    setup_mcp.configure(parts)
    setup_key.configure(parts)


def run(options: Namespace) -> int:
    """Do the part that was named, and say how it ended."""
    parts = {"mcp": setup_mcp.run, "key": setup_key.run, "pypy": _run_pypy}
    return parts[options.part](options)


def _run_pypy(options: Namespace) -> int:
    caller = current_caller()
    machine = Machine(
        state_path(caller),
        caller.uid,
        (sys.platform, os.uname().machine),
        int(time.time()),
    )
    shown = progress()

    def tell(line: str) -> None:
        shown.finish()
        if not options.json:
            say(f"shannot: {line}")

    listener = Listener(tell, shown)
    try:
        if options.remove:
            if options.sources or options.checksums or options.force:
                raise UsageError("--remove goes with none of --from, --sha256, --force")
            report = remove_pypy(machine, listener, Bounds())
        else:
            request = Request(tuple(options.sources), tuple(options.checksums), options.force)
            report = setup_pypy(request, machine, listener, Bounds())
    finally:
        shown.finish()
    if options.json:
        print(success("setup", _document(report)))
    else:
        for line in _lines(report):
            say(f"shannot: {line}")
    return DONE


def _lines(report: Report) -> list[str]:
    place = escape(report.directory)
    match report.action, report.note:
        case "removed", _:
            return [f"removed the PyPy in {place}"]
        case "absent", _:
            return ["no PyPy is installed"]
        case action, note:
            name = "" if note is None else f" ({describe(note)})"
    if action == "present":
        return [f"already installed: the PyPy in {place}{name}"]
    return [
        f"{action} the PyPy in {place}{name}",
        "next: shannot run --runtime pypy SCRIPT",
    ]


def _document(report: Report) -> Json:
    return {
        "part": "pypy",
        "action": report.action,
        "directory": report.directory,
        "installation": None if report.note is None else plain(report.note.to_json()),
    }
