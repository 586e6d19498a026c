"""`shannot remote`: other machines, by name: add, list, test, remove, deploy."""

from __future__ import annotations

import time
from argparse import RawDescriptionHelpFormatter
from dataclasses import asdict
from typing import TYPE_CHECKING

from shannot.cli.envelope import plain, success
from shannot.cli.parser import add_json
from shannot.cli.place import current_caller
from shannot.cli.progress import Waiting
from shannot.cli.reaching import reach
from shannot.cli.say import say
from shannot.config.remotes import Remote
from shannot.errors import DONE
from shannot.escape import escape
from shannot.workflows.far import deploy_to, remotes
from shannot.workflows.remotes_file import add_remote, remove_remote

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction

    from shannot.cli.parser import Parser

CLOCK_DIFFERENCE = 30
"""Seconds between two clocks that are told."""

EPILOG = """\
`shannot run --target NAME` sends the single file once, over ssh, into program/ of the state
directory there, and checks it on every use; nothing else is needed there but Python from 3.11.
ssh must get there without asking: keys, and a host key that is known (`--accept-new` takes one
that nobody has seen yet). A host key that has changed is always refused."""


def configure(parser: Parser) -> None:
    """The options of `remote`."""
    parser.epilog = EPILOG
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    _configure_add(_part(parts, "add", "give a machine a name, in your configuration"))
    _part(parts, "list", "the machines that have a name")
    for name, summary in (
        ("test", "connect, and say who answers"),
        ("deploy", "send the single file there, and check it"),
        ("remove", "forget a machine"),
    ):
        made = _part(parts, name, summary)
        made.add_argument("name", metavar="NAME")
        if name == "remove":
            made.add_argument(
                "--program", action="store_true", help="first take the single file away there"
            )


def _part(parts: _SubParsersAction[Parser], name: str, summary: str) -> Parser:
    made = parts.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        allow_abbrev=False,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_json(made)
    return made


def _configure_add(add: Parser) -> None:
    add.add_argument("name", metavar="NAME")
    add.add_argument("target", metavar="TARGET", help="user@host[:port], or a name of ssh's own")
    add.add_argument("--identity", metavar="PATH", help="the private key")
    add.add_argument("--known-hosts", metavar="PATH", help="the file of host keys")
    add.add_argument(
        "--accept-new", action="store_true", help="take a host key that nobody has seen yet"
    )
    add.add_argument(
        "--restricted",
        action="store_true",
        help="its key starts `shannot serve` there (`shannot setup key`): send no program",
    )
    add.add_argument("--directory", metavar="DIR", help="where scripts run there")


def run(options: Namespace) -> int:
    """Do the part that was named."""
    return {
        "add": _add,
        "list": _list,
        "test": _test,
        "deploy": _deploy,
        "remove": _remove,
    }[options.part](options)


def _add(options: Namespace) -> int:
    remote = Remote(
        options.target,
        options.identity,
        options.known_hosts,
        options.accept_new,
        options.restricted,
        options.directory,
    )
    path = add_remote(current_caller(), options.name, remote)
    if options.json:
        print(success("remote", {"part": "add", "name": options.name, "path": path}))
        return DONE
    say(f"shannot: added {options.name} to {escape(path)}")
    say(f"shannot: next: shannot remote test {options.name}")
    return DONE


def _list(options: Namespace) -> int:
    found = remotes(current_caller())
    if options.json:
        rows = {name: plain(asdict(remote)) for name, remote in found.items()}
        print(success("remote", {"part": "list", "remotes": rows}))
        return DONE
    width = max(map(len, found), default=0)
    for name, remote in sorted(found.items()):
        marks = [mark for mark in ("restricted", "accept_new") if getattr(remote, mark)]
        shown = f"  ({', '.join(marks)})" if marks else ""
        print(f"{name:<{width}}  {escape(remote.target)}{shown}")
    if not found:
        say("shannot: no machine has a name yet: `shannot remote add NAME user@host`")
    return DONE


def _test(options: Namespace) -> int:
    with reach(current_caller(), options.name) as there:
        hello = there.hello
    ahead = 0 if hello.time is None else hello.time - int(time.time())
    if options.json:
        print(
            success(
                "remote",
                {
                    "part": "test",
                    "name": options.name,
                    "host": hello.host,
                    "user": hello.user,
                    "shannot": hello.shannot,
                    "protocol": hello.version,
                    "allowed": list(hello.allowed),
                    "clock_ahead": ahead,
                    "sent": there.sent,
                },
            )
        )
        return DONE
    sent = " (sent now)" if there.sent else ""
    print(
        f"{options.name}: {escape(hello.user)}@{escape(hello.host)},"
        f" shannot {escape(hello.shannot)}{sent}"
    )
    print(f"allowed: {escape(', '.join(hello.allowed))}")
    if abs(ahead) > CLOCK_DIFFERENCE:
        way = "ahead of" if ahead > 0 else "behind"
        print(
            f"its clock is {abs(ahead)} s {way} this one: its sessions and its audit say its time"
        )
    return DONE


def _deploy(options: Namespace) -> int:
    with Waiting(f"sending shannot to {escape(options.name)}"):
        sent = deploy_to(current_caller(), options.name, "send")
    if options.json:
        print(success("remote", {"part": "deploy", "name": options.name, "sent": sent}))
    else:
        what = "sent, and checked" if sent else "it is there already, and checked"
        say(f"shannot: {options.name}: {what}")
    return DONE


def _remove(options: Namespace) -> int:
    caller = current_caller()
    if options.program:
        with Waiting(f"removing shannot from {escape(options.name)}"):
            deploy_to(caller, options.name, "remove")
    path = remove_remote(caller, options.name)
    if options.json:
        print(success("remote", {"part": "remove", "name": options.name, "path": path}))
    else:
        say(f"shannot: removed {options.name} from {escape(path)}")
    return DONE
