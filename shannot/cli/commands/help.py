"""`shannot help`: how to use a command, or a topic; the manual page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.cli.help import TOPICS, text_for
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
    parser.epilog = f"Topics: {', '.join(TOPICS)}."


def run(options: Namespace) -> int:
    """Print it."""
    words: list[str] = options.words
    if options.man:
        if words:
            raise UsageError("--man is the manual page of it all")
        from shannot.cli.catalog import outlines
        from shannot.cli.manual import page

        print(page(outlines()), end="")
        return DONE
    print(text_for(words))
    return DONE
