"""`shannot explain -- CMD ARGS…`: the verdict on a command, by the code that decides in a run."""

from __future__ import annotations

import os
from argparse import REMAINDER
from typing import TYPE_CHECKING

from shannot.cli.envelope import success
from shannot.cli.parser import add_json
from shannot.cli.place import current_caller
from shannot.errors import DONE, UsageError
from shannot.escape import escape, quote
from shannot.policy.identity import find_program
from shannot.policy.verdict import Command, decide
from shannot.workflows.choices import load_settings, make_profile

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.parser import Parser


def configure(parser: Parser) -> None:
    """The options of `explain`."""
    add_json(parser)
    parser.add_argument("words", nargs=REMAINDER, metavar="-- CMD ARGS…", help="the command")


def run(options: Namespace) -> int:
    """Print the verdict, the rule and the reason."""
    caller = current_caller()
    words: list[str] = options.words
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        raise UsageError("no command: `shannot explain -- CMD ARGS…`")
    found = find_program(words[0])
    command = Command(
        tuple(words), caller.directory, executable=os.path.realpath(found) if found else ""
    )
    verdict = decide(command, make_profile(load_settings(caller)))
    if options.json:
        result = {
            "argv": words,
            "decision": verdict.decision,
            "rule": verdict.rule,
            "reason": verdict.reason,
        }
        print(success("explain", result))
        return DONE
    print(f"command   {' '.join(quote(word) for word in words)}")
    print(f"decision  {verdict.decision}")
    print(f"rule      {escape(verdict.rule) or '(none)'}")
    print(f"reason    {escape(verdict.reason)}")
    return DONE
