"""A session: a script, its plan, and where it stands. Values, and their reading from disk.

On disk (`store.py`) a session is a small `session.json`, everything here but the plan and the
results; `plan.json`, which never changes; and the journal that results are read from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, cast

from shannot.effects.codec import MAX_ID, MAX_STATUS, one_of
from shannot.effects.document import Document, MalformedError
from shannot.effects.plan import Plan, check_format, digest
from shannot.sessions.decision import (
    MAX_EVENTS,
    NAME,
    Decision,
    Event,
    decision_from_json,
    event_from_json,
)
from shannot.sessions.ids import is_id
from shannot.sessions.lifecycle import STATES, State

FORMAT = 1
MAX_EFFECTS = 2_000_000
MAX_PLAN = 256 << 20  # bytes
DRAFT = ".new-"
"""What the directory of a session in the making is named (`draft.py`)."""


@dataclass(frozen=True, slots=True)
class Script:
    """What was run. The session holds a copy of it."""

    name: str
    """As the user named it: a path, `-c`, `-m NAME` or `-`."""
    sha256: str


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How the script ended; the counterpart of `sandbox.spec.Outcome`."""

    exit_status: int
    """A signal is 128+N."""
    limit: str | None = None
    """The limit that ended it."""
    complete: bool = True
    refused: tuple[tuple[str, int], ...] = ()
    """Calls that were refused and how often, sockets included."""
    missing: tuple[str, ...] = ()
    """Host paths looked for that exist but are not mapped."""


@dataclass(frozen=True, slots=True)
class EffectResult:
    """What became of one effect."""

    number: int
    state: Literal["done", "failed", "skipped", "interrupted"]
    message: str = ""
    exit_status: int | None = None
    """Of a command that ended; a signal is 128+N, the time limit 124."""
    stdout_size: int = 0
    """Bytes that a command wrote; of each stream the beginning is kept (`command.py`)."""
    stderr_size: int = 0

    def text(self) -> str:
        """In words, not escaped: the message may hold anything."""
        told: str = self.state
        if self.exit_status is not None:
            told += f", exit status {self.exit_status}"
        return f"{told}: {self.message}" if self.message else told


@dataclass(frozen=True, slots=True)
class Session:
    """Everything about one run. `plan` is left out of session.json, `results` too."""

    id: str
    created: int
    """Seconds since the epoch."""
    script: Script
    argv: tuple[str, ...]
    """The script's own arguments."""
    runtime: str
    view: str
    directory: str
    user: str
    uid: int
    host: str
    outcome: RunOutcome
    plan: Plan
    state: State = "pending"
    decision: Decision | None = None
    """The approval or the rejection."""
    results: tuple[EffectResult, ...] = ()
    """By number; effects that nothing was done about have none."""
    history: tuple[Event, ...] = ()
    """What happened to it, oldest first."""
    parent: str | None = None
    """The session that this run resumed."""
    options: tuple[str, ...] = ()
    """Of the run, as they would be typed."""
    asking: int | None = None
    """The command, by its number, that the running script waits for (`live.py`)."""
    plan_digest: str = field(default="", compare=False)
    """Of the plan as it was read; empty where it never was on disk."""

    def digest(self) -> str:
        """What an approval of this plan is bound to."""
        return self.plan_digest or digest(self.plan)

    def is_decided_by_another(self, owner: int) -> bool:
        """Was a session of this user's decided about by an operator?"""
        decision = self.decision
        return self.uid == owner and decision is not None and decision.person.uid != owner


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of a list: what can be said without reading the plan."""

    id: str
    created: int
    script: str
    state: State
    directory: str
    user: str
    host: str
    exit_status: int
    complete: bool
    effects: int
    parent: str | None = None
    """The session that this run resumed."""
    decided: Event | None = None
    """The last thing that happened to it."""
    asking: int | None = None
    """The command that the running script waits for."""


def session_from_json(
    document: Document, plan: Plan, plan_digest: str, results: tuple[EffectResult, ...]
) -> Session:
    """The session whose head is in document. MalformedError where the plan is another one.

    plan_digest: of the bytes that the plan was read from.
    """
    check_format(document, FORMAT)
    if document.sha256("plan_digest") != plan_digest:
        raise MalformedError(f"{document.where}: the plan is not the one that was recorded")
    if (document.integer("effects"), document.boolean("complete")) != (
        len(plan.effects),
        plan.complete,
    ):
        raise MalformedError(f"{document.where}: it does not agree with the plan")
    decision = document.optional_child("decision")
    session = Session(
        id=_id(document),
        created=document.integer("created"),
        script=_script(document.child("script")),
        argv=document.texts("argv"),
        runtime=document.text("runtime", 40),
        view=document.text("view", 40),
        directory=document.path("directory"),
        user=document.text("user", NAME),
        uid=document.integer("uid", 0, MAX_ID),
        host=document.text("host", NAME),
        outcome=_outcome(document.child("outcome")),
        plan=plan,
        state=_state(document),
        decision=None if decision is None else decision_from_json(decision, len(plan.effects)),
        results=results,
        history=tuple(event_from_json(child) for child in document.children("history", MAX_EVENTS)),
        parent=_parent(document),
        options=document.texts("options", 10_000),
        asking=document.optional_integer("asking", 1, len(plan.effects)),
        plan_digest=plan_digest,
    )
    document.finish()
    _check_decision(document, session)
    return session


def summary_from_json(document: Document) -> Summary:
    check_format(document, FORMAT)
    outcome = document.child("outcome")
    return Summary(
        id=_id(document),
        created=document.integer("created"),
        script=document.child("script").text("name"),
        state=_state(document),
        directory=document.path("directory"),
        user=document.text("user", NAME),
        host=document.text("host", NAME),
        exit_status=outcome.integer("exit_status", 0, MAX_STATUS),
        complete=document.boolean("complete"),
        effects=document.integer("effects", 0, MAX_EFFECTS),
        parent=_parent(document),
        decided=_last(document),
        asking=document.optional_integer("asking", 1, MAX_EFFECTS),
    )


def result_from_json(document: Document) -> EffectResult:
    states = ("done", "failed", "skipped", "interrupted")
    state = one_of(document, "state", states)
    result = EffectResult(
        number=document.integer("number", 1, MAX_EFFECTS),
        state=cast(Literal["done", "failed", "skipped", "interrupted"], state),
        message=document.text("message"),
        exit_status=document.optional_integer("exit_status", 0, MAX_STATUS),
        stdout_size=document.integer("stdout_size"),
        stderr_size=document.integer("stderr_size"),
    )
    document.finish()
    return result


def _id(document: Document) -> str:
    found = document.text("id", 80)
    if not is_id(found):
        raise MalformedError(f"{document.where}: 'id' is not a session id")
    return found


def _parent(document: Document) -> str | None:
    found = document.optional_text("parent", 80)
    if found is not None and not is_id(found):
        raise MalformedError(f"{document.where}: 'parent' is not a session id")
    return found


def _last(document: Document) -> Event | None:
    history = document.items("history", MAX_EVENTS)
    return event_from_json(Document(history[-1], f"{document.where}: history")) if history else None


def _state(document: Document) -> State:
    return cast(State, one_of(document, "state", STATES))


def _script(document: Document) -> Script:
    script = Script(document.text("name"), document.sha256("sha256"))
    document.finish()
    return script


def _outcome(document: Document) -> RunOutcome:
    refused: list[tuple[str, int]] = []
    for item in document.items("refused", 10_000):
        match item:
            case [str(name), int(count)]:
                refused.append((name, count))
            case _:
                raise MalformedError(f"{document.where}: 'refused' holds no name and number")
    outcome = RunOutcome(
        exit_status=document.integer("exit_status", 0, MAX_STATUS),
        limit=document.optional_text("limit", 40),
        complete=document.boolean("complete"),
        refused=tuple(refused),
        missing=document.texts("missing"),
    )
    document.finish()
    return outcome


def _check_decision(document: Document, session: Session) -> None:
    """A state beyond pending rests on a decision of the right kind."""
    decision = session.decision
    approved = session.state in ("approved", "executing", "executed", "failed")
    if approved and (decision is None or decision.digest is None or not decision.effects):
        raise MalformedError(f"{document.where}: it is {session.state}, but nobody approved it")
    if session.state == "rejected" and decision is None:
        raise MalformedError(f"{document.where}: it is rejected, but nobody rejected it")
