"""What a script printed and what a plan holds, cut to what an agent can take in, and marked."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, get_args

from shannot.effects.codec import from_json
from shannot.effects.document import Document
from shannot.effects.model import Effect
from shannot.effects.wording import describe
from shannot.escape import escape

if TYPE_CHECKING:
    from .revisions import Json, Object

OUTPUT_MAX = 64_000
"""Characters of one stream in a result."""
_LINE_MAX = 2000
_KINDS = {kind.__name__: kind for kind in get_args(Effect)}
PLAN_MAX = 200
"""Effects listed in a result; `show_session` pages through the rest."""


def shown(text: str) -> str:
    """Text that cannot steer a terminal or hide: what is left are lines and tabs."""
    return escape(text, keep="\n\t")


def shorten(text: str, limit: int = OUTPUT_MAX) -> tuple[str, bool]:
    """(the text, was it cut): both ends are kept, and the mark says how much is left out."""
    if len(text) <= limit:
        return text, False
    head, tail = text[: limit * 3 // 4], text[len(text) - limit // 4 :]
    left_out = len(text) - len(head) - len(tail)
    return f"{head}\n[… {left_out} characters left out …]\n{tail}", True


def stream(found: Json) -> tuple[str, bool]:
    """(what one stream of a run's document holds, was it cut): see `cli/envelope.py`."""
    if not isinstance(found, dict):
        return "", False
    if "omitted" in found:
        head, _ = _contents(found.get("head"))
        tail, _ = _contents(found.get("tail"))
        text = f"{head}\n[… {found['omitted']} bytes were not kept …]\n{tail}"
        return shorten(text)[0], True
    return _contents(found)


def _contents(found: Json) -> tuple[str, bool]:
    if not isinstance(found, dict):
        return "", False
    text = found.get("text")
    if isinstance(text, str):
        return shorten(shown(text))
    data = base64.b64decode(str(found.get("base64", "")))
    return shorten(shown(data.decode(errors="backslashreplace")))


def summary(effect: Object) -> str:
    """One line that says what an effect does, in the words of every face."""
    known = _KINDS.get(str(effect.get("effect")))
    if known is None:
        return "an effect of an unknown kind"
    fields = {
        name: effect[name] for name in ("effect", *known.__dataclass_fields__) if name in effect
    }
    verb, what, details = describe(from_json(Document(fields, "effect")))
    label, gap, value = details[0].partition("  ") if details else ("", "", "")
    more = f" ({label}{gap[:1]}{value.lstrip(' ')})" if details else ""
    return shorten(f"{verb} {what}{more}", _LINE_MAX)[0]


def plan(effects: Json) -> tuple[list[Json], int]:
    """(number and summary of the first effects, how many are not listed)."""
    found = effects if isinstance(effects, list) else []
    listed: list[Json] = []
    for number, effect in enumerate(found[:PLAN_MAX], 1):
        if isinstance(effect, dict):
            listed.append(
                {
                    "number": effect.get("number", number),
                    "effect": effect.get("effect"),
                    "summary": summary(effect),
                }
            )
    return listed, max(0, len(found) - PLAN_MAX)
