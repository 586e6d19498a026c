"""Who decided what about a session, when and from where; and all that ever happened to it.

Values, and their reading from disk. A person is what the machine knows of one: the user of the
process, the terminal, and the key that sshd let in. It is a record, not a proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

from shannot.effects.codec import MAX_ID, one_of
from shannot.effects.document import Document, MalformedError

NAME = 4096  # characters in names of people, hosts, terminals
MAX_EVENTS = 10_000
"""Of one session's history; beyond it the oldest but the first are dropped."""

Happened = Literal[
    "approved", "rejected", "executing", "executed", "failed", "rolling-back", "rolled-back"
]


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, and from where."""

    who: str
    """A user name."""
    uid: int
    where: str
    """The terminal, or `--yes` where a program answered."""
    key: str = ""
    """The ssh key that the login was made with, by its comment or fingerprint."""
    address: str = ""
    """Where that login came from."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An approval or a rejection."""

    person: Person
    when: int
    """Seconds since the epoch."""
    reason: str = ""
    """Of a rejection."""
    digest: str | None = None
    """Of an approval: the plan that was displayed."""
    effects: tuple[int, ...] = ()
    """Of an approval: the numbers that were chosen, ascending, counted from 1."""
    expires: int | None = None
    """Of an approval: from then on nothing of it is begun."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a session."""

    what: Happened
    when: int
    """Seconds since the epoch."""
    person: Person
    note: str = ""
    """A reason, or what it came to, in a few words."""


def put_back_note(undone: int, not_undone: int, different: int) -> str:
    """What a rollback came to, as the note of its event."""
    return f"{undone} undone, {not_undone} not, {different} differ"


def put_back_whole(history: tuple[Event, ...]) -> bool:
    """Was the last thing that happened a rollback which left nothing?"""
    last = history[-1] if history else None
    return (
        last is not None
        and last.what == "rolled-back"
        and last.note.endswith(" undone, 0 not, 0 differ")
    )


def person_from_json(document: Document) -> Person:
    person = Person(
        who=document.text("who", NAME),
        uid=document.integer("uid", 0, MAX_ID),
        where=document.text("where", NAME),
        key=document.text("key", NAME),
        address=document.text("address", NAME),
    )
    document.finish()
    return person


def decision_from_json(document: Document, effects: int) -> Decision:
    """effects: how many the plan has."""
    numbers = document.items("effects", effects)
    # bool is an int to Python, and True would count as effect 1.
    chosen = [n for n in numbers if type(n) is int and 1 <= n <= effects]
    if chosen != numbers or chosen != sorted(set(chosen)):
        raise MalformedError(f"{document.where}: 'effects' does not name effects of the plan")
    decision = Decision(
        person=person_from_json(document.child("person")),
        when=document.integer("when"),
        reason=document.text("reason"),
        digest=document.optional_sha256("digest"),
        effects=tuple(chosen),
        expires=document.optional_integer("expires"),
    )
    document.finish()
    return decision


def event_from_json(document: Document) -> Event:
    event = Event(
        what=cast(Happened, one_of(document, "what", get_args(Happened))),
        when=document.integer("when"),
        person=person_from_json(document.child("person")),
        note=document.text("note"),
    )
    document.finish()
    return event


def with_event(history: tuple[Event, ...], event: Event) -> tuple[Event, ...]:
    """The history with one more event."""
    kept = history if len(history) < MAX_EVENTS else (history[0], *history[2:])
    return (*kept, event)
