"""`shannot audit`: what the log of runs, decisions and executions says, and is it whole?"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from shannot.cli.envelope import plain, success
from shannot.cli.parser import add_json, checked
from shannot.cli.place import current_caller, open_store
from shannot.cli.progress import Waiting
from shannot.cli.say import say
from shannot.cli.values import count, duration
from shannot.errors import DONE, UNSUCCESSFUL
from shannot.escape import escape, quote
from shannot.workflows.audit import Wanted, check, find, show
from shannot.workflows.auditing import log_of

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from shannot.audit import Log
    from shannot.audit.records import Entry
    from shannot.cli.envelope import Json
    from shannot.cli.parser import Parser

_SHOWN = (
    "verdict", "argv", "effect", "path", "script", "exit_status", "state", "effects", "waiting",
    "done", "not_done", "verb", "message", "reason", "found", "removed",
)  # fmt: skip
"""What a line of the list tells of a record, where it has it."""


def configure(parser: Parser) -> None:
    """The options of `audit`."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|show|verify|export")
    listing = verbs.add_parser("list", help="one line a record, oldest first", allow_abbrev=False)
    export = verbs.add_parser(
        "export", help="the records as they stand, a line of JSON each", allow_abbrev=False
    )
    for each in (listing, export):
        each.add_argument("--session", default="", metavar="ID", help="only those of a session")
        each.add_argument("--event", default="", metavar="NAME", help="only those of one kind")
        each.add_argument(
            "--since", type=checked(duration), metavar="TIME", help="only the last 10m, 12h, 7d"
        )
        each.add_argument("--last", type=checked(count), metavar="N", help="only the last N")
        add_json(each)
    one = verbs.add_parser("show", help="one record, every field", allow_abbrev=False)
    one.add_argument("number", type=checked(count), metavar="NUMBER", help="the record's number")
    add_json(one)
    whole = verbs.add_parser(
        "verify", help="find an edited, removed, moved or cut-off record", allow_abbrev=False
    )
    whole.add_argument(
        "--expect",
        metavar="NUMBER:SHA256",
        help="what `verify` printed before, noted elsewhere: the log must still begin so",
    )
    add_json(whole)


def run(options: Namespace) -> int:
    """Read the log."""
    log = log_of(open_store(current_caller(), collecting=False))
    match options.verb:
        case "show":
            return _show(log, options)
        case "verify":
            return _verify(log, options)
        case _:
            return _list(log, options)


def _list(log: Log, options: Namespace) -> int:
    since = ""
    if options.since is not None:
        since = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - options.since))
    with Waiting("reading the log"):
        found = find(log, Wanted(options.event, options.session, since, options.last))
    # An export that lacks something is none; a list says so, and is read by people.
    status = UNSUCCESSFUL if found.unreadable and options.verb == "export" else DONE
    if options.json:
        records = [plain(entry.fields) for entry in found.entries]
        print(success("audit", {"records": records, "unreadable": list(found.unreadable)}))
        return status
    if options.verb == "export":
        sys.stdout.writelines(f"{entry.line.decode('ascii')}\n" for entry in found.entries)
    else:
        sys.stdout.writelines(f"{_line(entry)}\n" for entry in found.entries)
    for line in found.unreadable:
        say(f"shannot: {escape(line)}")
    if not found.entries:
        say("shannot: there is no such record")
    return status


def _show(log: Log, options: Namespace) -> int:
    entry = show(log, options.number)
    if options.json:
        print(success("audit", plain(entry.fields)))
    else:
        sys.stdout.writelines(f"{name:<18} {text}\n" for name, text in _fields(entry))
    return DONE


def _verify(log: Log, options: Namespace) -> int:
    with Waiting("reading the log"):
        verified = check(log, options.expect)
    whole = not verified.findings
    mark = f"{verified.records}:{verified.sha256}"
    if options.json:
        result: Json = {
            "whole": whole,
            "records": verified.records,
            "sha256": verified.sha256,
            "findings": list(verified.findings),
        }
        print(success("audit", result))
        return DONE if whole else UNSUCCESSFUL
    for line in verified.findings:
        print(escape(line))
    if whole and verified.records:
        print(f"whole: {verified.records} records; --expect {mark}")
    elif whole:
        print("nothing is recorded yet")
    else:
        say(f"shannot: the audit log in {escape(log.segments_path)} is not whole")
    return DONE if whole else UNSUCCESSFUL


def _line(entry: Entry) -> str:
    told = [
        f"{name}={_text(entry.fields[name])}"
        for name in _SHOWN
        if entry.fields.get(name) not in (None, "", 0)
    ]
    who = escape(entry.user or "-")
    session = f"  {escape(entry.session)}" if entry.session else ""
    moment = escape(entry.time[:19].replace("T", " "))
    event = escape(entry.event)
    return f"{entry.seq:>6}  {moment}  {who:<10}  {event:<10}{session}  {' '.join(told)}".rstrip()


def _fields(entry: Entry) -> Iterator[tuple[str, str]]:
    for name, value in entry.fields.items():
        yield escape(name), _text(value)


def _text(value: object) -> str:
    match value:
        case str():
            return escape(value)
        case [*items]:
            return " ".join(_item(item) for item in items)
        case _:
            return escape(str(value))


def _item(value: object) -> str:
    return quote(value) if isinstance(value, str) else _text(value)
