"""`shannot approve`: show the whole plan, ask a person, record the answer; execute if asked to."""

from __future__ import annotations

import codecs
import locale
import os
import sys
import time
from typing import TYPE_CHECKING

from shannot.cli.envelope import success
from shannot.cli.executing import add_execution, execute_session
from shannot.cli.parser import Command, add_json, add_side_by_side, add_target
from shannot.cli.place import current_caller, open_store
from shannot.cli.render import style_for
from shannot.cli.render_session import next_step, read_contents, review_lines
from shannot.cli.review_document import session_document
from shannot.cli.say import say
from shannot.cli.terminal import Terminal
from shannot.errors import DONE, RefusedError, UnsuccessfulError, UsageError
from shannot.escape import escape
from shannot.sessions import lifecycle
from shannot.sessions.live import is_live
from shannot.workflows.answers import answer
from shannot.workflows.approve import (
    LIFETIME,
    approve,
    check_question,
    gaps,
    parse_numbers,
    possible,
    ranges,
)
from shannot.workflows.auditing import refusals
from shannot.workflows.configuration import approval_lifetime, check_yes
from shannot.workflows.person import person, terminal_name
from shannot.workflows.present_rules import present_rules
from shannot.workflows.review import show

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from shannot.cli.parser import Parser
    from shannot.cli.render import Style
    from shannot.cli.render_session import Contents
    from shannot.effects.dependencies import Gap
    from shannot.sessions.model import Session
    from shannot.sessions.store import Store
    from shannot.workflows.request import Caller
    from shannot.workflows.review import Review


def configure(parser: Parser) -> None:
    """The options of `approve`."""
    parser.add_argument(
        "ids",
        metavar="ID",
        nargs="*",
        help="a session's id, or any unique prefix of it; without one, at a terminal: a review"
        " screen (? lists its keys)",
    )
    parser.add_argument("--effects", metavar="LIST", help="only these effects, like 1,3-5")
    parser.add_argument(
        "--yes",
        action="store_true",
        help="do not ask: for a program that decides in your place"
        " (`[approve] allow_yes = false` in the configuration takes this away)",
    )
    parser.add_argument(
        "--digest",
        metavar="HEX",
        help="only if the plan has this digest, which `show --json` names",
    )
    parser.add_argument(
        "--accept-gaps",
        action="store_true",
        help="with --yes: also where --effects leaves out what its choice rests on",
    )
    parser.add_argument("--execute", action="store_true", help="and do it at once")
    add_json(parser)
    add_target(parser)
    add_side_by_side(parser)
    add_execution(parser)


def run(options: Namespace) -> int:
    """Approve sessions. Nothing is approved but what was shown, whole."""
    if options.target is not None:
        # Only for other machines.
        from shannot.cli.elsewhere import elsewhere

        return elsewhere("approve", options, options.ids[0] if options.ids else None)
    caller = current_caller()
    store = open_store(caller)
    if not options.ids:
        return _review(options, caller, store)
    ids = [store.resolve(prefix) for prefix in options.ids]
    check_one(options, ids)
    for session_id in ids:
        lifecycle.check(session_id, store.summary(session_id).state, "approved")
    status = DONE
    for session_id in ids:
        status = status or _approve(options, caller, store, session_id)
    return status


def check_one(options: Namespace, ids: Sequence[str]) -> None:
    """Is what is meant for one session given for one? Raises UsageError."""
    if len(set(ids)) < len(ids):
        raise UsageError("the same session is named twice")
    if options.digest is not None and len(ids) > 1:
        raise UsageError("--digest is that of one session: approve them one by one")
    if options.effects and len(ids) > 1:
        raise UsageError("--effects chooses in one session: approve them one by one")
    if options.json and len(ids) > 1:
        raise UsageError("--json answers for one session: approve them one by one")


def _review(options: Namespace, caller: Caller, store: Store) -> int:
    """The screen: everything is decided there."""
    if options.digest or options.effects or options.yes or options.execute or options.json:
        raise UsageError("which session? `shannot list` shows them")
    if not (os.isatty(0) and os.isatty(1)):
        raise UsageError("which session? Without a terminal it must be named: `shannot list`")
    if is_plain(caller):
        # Only where it is asked for.
        from shannot.cli.plain_review import plain_review

        plain_review(store, caller, _Verbs())
    else:
        # Only for the screen: half of what `approve ID` needs.
        from shannot.tui.start import open_screen

        open_screen(store, caller, terminal_name())
    return DONE


class _Verbs:
    """This command, for the plain questions."""

    def parse(self, words: Sequence[str]) -> Namespace:
        """Its options."""
        return Command("approve", "approve", configure, run).parse(words)

    def approve(self, options: Namespace, caller: Caller, store: Store, session_id: str) -> int:
        """As where the session is named."""
        return _approve(options, caller, store, session_id)

    def roll_back(self, session_id: str) -> int:
        """As `shannot rollback`, where it is asked for."""
        from shannot.cli.commands import rollback

        words = [session_id]
        return rollback.run(
            Command("rollback", "rollback", rollback.configure, rollback.run).parse(words)
        )


def check_screen() -> None:
    """UsageError where no terminal can show the screen."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        raise UsageError("--review needs a terminal; `shannot approve` reviews later")
    if is_plain(current_caller()):
        raise UsageError("this terminal can show no screen; `shannot approve` asks plain questions")


def review_session(session_id: str) -> None:
    """The screen, with this session open (`check_screen` before)."""
    caller = current_caller()
    # Only for the screen, as above.
    from shannot.tui.start import open_screen

    open_screen(open_store(caller), caller, terminal_name(), session_id)


def is_plain(caller: Caller) -> bool:
    """Can the terminal not move its cursor, or not show UTF-8, which the screen needs?"""
    dumb = caller.environment.get("TERM", "dumb") in ("", "dumb")
    return dumb or codecs.lookup(locale.getpreferredencoding(False)).name not in ("utf-8", "ascii")


def _approve(options: Namespace, caller: Caller, store: Store, session_id: str) -> int:
    review = show(store, session_id, present_rules(caller))
    lifecycle.check(session_id, review.session.state, "approved")
    if options.digest is not None and options.digest != review.digest:
        raise RefusedError(f"the plan of {session_id} is not the one with that digest")
    check_question(store, review.session)
    chosen = choose(review.session, options.effects)
    waits = review.session.asking if is_live(store, session_id) else None
    missing = gaps(review.session, chosen)
    contents = read_contents(store, review.session)
    with refusals(store, "approve", session_id):
        where = decide(options, caller, review, contents, chosen, missing, waits)
    session = approve(
        store,
        session_id,
        chosen,
        displayed_digest=review.digest,
        person=person(caller, where),
        now=int(time.time()),
        lifetime=approval_lifetime(caller) or LIFETIME,
        # A person has read them; a program has not.
        accept_gaps=options.accept_gaps or not options.yes,
        displayed=review.session,
    )
    answer(store, caller, session)
    if options.execute:
        return execute_session("approve", store, caller, session_id, options, session.decision)
    _tell(options, session, chosen, waits)
    return DONE


def _tell(options: Namespace, session: Session, chosen: Sequence[int], waits: int | None) -> None:
    if options.json:
        print(success("approve", session_document(session)))
    else:
        say(f"shannot: approved {session.id}: effects {ranges(chosen)}")
        if waits is not None:
            say(f"shannot: the script goes on when effect {waits} has been executed, not before")
        say(f"shannot: next: {next_step(session)}")


def choose(session: Session, text: str | None) -> tuple[int, ...]:
    """The numbers of the effects that are meant. UsageError for one that does not wait."""
    wanted = possible(session)
    if not wanted:
        raise UnsuccessfulError("nothing waits for an approval in this session")
    if text is None:
        return wanted
    chosen = parse_numbers(text)
    waits = set(wanted)
    for number in chosen:
        if number not in waits:
            raise UsageError(f"effect {number} does not wait; those that do: {ranges(wanted)}")
    return chosen


def decide(
    options: Namespace,
    caller: Caller,
    review: Review,
    contents: Contents,
    chosen: Sequence[int],
    missing: Sequence[Gap],
    waits: int | None = None,
) -> str:
    """Show and ask. Returns where the answer came from. RefusedError, UnsuccessfulError.

    waits: the effect that the script, which still runs, waits for.
    """
    if options.yes:
        check_yes(caller, "approve")
        if not options.json:
            style = style_for(sys.stdout.fileno(), os.environ)
            sys.stdout.writelines(f"{line}\n" for line in review_lines(review, contents, style))
            sys.stdout.flush()
        return "--yes"
    with Terminal("approving") as terminal:
        style = style_for(terminal.fileno(), os.environ)
        terminal.show(review_lines(review, contents, style))
        terminal.show(gap_lines(missing, style))
        if waits is not None:
            executed = "it is executed" if options.execute else "you execute it: `shannot execute`"
            terminal.show(
                ["", f"The script waits for effect {waits}, and goes on when {executed}."]
            )
        if not terminal.confirm(_question(review, chosen, options.execute)):
            raise UnsuccessfulError("not approved; `shannot reject` ends the session")
        return terminal.name()


def gap_lines(missing: Sequence[Gap], style: Style) -> Iterator[str]:
    for gap in missing:
        yield style.danger(f"! {escape(str(gap))}")


def _named(numbers: Sequence[int]) -> str:
    """A bare number would be read as how many there are."""
    return f"{'effect' if len(numbers) == 1 else 'effects'} {ranges(numbers)}"


def _question(review: Review, chosen: Sequence[int], execute: bool) -> str:
    total = len(possible(review.session))
    what = "all" if len(chosen) == total else f"only {_named(chosen)} of {total}"
    waiting = " that wait" if total < len(review.effects) else ""
    many = f"{what} {total} effects{waiting}" if what == "all" and total > 1 else what
    many = (
        f"{'the one effect that waits' if waiting else 'this one effect'}" if total == 1 else many
    )
    return f"\nApprove {many}" + (", and execute them now?" if execute else "?")
