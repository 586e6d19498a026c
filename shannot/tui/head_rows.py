"""The head of a session as rows: who ran what, when, how it ended, and all that happened since."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shannot.effects.plan import incompleteness
from shannot.escape import quote
from shannot.sessions.approval import has_expired
from shannot.tui.cells import Span, spans
from shannot.tui.rows import Row
from shannot.workflows.review import ending

if TYPE_CHECKING:
    from shannot.sessions.decision import Event
    from shannot.workflows.review import Review

_WIDTH = 11


def fact(label: str, text: str, style: str = "plain") -> Row:
    """One line of the head: a word of ours, then what it says."""
    gutter = f" {label:<{_WIDTH}} "
    more = " " * (_WIDTH + 1) + ":"
    return Row(spans(text, style), (Span(gutter, "dim"),), (Span(more, "dim"),))


def head_rows(review: Review, is_live: bool) -> list[Row]:
    """Everything that is known of a session besides its effects. is_live: its script still runs."""
    return list(_facts(review, is_live))


def _facts(review: Review, is_live: bool) -> Iterator[Row]:
    session, outcome = review.session, review.session.outcome
    yield fact("session", session.id, "strong")
    yield fact("state", session.state)
    yield fact("script", " ".join([session.script.name, *map(quote, session.argv)]))
    yield fact("", f"sha256 {session.script.sha256}", "dim")
    yield fact(
        "ran",
        f"{moment(session.created)} as {session.user}@{session.host}"
        f" in {session.directory} ({session.view} view)",
    )
    if is_live:
        text = f"the script still runs, and waits for a decision about effect {session.asking}"
        yield fact("WAITS", text, "strong")
    else:
        status = outcome.exit_status or session.asking
        yield fact("ended", ending(session), "warn" if status else "plain")
    if outcome.limit is not None:
        yield fact("stopped", f"it used up its limit: {outcome.limit}", "danger")
    if not session.plan.complete and not is_live:
        yield fact("INCOMPLETE", incompleteness(session.plan), "danger")
    for name, times in outcome.refused:
        yield fact("refused", f"{name}, {times} time{'' if times == 1 else 's'}")
    for path in outcome.missing:
        yield fact("not mapped", path)
    for note in session.plan.notes:
        yield fact("note", note, "warn")
    if session.parent is not None:
        yield fact("resumes", session.parent)
    for event in session.history:
        yield fact(event.what, _event(event))
    decision = session.decision
    if session.state == "approved" and decision is not None and decision.expires is not None:
        over = has_expired(session, time.time())
        word, style = ("expired", "danger") if over else ("expires", "plain")
        yield fact(word, moment(decision.expires), style)
    yield fact("digest", review.digest, "dim")


def _event(event: Event) -> str:
    person = event.person
    text = f"{moment(event.when)} by {person.who} (uid {person.uid}) on {person.where}"
    if person.key:
        text += f" with the ssh key {person.key}"
    if person.address:
        text += f" from {person.address}"
    return f"{text}: {event.note}" if event.note else text


def moment(seconds: int) -> str:
    """Local time, with its distance from UTC."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return f"{seconds} seconds after the epoch"
