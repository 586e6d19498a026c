"""The values of a record as JSON, whatever they are. `Log` itself writes those of a plain run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shannot.audit import Record, Value

_LINE_LIMIT = 128 << 10
"""Characters of all values."""
_LIMITS = ((1000, 64), (100, 8), (20, 2))
"""Characters of a text and items of a list that are kept: the first that fit into a line."""


def fields_of(record: Record) -> list[str]:
    """`,"name":value` of each field. What is cut says how much is missing."""
    fields: list[str] = []
    for text_limit, items_limit in _LIMITS:
        fields = [
            f",{json.dumps(name)}:{_json(value, text_limit, items_limit)}"
            for name, value in record.items()
        ]
        if sum(map(len, fields)) <= _LINE_LIMIT:
            break
    return fields


def _json(value: Value, text_limit: int, items_limit: int) -> str:
    match value:
        case str():
            return json.dumps(_cut(value, text_limit))
        case None | bool() | int():
            return json.dumps(value)
        case Mapping():
            pairs = (
                f"{json.dumps(name)}:{_json(item, text_limit, items_limit)}"
                for name, item in value.items()
            )
            return f"{{{','.join(pairs)}}}"
        case _:
            parts = [_json(item, text_limit, items_limit) for item in value[:items_limit]]
            if len(value) > items_limit:
                parts.append(f'"... ({len(value) - items_limit} more)"')
            return f"[{','.join(parts)}]"


def _cut(text: str, limit: int) -> str:
    more = len(text) - limit
    return text if more <= 0 else f"{text[:limit]}... ({more} more characters)"
