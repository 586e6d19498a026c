"""The decision about a session: `approve` and `reject`. Values in, the session out.

That a person decides (`/dev/tty`, `--yes`) is the faces' to see to; that what is approved is what
was displayed is seen to here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from shannot.effects.dependencies import Gap, closure, find_gaps
from shannot.effects.model import RunCommand
from shannot.effects.numbering import numbered
from shannot.effects.plan import waiting
from shannot.errors import RefusedError, UnsuccessfulError, UsageError
from shannot.escape import escape
from shannot.sessions import lifecycle
from shannot.sessions.asking import take
from shannot.sessions.decision import Decision, Event, Person, with_event
from shannot.sessions.live import is_live
from shannot.sessions.model import Session
from shannot.sessions.store import Lock, Store
from shannot.workflows import auditing

LIFETIME = 24 * 3600
"""Seconds in which an approval must be begun where the configuration names no other time."""


def approve(
    store: Store,
    session_id: str,
    effects: Sequence[int] | None,
    *,
    displayed_digest: str,
    person: Person,
    now: int,
    lifetime: int = LIFETIME,
    accept_gaps: bool = False,
    displayed: Session | None = None,
) -> Session:
    """Approve the effects with these numbers, None for all that wait.

    displayed_digest: `Review.digest` of the plan that the person was shown. now: seconds since the
    epoch; lifetime: seconds from then in which it must be begun. accept_gaps: the person was shown
    what `gaps` says of this choice, and wants it all the same. displayed: the session that was
    shown, where it is at hand: its plan is not read twice if it is the same.

    RefusedError where the plan is another one by now, UsageError for a number that is not
    waiting, UnsuccessfulError for a choice with gaps, LifecycleError where the session cannot be
    approved.
    """
    with auditing.refusals(store, "approve", session_id), store.lock(session_id, "approve") as lock:
        session = lock.load(displayed)
        lifecycle.check(session_id, session.state, "approved")
        if session.digest() != displayed_digest:
            raise RefusedError(
                f"the plan of session {session_id} is not the one that was shown; look again"
            )
        check_question(store, session)
        store.script(session)  # the script that was shown, too
        chosen = _chosen(session, effects)
        if not accept_gaps:
            _check_gaps(session, chosen)
        decision = Decision(
            person, now, digest=displayed_digest, effects=chosen, expires=now + lifetime
        )
        return _decide(lock, session, "approved", decision, f"effects {ranges(chosen)}")


def reject(store: Store, session_id: str, *, reason: str, person: Person, now: int) -> Session:
    """Nothing of it will be executed (any more). LifecycleError where that is no longer so."""
    with auditing.refusals(store, "reject", session_id), store.lock(session_id, "reject") as lock:
        session = lock.load()
        lifecycle.check(session_id, session.state, "rejected")
        take(lock.directory_fd, session_id, store.owner)
        return _decide(lock, session, "rejected", Decision(person, now, reason=reason), reason)


def check_question(store: Store, session: Session) -> None:
    """RefusedError where its script waits for what cannot be approved: it would not get that, and
    go on as if it had been tried."""
    asked = session.plan.effects[session.asking - 1] if session.asking is not None else None
    if isinstance(asked, RunCommand) and asked.state == "barred" and is_live(store, session.id):
        raise RefusedError(
            f"what the script waits for cannot be approved: {asked.reason};"
            f" `shannot reject {session.id} --reason …` lets it go on without"
        )


def _why(session: Session, number: int) -> str:
    effect = session.plan.effects[number - 1]
    if isinstance(effect, RunCommand) and effect.state in ("refused", "barred"):
        return "it was refused" if effect.state == "refused" else effect.reason
    return "it was done already"


def gaps(session: Session, effects: Sequence[int] | None) -> tuple[Gap, ...]:
    """What such a choice leaves out that it rests on: to be shown before it is approved."""
    return find_gaps(session.plan, {*_chosen(session, effects), *done(session)})


def done(session: Session) -> frozenset[int]:
    """The effects that were executed already: while the script waited, or by an execution."""
    return frozenset(result.number for result in session.results if result.state == "done")


def possible(session: Session) -> tuple[int, ...]:
    """The effects that can be approved: those that wait and were not executed already."""
    before = done(session)
    return tuple(number for number in waiting(session.plan) if number not in before)


def check_decision(session: Session, shown: Decision) -> None:
    """RefusedError where the approval is not the one that the person was shown, or has given."""
    if session.decision != shown:
        raise RefusedError(
            f"session {session.id} was decided about anew since, not as was shown; look again"
        )


def _decide(
    lock: Lock,
    session: Session,
    state: Literal["approved", "rejected"],
    decision: Decision,
    note: str,
) -> Session:
    event = Event(state, decision.when, decision.person, note)
    history = with_event(session.history, event)
    decided = replace(session, state=state, decision=decision, history=history)
    auditing.decided(lock.store, decided, decision)
    lock.save(decided)
    return decided


def _check_gaps(session: Session, chosen: tuple[int, ...]) -> None:
    before = done(session)
    found = find_gaps(session.plan, {*chosen, *before})
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        together = ranges(
            tuple(n for n in closure(session.plan, {*chosen, *before}) if n not in before)
        ).replace(" ", "")
        raise UnsuccessfulError(f"{found[0]}{more}; `--effects {together}` has it all")


def parse_numbers(text: str) -> tuple[int, ...]:
    """The effect numbers in `1,3-5`, ascending. UsageError."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not _is_number(first) or (dash and not _is_number(last)):
            raise UsageError(f"{escape(text[:80])!r} does not name effects; write 1,3-5 for them")
        low, high = int(first), int(last or first)
        if not 1 <= low <= high:
            raise UsageError(f"{escape(text[:80])!r} does not name effects: they count from 1 up")
        numbers.update(range(low, high + 1))
    return tuple(sorted(numbers))


def ranges(numbers: Sequence[int]) -> str:
    """`1, 3-5` for (1, 3, 4, 5); the inverse of `parse_numbers`."""
    return numbered(numbers, ", ")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 7


def _chosen(session: Session, effects: Sequence[int] | None) -> tuple[int, ...]:
    wanted = possible(session)
    if not wanted:
        raise UnsuccessfulError("nothing waits for an approval in this session")
    if effects is None:
        return wanted
    if not effects:
        raise UsageError("no effect was chosen; to do none, reject the session")
    known = set(wanted)
    for number in effects:
        if not 1 <= number <= len(session.plan.effects):
            raise UsageError(
                f"there is no effect {number}; the last one is {len(session.plan.effects)}"
            )
        if number not in known:
            raise UsageError(f"effect {number} does not wait: {_why(session, number)}")
    return tuple(sorted(set(effects)))
