"""`shannot diff`: what a session would change inside files, and nothing else."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from shannot.cli.envelope import success
from shannot.cli.parser import add_json, add_session, add_side_by_side, add_target
from shannot.cli.place import current_caller, open_store
from shannot.cli.render import diff_lines, style_for
from shannot.cli.review_document import diff_document
from shannot.errors import DONE
from shannot.escape import escape
from shannot.workflows.approve import parse_numbers
from shannot.workflows.contents import diff

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from shannot.cli.parser import Parser
    from shannot.cli.render import Style
    from shannot.workflows.contents import EffectDiff


def configure(parser: Parser) -> None:
    """The options of `diff`."""
    add_session(parser)
    parser.add_argument("--effects", metavar="LIST", help="only these, like 1,3-5")
    add_json(parser)
    add_target(parser)
    add_side_by_side(parser)


def run(options: Namespace) -> int:
    """Print the diffs."""
    if options.target is not None:
        # Only for other machines.
        from shannot.cli.elsewhere import elsewhere

        return elsewhere("diff", options, options.id)
    store = open_store(current_caller())
    session = store.load(store.resolve(options.id))
    numbers = parse_numbers(options.effects) if options.effects else None
    found = diff(store, session, numbers)
    if options.json:
        print(
            success(
                "diff",
                {
                    "id": session.id,
                    "diffs": [
                        {"number": item.number, "path": item.path, "diff": diff_document(item.diff)}
                        for item in found
                    ],
                },
            )
        )
        return DONE
    style = style_for(sys.stdout.fileno(), os.environ)
    sys.stdout.writelines(f"{line}\n" for line in _lines(found, style))
    return DONE


def _lines(found: Sequence[EffectDiff], style: Style) -> Iterator[str]:
    for item in found:
        if item.diff.kind != "text":  # those of a text name the path themselves
            yield style.strong(f"{escape(item.path)}: {item.diff.kind}")
        yield from diff_lines(item.diff, style)
