"""Is this session approved, as it is and for now? Asked before anything of it is executed."""

from __future__ import annotations

from shannot.effects.plan import incompleteness
from shannot.errors import RefusedError
from shannot.sessions.model import Session


def has_expired(session: Session, now: float) -> bool:
    """Was it approved, and too long ago for anything of it to be begun? now: as below."""
    decision = session.decision
    return (
        session.state == "approved"
        and decision is not None
        and decision.expires is not None
        and now >= decision.expires
    )


def check_approval(session: Session, begun: bool, now: int, incomplete: bool) -> tuple[int, ...]:
    """The approved numbers. RefusedError where the approval is not for this plan, or is too old.

    begun: something of it has been done, so the rest may follow at any time. now: seconds since the
    epoch; a clock that was set back makes nothing expire. incomplete: also where the script did
    not come to its end.
    """
    decision = session.decision
    if decision is None or decision.digest is None:
        raise RefusedError(f"session {session.id} is not approved; `shannot approve {session.id}`")
    if decision.digest != session.digest():
        raise RefusedError(f"the plan of session {session.id} is not the one that was approved")
    if decision.expires is not None and now >= decision.expires and not begun:
        raise RefusedError(
            f"the approval of session {session.id} has expired; `shannot approve {session.id}`"
        )
    if not session.plan.complete and not incomplete:
        raise RefusedError(
            f"the plan of session {session.id} is incomplete: {incompleteness(session.plan)};"
            " --incomplete executes it all the same"
        )
    return decision.effects
