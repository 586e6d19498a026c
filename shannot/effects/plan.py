"""The plan: the ordered effects of one run, and the digest that an approval is bound to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from shannot.effects import codec
from shannot.effects.document import Document, MalformedError, NotOursError, dump
from shannot.effects.model import Effect, RunCommand

FORMAT = 1
MAX_NOTES = 10_000
NOT_HELD = "not in the plan: "
"""How a note begins about something that the script did and no plan can hold."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Effects in the order in which they must happen; they are numbered from 1."""

    effects: tuple[Effect, ...]
    complete: bool = True
    """False where a limit or a signal ended the script before it was through."""
    notes: tuple[str, ...] = ()
    """What else a reviewer must know, one line each."""


def waiting(plan: Plan) -> tuple[int, ...]:
    """The numbers of the effects that still have to happen: all but the commands already done, and
    those that a person has refused."""
    return tuple(
        number
        for number, effect in enumerate(plan.effects, 1)
        if not (isinstance(effect, RunCommand) and effect.state in ("done", "refused", "barred"))
    )


def digest(plan: Plan) -> str:
    """SHA-256 over the canonical JSON of everything in the plan."""
    return hashlib.sha256(dump(to_json(plan)).encode("ascii")).hexdigest()


def to_json(plan: Plan) -> dict[str, object]:
    return {
        "format": FORMAT,
        "effects": [codec.to_json(effect) for effect in plan.effects],
        "complete": plan.complete,
        "notes": list(plan.notes),
    }


def from_json(document: Document) -> Plan:
    """The plan in document; MalformedError says what is wrong and where."""
    check_format(document, FORMAT)
    plan = Plan(
        _effects(document), document.boolean("complete"), document.texts("notes", MAX_NOTES)
    )
    document.finish()
    return plan


def _effects(document: Document) -> tuple[Effect, ...]:
    found: list[Effect] = []
    for number, item in enumerate(document.items("effects"), 1):
        effect: Effect | None = codec.plain_write(item)
        if effect is None:
            effect = codec.from_json(Document(item, f"{document.where}: effects {number}"))
        found.append(effect)
    return tuple(found)


def incompleteness(plan: Plan) -> str:
    """Why an incomplete plan is not all that its script wanted."""
    if any(note.startswith(NOT_HELD) for note in plan.notes):
        return "the script did more than this plan can hold, as its notes say"
    return "the script did not come to its end"


def check_format(document: Document, known: int) -> None:
    """Refuse what a newer version wrote: it may mean more than is understood here."""
    found = document.integer("format")
    if found > known:
        raise NotOursError(
            f"{document.where} has format {found}, this shannot knows {known}: use a newer shannot"
        )
    if found < 1:
        raise MalformedError(f"{document.where}: format {found} never existed")
