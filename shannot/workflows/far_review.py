"""A session of another machine, read from the document that it sent: hostile, and checked as such.

What is shown of it is made here from the plan itself: its digest, warnings and dangers are computed
and not believed, so an approval names exactly what was displayed. The text of a diff and the bytes
before a change are the other machine's word; the input of a command is compared with its hash.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, cast

from shannot.effects import codec
from shannot.effects.diff import Diff
from shannot.effects.document import Document, MalformedError
from shannot.effects.model import RunCommand
from shannot.effects.plan import Plan, digest
from shannot.effects.warnings import warnings
from shannot.errors import RefusedError
from shannot.sessions.decision import NAME, event_from_json
from shannot.sessions.ids import is_id
from shannot.sessions.lifecycle import STATES
from shannot.sessions.model import (
    MAX_EFFECTS,
    Summary,
    result_from_json,
    session_from_json,
)
from shannot.workflows.review import Review, ReviewedEffect, dangers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shannot.effects.model import Effect
    from shannot.sessions.lifecycle import State
    from shannot.sessions.model import EffectResult

_ADDED = ("number", "warnings", "dangers", "danger", "diff", "stdin", "result")
"""What stands beside an effect's own fields in the document of `show`."""
_HEAD = (
    "id", "created", "state", "script", "argv", "runtime", "view", "directory", "user", "uid",
    "host", "outcome", "complete", "decision", "history", "parent",
)  # fmt: skip
_KINDS = ("same", "text", "binary", "large", "unavailable")
_LISTED_MAX = 100_000


class FarReview:
    """A session in full, with what its effects write and its commands read, by effect number."""

    __slots__ = ("diffs", "inputs", "review")

    def __init__(
        self, review: Review, diffs: Mapping[int, Diff], inputs: Mapping[int, bytes | None]
    ) -> None:
        self.review = review
        self.diffs = diffs
        self.inputs = inputs  # None: too long to be shown


def read_review(result: Document, session_id: str) -> FarReview:
    """The review in the result of `show`. Raises MalformedError, RefusedError.

    RefusedError where it is of another session, or the digest is not that of the plan.
    """
    effects: list[Effect] = []
    results: list[EffectResult] = []
    diffs: dict[int, Diff] = {}
    inputs: dict[int, bytes | None] = {}
    for number, child in enumerate(result.children("effects", MAX_EFFECTS), 1):
        if child.integer("number") != number:
            raise MalformedError(f"{child.where}: not effect {number}")
        own = {name: value for name, value in child.fields().items() if name not in _ADDED}
        effect = codec.from_json(Document(own, child.where))
        effects.append(effect)
        found = child.optional_child("diff")
        if found is not None:
            diffs[number] = _diff(found)
        if isinstance(effect, RunCommand) and effect.stdin_sha256 is not None:
            inputs[number] = _input(child, effect.stdin_sha256)
        done = child.optional_child("result")
        if done is not None:
            results.append(result_from_json(done))
    plan = Plan(tuple(effects), result.boolean("complete"), result.texts("notes", 10_000))
    computed = digest(plan)
    if result.sha256("digest") != computed or result.text("id", 80) != session_id:
        raise RefusedError(f"{result.where}: the digest is not that of the plan that was sent")
    head: dict[str, object] = {name: result.take(name) for name in _HEAD}
    rest = {"format": 1, "plan_digest": computed, "effects": len(effects), "options": []}
    document = Document({**head, **rest, "asking": None}, result.where)
    session = session_from_json(document, plan, computed, tuple(results))
    by_number = {item.number: item for item in results}
    reviewed = tuple(
        ReviewedEffect(number, effect, lines, by_number.get(number), dangers_of(effect))
        for number, (effect, lines) in enumerate(zip(effects, warnings(plan), strict=True), 1)
    )
    return FarReview(Review(session, reviewed, computed), diffs, inputs)


def read_diff(document: Document) -> tuple[int, str, Diff]:
    """(effect number, path, diff) of one item of the result of `diff`. Raises MalformedError."""
    number = document.integer("number", 1, MAX_EFFECTS)
    return number, document.text("path"), _diff(document.child("diff"))


def read_summaries(result: Document) -> tuple[Summary, ...]:
    """The sessions in the result of `list`. Raises MalformedError."""
    return tuple(_summary(item) for item in result.children("sessions", _LISTED_MAX))


def _summary(document: Document) -> Summary:
    session_id = document.text("id", 80)
    if not is_id(session_id):
        raise MalformedError(f"{document.where}: not a session id")
    decided = document.optional_child("decided")
    return Summary(
        id=session_id,
        created=document.integer("created"),
        script=document.text("script"),
        state=cast("State", codec.one_of(document, "state", STATES)),
        directory=document.path("directory"),
        user=document.text("user", NAME),
        host=document.text("host", NAME),
        exit_status=document.integer("exit_status", 0, codec.MAX_STATUS),
        complete=document.boolean("complete"),
        effects=document.integer("effects", 0, MAX_EFFECTS),
        parent=document.optional_text("parent", 80),
        decided=None if decided is None else event_from_json(decided),
        asking=document.optional_integer("asking", 1, MAX_EFFECTS),
    )


def _diff(document: Document) -> Diff:
    kind = codec.one_of(document, "kind", _KINDS)
    found = Diff(
        cast(Literal["same", "text", "binary", "large", "unavailable"], kind),
        _lines(document),
        document.integer("added"),
        document.integer("removed"),
        document.integer("omitted"),
    )
    document.finish()
    return found


def _lines(document: Document) -> tuple[str, ...]:
    """Of any length and characters: they are contents, which are only ever shown escaped."""
    lines = document.items("lines")
    if not all(isinstance(line, str) for line in lines):
        raise MalformedError(f"{document.where}: 'lines' holds more than text")
    return tuple(str(line) for line in lines)


def read_contents_of(found: Document) -> bytes:
    """Bytes, as `--json` shows them. Raises MalformedError."""
    try:
        if "text" in found.names():
            return str(found.take("text")).encode("utf-8")
        return base64.b64decode(str(found.take("base64")), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise MalformedError(f"{found.where}: no bytes")


def _input(effect: Document, expected: str) -> bytes | None:
    found = effect.optional_child("stdin")
    if found is None:
        return None
    data = read_contents_of(found)
    if sha256(data).hexdigest() != expected:
        raise MalformedError(f"{found.where}: not the input that the plan names")
    return data
