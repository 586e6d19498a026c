"""The reading verbs: `list_sessions`, `show`. Nothing is changed. `diff` is `contents.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from shannot.effects.document import MalformedError
from shannot.effects.model import Effect, RunCommand
from shannot.effects.warnings import warnings
from shannot.errors import ShannotError
from shannot.sessions.decision import put_back_whole
from shannot.sessions.model import EffectResult, Session, Summary
from shannot.sessions.reported import MAX_REPORTED, REPORTED, kept
from shannot.sessions.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.policy.danger import Danger, Level
    from shannot.policy.profile import Profile

WAITING = ("pending", "approved", "executing", "failed", "rolling-back")


@dataclass(frozen=True, slots=True)
class Listing:
    """Sessions, oldest first, and what could not be read."""

    sessions: tuple[Summary, ...]
    broken: tuple[str, ...]
    """One line each."""


class ReviewedEffect(NamedTuple):
    """One effect as a reviewer meets it."""

    number: int
    effect: Effect
    warnings: tuple[str, ...]
    result: EffectResult | None
    dangers: tuple[Danger, ...] = ()
    """Of a command: what it can touch."""


@dataclass(frozen=True, slots=True)
class Review:
    """A session in full. `digest` is what an approval of what is displayed here is bound to."""

    session: Session
    effects: tuple[ReviewedEffect, ...]
    digest: str
    waits: bool = False
    """Its script still runs, and waits for a decision about the effect `session.asking`."""


def list_sessions(store: Store, waiting_only: bool = False) -> Listing:
    """All sessions, or those that wait for a decision or an execution."""
    sessions: list[Summary] = []
    broken: list[str] = []
    for found in store.summaries():
        if isinstance(found, MalformedError):
            broken.append(str(found))
        elif not waiting_only or found.state in WAITING:
            if found.asking is not None and not _waits(store, found):
                found = replace(found, asking=None)
            sessions.append(found)
    return Listing(tuple(sessions), tuple(broken))


def _waits(store: Store, found: Summary | Session) -> bool:
    """Is there a script that waits for what the session asks? It may have been killed."""
    if found.asking is None:
        return False
    from shannot.sessions.live import is_live  # seldom, and it imports all that runs commands

    try:
        return is_live(store, found.id)
    except ShannotError:
        return False


def show(
    store: Store, session_id: str, rules: Callable[[], Profile | None] | None = None
) -> Review:
    """A session with its effects, their warnings and results.

    rules: what makes the profile as it is now, by which a command that was not run yet may be
    denied; it is asked where there are such commands.
    """
    session = store.load(session_id)
    results = {result.number: result for result in _results(store, session)}
    denials = {}
    if rules is not None and session.state in WAITING:
        denials = _denials(session.plan.effects, results, rules)
    effects = tuple(
        ReviewedEffect(
            number,
            effect,
            lines if number not in denials else (*lines, denials[number]),
            results.get(number),
            dangers_of(effect) if isinstance(effect, RunCommand) else (),
        )
        for number, (effect, lines) in enumerate(
            zip(session.plan.effects, warnings(session.plan), strict=True), 1
        )
    )
    return Review(session, effects, session.digest(), _waits(store, session))


def _results(store: Store, session: Session) -> Sequence[EffectResult]:
    """What came of the effects, here or, of what was proposed, at an operator's."""
    found: Sequence[EffectResult] = session.results
    if not found:
        data = store.contents(session.id, REPORTED, MAX_REPORTED)
        found = kept(data, len(session.plan.effects))
    if session.state != "rolled-back":
        return found
    whole = put_back_whole(session.history)
    return [_since(result, session.plan.effects[result.number - 1], whole) for result in found]


def _since(result: EffectResult, effect: Effect, whole: bool) -> EffectResult:
    """With what a rollback made of it since."""
    if result.state != "done":
        return result
    if isinstance(effect, RunCommand):
        return replace(result, message="not undone by the rollback since")
    told = "put back since" if whole else "put back since, unless the rollback left it out"
    return replace(result, message=told)


def ending(session: Session) -> str:
    """How its script has ended."""
    if session.asking is not None:
        return f"nobody knows how: it was killed while it waited for effect {session.asking}"
    return f"exit status {session.outcome.exit_status}"


def _denials(
    effects: Sequence[Effect],
    results: Mapping[int, EffectResult],
    rules: Callable[[], Profile | None],
) -> dict[int, str]:
    """Of the commands that were not run yet and are denied by now: why, by number."""
    commands = {
        number: effect
        for number, effect in enumerate(effects, 1)
        if isinstance(effect, RunCommand) and number not in results
    }
    profile = rules() if commands else None
    if profile is None:
        return {}
    from shannot.workflows.verdicts import denied_now  # the policy: only where there are commands

    denials = {number: denied_now(command, profile) for number, command in commands.items()}
    return {number: denial for number, denial in denials.items() if denial}


def danger_of(store: Store, summary: Summary) -> Level | None:
    """How much attention the commands of a waiting session need; None for one that is over, and
    for one whose plan cannot be read, which is said where it is shown."""
    if summary.state not in ("pending", "approved", "executing"):
        return None
    try:
        plan = store.load(summary.id).plan
    except ShannotError:
        return None
    from shannot.policy.danger import level  # only where there are commands to be judged

    return level([danger for effect in plan.effects for danger in dangers_of(effect)])


def dangers_of(effect: Effect) -> tuple[Danger, ...]:
    """What a command can touch; nothing for other effects, whose warnings say all."""
    if isinstance(effect, RunCommand):
        from shannot.policy.danger import dangers  # most plans have a few commands, or none

        return dangers(effect.argv, effect.directory)
    return ()
