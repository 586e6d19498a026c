"""A session for people: its head, its plan, its results. Lines of text, complete and escaped."""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING

from shannot.cli.render import INDENT, effect_lines
from shannot.effects.numbering import numbered
from shannot.effects.plan import incompleteness
from shannot.escape import escape, quote
from shannot.sessions.approval import has_expired
from shannot.workflows.contents import diff
from shannot.workflows.inputs import inputs
from shannot.workflows.review import ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shannot.cli.render import Style
    from shannot.effects.diff import Diff
    from shannot.policy.danger import Danger
    from shannot.sessions.decision import Person
    from shannot.sessions.model import EffectResult, Session
    from shannot.sessions.store import Store
    from shannot.workflows.review import Review, ReviewedEffect


class Contents:
    """What effects write and commands read, by effect number."""

    __slots__ = ("diffs", "inputs")

    def __init__(self, diffs: Mapping[int, Diff], inputs: Mapping[int, bytes | None]) -> None:
        self.diffs = diffs
        self.inputs = inputs  # None: too long to be shown


def read_contents(store: Store, session: Session) -> Contents:
    """Everything that a reviewer must see of a session, whole."""
    diffs = {item.number: item.diff for item in diff(store, session)}
    return Contents(diffs, inputs(store, session))


def review_lines(review: Review, contents: Contents, style: Style) -> Iterator[str]:
    """Everything there is to review: the head, then effect after effect with what it writes."""
    yield from head_lines(review, style)
    yield from body_lines(review, contents, style)


def body_lines(review: Review, contents: Contents, style: Style) -> Iterator[str]:
    """Effect after effect, with what it writes."""
    return chain.from_iterable(text.split("\n") for text in _body_texts(review, contents, style))


def review_texts(review: Review, contents: Contents, style: Style) -> Iterator[str]:
    """What `review_lines` says, the lines of one effect at a time: there may be many effects."""
    yield "\n".join(head_lines(review, style))
    yield from _body_texts(review, contents, style)


def _body_texts(review: Review, contents: Contents, style: Style) -> Iterator[str]:
    total = len(review.effects)
    yield f"\nplan: {total} effect{'' if total == 1 else 's'}, in this order"
    for reviewed in review.effects:
        yield f"\n{_reviewed_text(reviewed, contents, style)}"


def head_lines(review: Review, style: Style) -> Iterator[str]:
    """Who ran what, when, how it ended, and what was decided."""
    session = review.session
    yield f"session    {style.strong(session.id)}"
    yield f"state      {session.state}"
    yield from _script(session, session.script.name)
    yield (
        f"ran        {moment(session.created)} as {escape(session.user)}@{escape(session.host)}"
        f" in {escape(session.directory)} ({escape(session.view)} view)"
    )
    yield from _outcome(review, style)
    yield from _decision(session)


def common_lines(review: Review, style: Style) -> Iterator[str]:
    """The part of the head that is the same on each machine that came to the same plan."""
    session = review.session
    # Each machine has put it into a directory of its own.
    yield from _script(session, session.script.name.rpartition("/")[2])
    yield (
        f"ran        as {escape(session.user)} in {escape(session.directory)}"
        f" ({escape(session.view)} view)"
    )
    yield from _outcome(review, style)


def _script(session: Session, name: str) -> Iterator[str]:
    script = " ".join([escape(name), *(quote(word) for word in session.argv)])
    yield f"script     {script}"
    yield f"           sha256 {session.script.sha256}"


def _outcome(review: Review, style: Style) -> Iterator[str]:
    session, outcome = review.session, review.session.outcome
    if review.waits:
        yield f"asks       the script waits for a decision about effect {session.asking}"
    else:
        yield f"ended      {ending(session)}"
    if outcome.limit is not None:
        yield style.danger(f"stopped    it used up its limit: {escape(outcome.limit)}")
    if not session.plan.complete and not review.waits:
        yield style.danger(f"incomplete {incompleteness(session.plan)}")
    for name, times in outcome.refused:
        yield f"refused    {escape(name)}, {times} time{'' if times == 1 else 's'}"
    for path in outcome.missing:
        yield f"not mapped {escape(path)}"
    for note in session.plan.notes:
        yield f"note       {escape(note)}"
    yield f"digest     {review.digest}"


def reviewed_lines(reviewed: ReviewedEffect, contents: Contents, style: Style) -> list[str]:
    """One effect, and what became of it."""
    return _reviewed_text(reviewed, contents, style).split("\n")


def _reviewed_text(reviewed: ReviewedEffect, contents: Contents, style: Style) -> str:
    """The same, without a newline at its end. No line holds one: all is escaped."""
    number = reviewed.number
    shown = contents.diffs.get(number)
    warnings = reviewed.warnings
    if reviewed.dangers:
        warnings = (*warnings, *map(danger_text, reviewed.dangers))
    lines = effect_lines(number, reviewed.effect, warnings, shown, style)
    if number in contents.inputs:
        lines += _input_lines(contents.inputs[number])
    if reviewed.result is not None:
        lines.append(f"=> {result_text(reviewed.result)}")
    return f"\n{INDENT}".join(lines)


def danger_text(danger: Danger) -> str:
    """One danger in words, with the part of the command that it stands in."""
    return f"{danger.text}: {danger.command}"


def result_lines(results: Sequence[EffectResult], style: Style) -> Iterator[str]:
    """What became of each effect, a line each."""
    for result in results:
        line = f"{result.number:4}  {result_text(result)}"
        yield line if result.state == "done" else style.danger(line)


def result_text(result: EffectResult) -> str:
    """One result in words."""
    return escape(result.text())


def next_step(session: Session) -> str | None:
    """The next command to type, None where nothing is left to do."""
    match session.state:
        case "approved" if has_expired(session, time.time()):
            return f"shannot approve {session.id} --execute"
        case "pending":
            return f"shannot approve {session.id} --execute"
        case "approved" | "executing" | "failed":
            return f"shannot execute {session.id}"
        case "rolling-back":
            return f"shannot rollback {session.id}"
        case "rejected" | "executed" | "rolled-back":
            return None


def moment(seconds: int) -> str:
    """Local time, with its distance from UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(seconds))


def _input_lines(data: bytes | None) -> Iterator[str]:
    """What a command reads on stdin, each line behind a bar."""
    if data is None:
        yield "| (too long to be shown)"
        return
    text = data.decode("utf-8", "surrogateescape")
    for line in text.removesuffix("\n").split("\n"):
        yield f"| {escape(line, keep=chr(9))}"


def _decision(session: Session) -> Iterator[str]:
    """What was decided, and before it all that happened to the session."""
    if session.parent is not None:
        yield f"resumes    {session.parent}"
    for event in session.history:
        yield f"{event.what:<10} {moment(event.when)} {_by(event.person)}{_note(event.note)}"
    decision = session.decision
    if decision is not None and decision.digest is not None and session.state == "approved":
        yield f"approved   effects {numbered(decision.effects, ', ')}"
        if decision.expires is not None:
            word = "expired   " if has_expired(session, time.time()) else "expires   "
            yield f"{word} {moment(decision.expires)}"


def _by(person: Person) -> str:
    text = f"by {escape(person.who)} (uid {person.uid}) on {escape(person.where)}"
    if person.key:
        text += f" with the ssh key {escape(person.key)}"
    return text + (f" from {escape(person.address)}" if person.address else "")


def _note(note: str) -> str:
    return f": {escape(note)}" if note else ""
