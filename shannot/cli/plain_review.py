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
from shannot.errors import NotFoundError, ShannotError
from shannot.escape import escape
from shannot.workflows.answers import answer as answer_proposer
from shannot.workflows.approve import reject
from shannot.workflows.person import person
from shannot.workflows.present_rules import present_rules
from shannot.workflows.review import list_sessions, show

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping, Sequence

    from shannot.sessions.lifecycle import State
    from shannot.sessions.store import Store
    from shannot.workflows.request import Caller
    from shannot.workflows.review import Listing

    class Verbs(Protocol):
        """`approve`, as it is on the command line (`commands/approve.py`)."""

        def parse(self, words: Sequence[str]) -> Namespace:
            """Its options."""

        def approve(self, options: Namespace, caller: Caller, store: Store, session_id: str) -> int:
            """Show the session whole, ask, and approve."""

        def roll_back(self, session_id: str) -> int:
            """Show what would be put back, ask, and put it back."""


# By its first letter, which no other has: what is asked, and for which states of a session.
_ANSWERS: Mapping[str, tuple[str, str]] = {
    "show": ("[s]how it", ""),
    "text": ("[t]ext of the script", ""),
    "approve": ("[a]pprove it", "pending approved"),
    "x": ("[x] approve and execute it", "pending"),
    "choose": ("[c]hoose effects", "pending approved"),
    "execute": ("[e]xecute what was approved", "approved executing failed"),
    "go": ("[g]o again with the command that was interrupted or failed", "executing failed"),
    "leave": ("[l]eave that command out and go on", "executing failed"),
    "undo": ("[u]ndo what was done", "executing failed executed rolling-back"),
    "reject": ("[r]eject it", "pending approved failed"),
    "back": ("[b]ack", ""),
}
_AGAIN = {"g": "--redo", "l": "--skip"}


def plain_review(store: Store, caller: Caller, verbs: Verbs) -> None:
    """Ask which session, and what is to become of it, until nothing is answered.

    RefusedError where there is no terminal.
    """
    every = False
    while True:
        listing = list_sessions(store, waiting_only=not every)
        with Terminal("reviewing") as terminal:
            terminal.show(_listed(listing))
            other = "[w] for those that wait" if every else "[a] for all"
            answer = terminal.line(f"Which one? Its number, {other}, or Enter to leave:")
            if not answer:
                return
            if answer in ("a", "w"):
                every = answer == "a"
            elif not _is_among(answer, listing):
                terminal.show([f"there is no session {escape(answer[:40])} in this list"])
            else:
                session_id = listing.sessions[int(answer) - 1].id
        if _is_among(answer, listing):
            _about(store, caller, session_id, verbs)


def _is_among(answer: str, listing: Listing) -> bool:
    is_number = answer.isascii() and answer.isdigit() and len(answer) < 8
    return is_number and 1 <= int(answer) <= len(listing.sessions)


def _listed(listing: Listing) -> Iterator[str]:
    yield ""
    for number, session in enumerate(listing.sessions, 1):
        effects = f"{session.effects} effect{'' if session.effects == 1 else 's'}"
        yield f"{number:4}  {session.state:<12} {session.id}  {effects}  {escape(session.script)}"
    for line in listing.broken:
        yield f"   !  {escape(line)}"
    if not listing.sessions:
        yield "nothing waits"


def _about(store: Store, caller: Caller, session_id: str, verbs: Verbs) -> None:
    """One session, until it is left."""
    while True:
        try:
            state = store.summary(session_id).state
            with Terminal("reviewing") as terminal:
                answer = _choice(terminal, session_id, state)
                effects = terminal.line("Which effects (1,3-5)?") if answer == "c" else ""
                reason = terminal.line("Why?") if answer == "r" else ""
            if answer in ("", "b"):
                return
            _do(store, caller, session_id, verbs, answer, effects or reason)
        except NotFoundError as error:
            _say(error)
            return
        except ShannotError as error:
            _say(error)


def _choice(terminal: Terminal, session_id: str, state: State) -> str:
    """The first letter of what is to be done about it, "" at the end of the terminal."""
    offered = {
        word: text for word, (text, states) in _ANSWERS.items()
        if not states or state in states.split()
    }  # fmt: skip
    return terminal.choose(
        f"{session_id} is {state}\n{', '.join(offered.values())}:", tuple(offered), lambda _: False
    )


def _say(error: ShannotError) -> None:
    with Terminal("reviewing") as terminal:
        terminal.show([f"shannot: {escape(line)}" for line in str(error).splitlines()])


def _do(
    store: Store, caller: Caller, session_id: str, verbs: Verbs, answer: str, text: str
) -> None:
    """What was answered. ShannotError where that cannot be."""
    words = [session_id, *(["--execute"] if answer == "x" else [])]
    words += [_AGAIN[answer]] if answer in _AGAIN else []
    options = verbs.parse([*words, *(["--effects", text] if answer == "c" else [])])
    match answer:
        case "a" | "x" | "c":
            verbs.approve(options, caller, store, session_id)
        case "e" | "g" | "l":
            execute_session("approve", store, caller, session_id, options)
        case "u":
            verbs.roll_back(session_id)
        case "r":
            with Terminal("reviewing") as terminal:
                who = person(caller, terminal.name())
            rejected = reject(store, session_id, reason=text, person=who, now=int(time.time()))
            answer_proposer(store, caller, rejected)
        case "t":
            with Terminal("reviewing") as terminal:
                terminal.show(_numbered(store.script(store.load(session_id))))
        case _:
            review = show(store, session_id, present_rules(caller))
            with Terminal("reviewing") as terminal:
                style = style_for(terminal.fileno(), os.environ)
                terminal.show(review_lines(review, read_contents(store, review.session), style))


def _numbered(script: bytes) -> Iterator[str]:
    lines = script.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
    digits = len(str(len(lines)))
    for number, line in enumerate(lines, 1):
        yield f"{number:>{digits}} | {escape(line, keep=chr(9))}"
