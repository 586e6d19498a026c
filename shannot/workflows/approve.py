"""The decision about a session: `approve` and `reject`. Values in, the session out.

That a person decides (`/dev/tty`, `--yes`) is the faces' to see to; that what is approved is what
was displayed is seen to here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shannot.effects.plan import Plan, digest, waiting
from shannot.errors import RefusedError, UnsuccessfulError, UsageError
from shannot.escape import escape
from shannot.sessions import lifecycle
from shannot.sessions.model import Decision, Session
from shannot.sessions.store import Store


def approve(
    store: Store,
    session_id: str,
    effects: Sequence[int] | None,
    *,
    displayed_digest: str,
    who: str,
    where: str,
    now: int,
) -> Session:
    """Approve the effects with these numbers, None for all that wait.

    displayed_digest: `effects.plan.digest` of the plan that the person was shown. who: a user
    name; where: a terminal or an address; now: seconds since the epoch.

    RefusedError where the plan is another one by now, UsageError for a number that is not
    waiting, LifecycleError where the session cannot be approved.
    """
    with store.lock(session_id) as lock:
        session = lock.load()
        lifecycle.check(session_id, session.state, "approved")
        if digest(session.plan) != displayed_digest:
            raise RefusedError(
                f"the plan of session {session_id} is not the one that was shown; look again"
            )
        store.script(session)  # the script that was shown, too
        chosen = _chosen(session.plan, effects)
        decision = Decision(who, now, where, digest=displayed_digest, effects=chosen)
        decided = replace(session, state="approved", decision=decision)
        lock.save(decided)
        return decided


def reject(
    store: Store, session_id: str, *, reason: str, who: str, where: str, now: int
) -> Session:
    """Nothing of it will be executed (any more). LifecycleError where that is no longer so."""
    with store.lock(session_id) as lock:
        session = lock.load()
        lifecycle.check(session_id, session.state, "rejected")
        decision = Decision(who, now, where, reason=reason)
        decided = replace(session, state="rejected", decision=decision)
        lock.save(decided)
        return decided


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


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 7


def _chosen(plan: Plan, effects: Sequence[int] | None) -> tuple[int, ...]:
    possible = waiting(plan)
    if not possible:
        raise UnsuccessfulError("nothing waits in this session: all of it has been done")
    if effects is None:
        return possible
    if not effects:
        raise UsageError("no effect was chosen; to do none, reject the session")
    for number in effects:
        if not 1 <= number <= len(plan.effects):
            raise UsageError(f"there is no effect {number}; the last one is {len(plan.effects)}")
        if number not in possible:
            raise UsageError(f"effect {number} was done while the script ran")
    return tuple(sorted(set(effects)))
