"""The review as plain questions, one after the other: `shannot approve` where TERM is dumb.

Nothing is decided here that `approve`, `reject` and `execute` do not decide when they are named.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Protocol

from shannot.cli.executing import execute_session
from shannot.cli.render import style_for
from shannot.cli.render_session import read_contents, review_lines
from shannot.cli.terminal import Terminal
from shannot.errors import ShannotError
from shannot.escape import escape
from shannot.workflows.answers import answer as answer_proposer
from shannot.workflows.approve import reject
from shannot.workflows.person import person
from shannot.workflows.present_rules import present_rules
from shannot.workflows.review import list_sessions, show

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from shannot.sessions.store import Store
    from shannot.workflows.request import Caller
    from shannot.workflows.review import Listing

    class Verbs(Protocol):
        """`approve`, as it is on the command line (`commands/approve.py`)."""

        def parse(self, words: Sequence[str]) -> Namespace:
            """Its options."""

        def approve(self, options: Namespace, caller: Caller, store: Store, session_id: str) -> int:
            """Show the session whole, ask, and approve."""


_WHAT = (
    "[s]how it, [a]pprove it, [x] approve and execute it, [c]hoose effects, [r]eject it,"
    " [e]xecute what was approved, [b]ack:"
)
_ANSWERS = ("show", "approve", "x", "choose", "reject", "execute", "back")


def plain_review(store: Store, caller: Caller, verbs: Verbs) -> None:
    """Ask which session, and what is to become of it, until nothing is answered.

    RefusedError where there is no terminal.
    """
    while True:
        listing = list_sessions(store, waiting_only=True)
        with Terminal("reviewing") as terminal:
            terminal.show(_listed(listing))
            answer = terminal.line("Which one? Its number, or Enter to leave:")
        if not answer:
            return
        if not answer.isdigit() or not 1 <= int(answer) <= len(listing.sessions):
            continue
        _about(store, caller, listing.sessions[int(answer) - 1].id, verbs)


def _listed(listing: Listing) -> Iterator[str]:
    yield ""
    for number, session in enumerate(listing.sessions, 1):
        effects = f"{session.effects} effect{'' if session.effects == 1 else 's'}"
        yield f"{number:4}  {session.state:<10} {session.id}  {effects}  {escape(session.script)}"
    for line in listing.broken:
        yield f"   !  {escape(line)}"
    if not listing.sessions:
        yield "nothing waits"


def _about(store: Store, caller: Caller, session_id: str, verbs: Verbs) -> None:
    """One session, until it is left."""
    while True:
        with Terminal("reviewing") as terminal:
            answer = terminal.choose(f"{session_id}\n{_WHAT}", _ANSWERS, lambda _: False)
            effects = terminal.line("Which effects (1,3-5)?") if answer == "c" else ""
            reason = terminal.line("Why?") if answer == "r" else ""
        if answer in ("", "b"):
            return
        try:
            _do(store, caller, session_id, verbs, answer, effects or reason)
        except ShannotError as error:
            with Terminal("reviewing") as terminal:
                terminal.show([f"shannot: {escape(line)}" for line in str(error).splitlines()])


def _do(
    store: Store, caller: Caller, session_id: str, verbs: Verbs, answer: str, text: str
) -> None:
    """What was answered. ShannotError where that cannot be."""
    words = [session_id, *(["--execute"] if answer == "x" else [])]
    options = verbs.parse([*words, *(["--effects", text] if answer == "c" else [])])
    match answer:
        case "a" | "x" | "c":
            verbs.approve(options, caller, store, session_id)
        case "e":
            execute_session("approve", store, caller, session_id, options)
        case "r":
            with Terminal("reviewing") as terminal:
                who = person(caller, terminal.name())
            rejected = reject(store, session_id, reason=text, person=who, now=int(time.time()))
            answer_proposer(store, caller, rejected)
        case _:
            review = show(store, session_id, present_rules(caller))
            with Terminal("reviewing") as terminal:
                style = style_for(terminal.fileno(), os.environ)
                terminal.show(review_lines(review, read_contents(store, review.session), style))
