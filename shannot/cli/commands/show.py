"""`shannot show`: one session, everything there is to review."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from shannot.cli.envelope import contents, success
from shannot.cli.parser import add_json, add_session, add_side_by_side, add_target
from shannot.cli.place import current_caller, open_store
from shannot.cli.render import style_for
from shannot.cli.render_session import Contents, next_step, read_contents, review_texts
from shannot.cli.review_document import review_document
from shannot.cli.say import say
from shannot.errors import DONE
from shannot.escape import Sanitiser
from shannot.workflows.present_rules import reviewing_rules
from shannot.workflows.review import show

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.parser import Parser
    from shannot.sessions.model import Session
    from shannot.sessions.store import Store

_FILES = ("script", "stdout", "stderr")


def configure(parser: Parser) -> None:
    """The options of `show`."""
    add_session(parser)
    for name in _FILES:
        what = "that was run" if name == "script" else "of the run"
        parser.add_argument(
            f"--{name}",
            dest="file",
            action="store_const",
            const=name,
            help=f"print only the {name} {what}",
        )
    parser.add_argument(
        "--no-diff", action="store_true", help="leave diffs and the input of commands out"
    )
    add_json(parser)
    add_target(parser)
    add_side_by_side(parser)


def run(options: Namespace) -> int:
    """Print the session."""
    if options.target is not None:
        # Only for other machines.
        from shannot.cli.elsewhere import elsewhere

        return elsewhere("show", options, options.id)
    caller = current_caller()
    store = open_store(caller)
    session_id = store.resolve(options.id)
    if options.file:
        return _print_file(store, store.load(session_id), options.file, options.json)
    rules = reviewing_rules(caller, lambda line: say(f"shannot: {line}"))
    review = show(store, session_id, rules)
    found = Contents({}, {}) if options.no_diff else read_contents(store, review.session)
    if options.json:
        print(success("show", review_document(review, found)))
        return DONE
    style = style_for(sys.stdout.fileno(), os.environ)
    sys.stdout.writelines(f"{text}\n" for text in review_texts(review, found, style))
    step = next_step(review.session)
    if step and not review.session.is_decided_by_another(caller.uid):
        sys.stdout.flush()
        say(f"shannot: next: {step}")
    return DONE


def _print_file(store: Store, session: Session, name: str, json: bool) -> int:
    """A file of the session."""
    data = store.script(session) if name == "script" else store.contents(session.id, name)
    if json:
        print(success("show", {"id": session.id, name: contents(data)}))
        return DONE
    write_contents(data)
    return DONE


def write_contents(data: bytes) -> None:
    """Byte for byte, but to a terminal only what it may obey."""
    if sys.stdout.isatty():
        sanitiser = Sanitiser()
        data = sanitiser.feed(data) + sanitiser.close()
    sys.stdout.buffer.write(data)
