"""`shannot setup mcp`: the part of `setup` that edits the configuration of an agent's client."""

from __future__ import annotations

import os
from argparse import RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

from shannot.cli.envelope import success
from shannot.cli.parser import add_json
from shannot.cli.say import say
from shannot.errors import DONE, ShannotError, UsageError
from shannot.escape import escape
from shannot.workflows.itself import command
from shannot.workflows.setup_mcp import CLIENTS, Report, place, printed, remove_mcp, setup_mcp

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction

    from shannot.cli.parser import Parser

EPILOG = """\
The file is edited in place: everything else in it is kept, and a copy of what it was is left
beside it. `--client print` (the default) prints the entry for any other client.

Options of `shannot mcp` may follow after `--`:
  shannot setup mcp --client cursor -- --project-only --root ~/work"""


def configure(parts: _SubParsersAction[Parser]) -> None:
    """The options of `setup mcp`."""
    parser = parts.add_parser(
        "mcp",
        help="an agent's client",
        description="Let an agent's client start `shannot mcp`.",
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--client", choices=[*CLIENTS, "print"], default="print")
    parser.add_argument("--remove", action="store_true", help="take the entry away")
    parser.add_argument("options", nargs="*", metavar="OPTION", help="options of `shannot mcp`")
    add_json(parser)


def run(options: Namespace) -> int:
    """Edit or print."""
    words = command(["mcp", *_checked(options.options, removing=options.remove)])
    for word in words:
        if word.encode(errors="replace").decode() != word:
            raise UsageError(f"no client's file can hold what is not UTF-8: {escape(word[:200])}")
    if options.client == "print":
        if options.remove:
            raise UsageError("--remove needs --client")
        made = printed(words)
        document = {"part": "mcp", "client": "print", "action": "printed", "text": made}
        print(success("setup", document) if options.json else made)
        return DONE
    client = CLIENTS[options.client]
    path = place(client, os.environ.get("HOME", ""), os.environ.get("XDG_CONFIG_HOME"))
    report = remove_mcp(client, path) if options.remove else setup_mcp(client, path, words)
    if options.json:
        changed = {"part": "mcp", "client": options.client, "action": report.action}
        print(success("setup", {**changed, "path": report.path, "backup": report.backup}))
        return DONE
    for line in _lines(report, client.title):
        say(f"shannot: {line}")
    return DONE


def _checked(words: list[str], *, removing: bool) -> list[str]:
    """Options that `shannot mcp` itself would refuse are refused now; paths are made absolute,
    as the client starts it in a directory of its own. Raises UsageError."""
    from shannot.cli.commands import mcp
    from shannot.cli.parser import Command

    options = Command("mcp", "serve agents", mcp.configure, mcp.run).parse(words)
    if not removing:
        try:
            mcp.offer_of(options)
        except ShannotError as error:  # here all of it is a wrong command line
            raise UsageError(f"the server would not start: {error}") from None
    settled = ["--project-only"] if options.project_only else []
    for flag, values in (
        ("--profile", mcp.profiles_of(options)),
        ("--root", mcp.roots_of(options)),
        ("--target", options.target),
    ):
        settled += [word for value in dict.fromkeys(values) for word in (flag, value)]
    return settled


def _lines(report: Report, title: str) -> list[str]:
    where = escape(report.path)
    lines = {
        "added": [f"added shannot to {title}: {where}", f"next: start {title} again"],
        "changed": [f"brought shannot in {title} up to date: {where}"],
        "unchanged": [f"{title} has shannot already: {where}"],
        "removed": [f"removed shannot from {title}: {where}"],
        "absent": [f"{title} has no shannot: {where}"],
    }[report.action]
    if report.backup:
        lines.append(f"what the file was is in {escape(report.backup)}")
    return lines
