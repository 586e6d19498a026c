"""What another user has proposed and was not taken over: an operator's no to it, all the same.

There is no session of it here, and so nothing to look at, but its proposer, or an agent that waits
for an answer, would wait for ever. The words of the refusal are in the operator's `list`
(`queue.py`); what the proposer is told is a rejection like any other (`answers.py`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shannot.errors import NotFoundError, ShannotError
from shannot.escape import escape
from shannot.sessions import answer, ids, offer
from shannot.sessions.collected import Ledger
from shannot.sessions.decision import Decision, Event
from shannot.workflows import auditing
from shannot.workflows.configuration import operators_queue

if TYPE_CHECKING:
    from shannot.sessions.decision import Person
    from shannot.sessions.store import Store
    from shannot.workflows.request import Caller


def reject_declined(
    store: Store, caller: Caller, prefix: str, *, reason: str, person: Person, now: int
) -> str | None:
    """Reject what begins so and was not taken over. Its id; None where there is no such entry.

    UsageError where several begin so, AuditError, ShannotError where the queue cannot be written.
    """
    queue = operators_queue(caller)
    queue_fd = None if queue is None else offer.open_queue(queue, store.owner)
    if queue is None or queue_fd is None:
        return None
    try:
        ledger = Ledger(os.path.dirname(store.root), store.owner)
        try:
            declined = {name: user for name, user in offer.entries(queue_fd)
                        if user != store.owner and ledger.declined(name, user)}  # fmt: skip
            try:
                session_id = ids.resolve(prefix, declined)
            except NotFoundError:
                return None
            auditing.note(store, "rejected", session_id, {"reason": reason}, person)
            decision = Decision(person, now, reason=reason)
            event = Event("rejected", now, person, reason)
            answer.lay_out(queue, session_id, "rejected", decision, event, ())
            ledger.note(session_id, declined[session_id])
            return session_id
        except OSError as error:
            message = f"{escape(queue)} cannot be written: {error.strerror}"
            raise ShannotError(message) from error
        finally:
            ledger.close()
    finally:
        os.close(queue_fd)
