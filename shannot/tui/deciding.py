"""The decision about a session on the screen: what it means, the question, and what follows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shannot.effects.model import RunCommand
from shannot.effects.plan import incompleteness
from shannot.effects.wording import describe
from shannot.errors import ShannotError
from shannot.sessions.apply import Options
from shannot.sessions.approval import has_expired
from shannot.tui.cells import Span, spans
from shannot.tui.confirm_view import Choice, ConfirmView
from shannot.tui.execution_view import ExecutionView, Work
from shannot.tui.executor import execution, rollback
from shannot.tui.rows import Row, lined
from shannot.workflows.approve import ranges

if TYPE_CHECKING:
    from shannot.sessions.model import Session
    from shannot.tui.session_view import SessionView
    from shannot.tui.view import Asks
    from shannot.workflows.rollback import RollbackPlan

_DECIDABLE = ("pending", "approved")
_EXECUTABLE = ("approved", "executing", "failed")


def approve_or_execute(view: SessionView, asks: Asks, execute: bool) -> None:
    """Ask about what the view shows; nothing else is approved."""
    state = view.review.session.state
    if not execute and state not in _DECIDABLE:
        asks.say(f"the session is {state}: there is nothing to approve any more")
    elif execute and state not in (*_DECIDABLE, *_EXECUTABLE):
        asks.say(f"the session is {state}: there is nothing to execute any more")
    elif state in _DECIDABLE and not view.chosen:
        asks.say("no effect is chosen; to do none, reject the session (r)")
    elif state in _DECIDABLE and not (execute and _is_approved_so(view)):
        _ask_approval(view, asks, execute)
    else:
        _ask_execution(view, asks)


def _is_approved_so(view: SessionView) -> bool:
    """Is exactly this choice approved already?"""
    session = view.review.session
    decision = session.decision
    return (
        session.state == "approved"
        and decision is not None
        and decision.digest == view.review.digest
        and set(decision.effects) == view.chosen
        and not has_expired(session, time.time())
    )


def _ask_approval(view: SessionView, asks: Asks, execute: bool) -> None:
    what = "approve and execute" if execute else "approve"
    chosen = tuple(sorted(view.chosen))

    def approve(asks: Asks) -> None:
        try:
            approved = view.desk.approve(view.review, chosen)
        except ShannotError as error:
            view.wake(asks)
            asks.say(str(error), "danger")
            return
        view.wake(asks)
        if execute:
            _execute(view, asks, approved, Options(incomplete=True))
        else:
            asks.say(f"approved: effects {ranges(chosen)}; x executes them")

    rows = list(_meaning(view, chosen, execute))
    title = f"{what[0].upper()}{what[1:]}?"
    asks.push(ConfirmView(title, rows, [Choice("y", what, approve)]))


def _ask_execution(view: SessionView, asks: Asks) -> None:
    """Of what was approved before; where a command was left open, what is to become of it."""
    session = view.review.session
    rows = list(_of_approval(view))
    opened = [
        (result.number, result.state)
        for result in session.results
        if result.state in ("failed", "interrupted")
        and isinstance(session.plan.effects[result.number - 1], RunCommand)
    ]
    if not opened:
        choices = [
            Choice("y", "execute", lambda asks: _execute(view, asks, session, Options(True)))
        ]
    else:
        for number, state in opened:
            rows.append(_line(f"effect {number}, a command, {_was(state)}", "danger"))
        redo, skip = Options(True, redo=True), Options(True, skip=True)
        choices = [
            Choice(
                "R", "run such a command again", lambda asks: _execute(view, asks, session, redo)
            ),
            Choice("S", "go on without it", lambda asks: _execute(view, asks, session, skip)),
        ]
    asks.push(ConfirmView("Execute what was approved?", rows, choices))


def reject(view: SessionView, asks: Asks) -> None:
    """Ask for a reason, and reject."""
    state = view.review.session.state
    if state not in (*_DECIDABLE, "failed"):
        asks.say(f"the session is {state}: it cannot be rejected any more")
        return

    def answered(reason: str) -> None:
        try:
            view.desk.reject(view.review.session.id, reason)
        except ShannotError as error:
            view.wake(asks)
            asks.say(str(error), "danger")
            return
        view.wake(asks)
        asks.say("rejected")

    asks.ask_line("reason to reject it (Escape: do not): ", answered)


def roll_back(view: SessionView, asks: Asks, force: bool = False) -> None:
    """Show what it would put back, and ask."""
    session_id = view.review.session.id
    try:
        plan = view.desk.plan_rollback(session_id, force)
    except ShannotError as error:
        asks.say(str(error), "danger")
        return
    start = rollback(view.desk, session_id, force)
    work = Work(start, plan.undoing.effects, "rolling-back", f"shannot rollback {session_id}")

    def put_back(asks: Asks) -> None:
        asks.push(ExecutionView(view.desk, session_id, work))

    choices = [Choice("y", "put it back", put_back)]
    if plan.conflicts and not force:
        choices = [Choice("F", "put back all that can be", lambda a: roll_back(view, a, True))]
    asks.push(ConfirmView("Roll back?", list(_undoing(plan)), choices))


def _execute(view: SessionView, asks: Asks, session: Session, options: Options) -> None:
    """session: as it was approved, or as its approval was shown."""
    effects = dict(enumerate(session.plan.effects, 1))
    start = execution(view.desk, session, options)
    work = Work(start, effects, "executing", f"shannot execute {session.id}")
    asks.push(ExecutionView(view.desk, session.id, work))


def _undoing(plan: RollbackPlan) -> Iterator[Row]:
    """Every step of a rollback, what it overwrites, and what it cannot do."""
    yield _line(f"session {plan.session.id} is {plan.session.state}; to put it back:")
    conflicts = {conflict.number: conflict.message for conflict in plan.conflicts}
    for number, effect in plan.undoing.effects.items():
        verb, subject, _ = describe(effect)
        yield lined(spans(subject, "strong"), f"{number:>5}  {verb:<9} ")
        if number in plan.forced:
            yield _line("  ! overwrites what has changed since; a copy is kept", "danger")
        if number in conflicts:
            yield _line(f"  ! cannot: {conflicts[number]}", "danger")
    for number in plan.undoing.commands:
        verb, subject, _ = describe(plan.session.plan.effects[number - 1])
        yield _line(f"not undone: what effect {number} did: {verb} {subject}", "warn")
    for path in plan.undoing.parted:
        yield _line(f"comes back as a file of its own, not as another name: {path}", "warn")


def _meaning(view: SessionView, chosen: tuple[int, ...], execute: bool) -> Iterator[Row]:
    """Everything that a yes means."""
    session, total = view.review.session, len(view.review.effects)
    yield _line(f"session {session.id}")
    yield _line("")
    left_out = sorted(view.possible - view.chosen)
    if left_out:
        yield _line(f"only {len(chosen)} of {total} effects: {ranges(chosen)}", "strong")
        yield _line(f"left out: {_named(left_out)}", "warn")
    elif len(chosen) < total:
        yield _line(f"all that wait of {total} effects: {ranges(chosen)}", "strong")
    else:
        yield _line(f"all {total} effects" if total > 1 else "its one effect", "strong")
    yield from _gaps(view, chosen)
    commands = [
        number
        for number in chosen
        if isinstance(view.review.effects[number - 1].effect, RunCommand)
    ]
    if commands:
        yield _line(f"commands that run on this machine: {_named(commands)}")
    warned = [
        number
        for number in chosen
        if view.review.effects[number - 1].warnings or view.review.effects[number - 1].dangers
    ]
    if warned:
        yield _line(f"! with warnings: {_named(warned)}", "danger")
    if session.asking is not None and view.desk.is_live(session.id):
        yield _line(f"the script waits for effect {session.asking}, and gets its real result")
        if not execute:
            yield _line("! it goes on when that is executed (x), not before", "warn")
    elif not session.plan.complete:
        yield _line(f"! incomplete: {incompleteness(session.plan)}", "danger")
    unseen = view.unseen()
    if unseen:
        yield _line(f"! not looked at from beginning to end: {_named(unseen)}", "danger")
    yield _line("")
    then = "They are executed at once." if execute else "They can be executed from then on."
    yield _line(f"{then} The digest of what was shown:")
    yield _line(view.review.digest, "dim")


def _gaps(view: SessionView, chosen: tuple[int, ...]) -> Iterator[Row]:
    try:
        for gap in view.desk.gaps(view.review.session, chosen):
            yield _line(f"! {gap}", "danger")
    except ShannotError as error:
        yield _line(str(error), "danger")


def _of_approval(view: SessionView) -> Iterator[Row]:
    session = view.review.session
    decision = session.decision
    yield _line(f"session {session.id}, {session.state}")
    yield _line("")
    if decision is not None:
        yield _line(f"approved: effects {ranges(decision.effects)}", "strong")
        yield _line(f"by {decision.person.who} on {decision.person.where}")


def _was(state: str) -> str:
    return "was interrupted: nobody knows how far it came" if state == "interrupted" else "failed"


def _named(numbers: Sequence[int]) -> str:
    """`effects 1, 3-5`: a bare number would be read as how many there are."""
    return f"{'effect' if len(numbers) == 1 else 'effects'} {ranges(numbers)}"


def _line(text: str, style: str = "plain") -> Row:
    return Row(spans(text, style), (Span("  "),), (Span("  : "),))
