"""`shannot help`: how to use a command, or a topic; the manual page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.cli.envelope import success
from shannot.cli.help import TOPICS, text_for
from shannot.cli.parser import add_json
from shannot.errors import DONE, UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.parser import Parser


def configure(parser: Parser) -> None:
    """The options of `help`."""
    parser.add_argument(
        "words", nargs="*", metavar="COMMAND|TOPIC", help="without: the commands and topics"
    )
    parser.add_argument(
        "--man", action="store_true", help="print the manual page, for man(1): roff"
    )
    add_json(parser)
    parser.epilog = f"Topics: {', '.join(TOPICS)}."


def run(options: Namespace) -> int:
    """Print it."""
    words: list[str] = options.words
    if options.man:
        if words:
            raise UsageError("--man is the manual page of it all")
        from shannot.cli.catalog import outlines
        from shannot.cli.manual import page

        text = page(outlines())
    else:
        text = text_for(words) + "\n"
    if options.json:
        print(success("help", {"words": words, "text": text}))
    else:
        print(text, end="")
    return DONE
