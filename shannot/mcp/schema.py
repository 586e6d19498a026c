"""The part of JSON Schema 2020-12 that our tools use, checked by hand: the program has no
dependencies. A test holds it against a real validator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .revisions import Json, Object

_TYPES: Mapping[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "null": lambda value: value is None,
}


def problem(value: Json, schema: Object, where: str = "arguments") -> str | None:
    """What is wrong with the value, in words for whoever sent it; None where nothing is."""
    wanted = schema.get("type")
    if isinstance(wanted, str) and not _TYPES[wanted](value):
        return f"{where}: not of type {wanted}"
    if isinstance(wanted, list) and not any(_TYPES[str(kind)](value) for kind in wanted):
        return f"{where}: not of type {' or '.join(map(str, wanted))}"
    choices = schema.get("enum")
    if isinstance(choices, list) and value not in choices:
        return f"{where}: not one of {', '.join(map(str, choices))}"
    if isinstance(value, dict):
        return _object_problem(value, schema, where)
    if isinstance(value, list):
        return _array_problem(value, schema, where)
    return _size_problem(value, schema, where)


def _object_problem(value: Object, schema: Object, where: str) -> str | None:
    found_properties, required = schema.get("properties"), schema.get("required")
    properties = found_properties if isinstance(found_properties, dict) else {}
    for name in required if isinstance(required, list) else []:
        if name not in value:
            return f"{where}: {name} is missing"
    for name, item in value.items():
        wanted = properties.get(name)
        if isinstance(wanted, dict):
            found = problem(item, wanted, f"{where}.{name}")
            if found is not None:
                return found
        elif schema.get("additionalProperties") is False:
            return f"{where}: unknown name {name[:50]!r}"
    return None


def _array_problem(value: list[Json], schema: Object, where: str) -> str | None:
    limit = schema.get("maxItems")
    if isinstance(limit, int) and len(value) > limit:
        return f"{where}: more than {limit} items"
    least = schema.get("minItems")
    if isinstance(least, int) and len(value) < least:
        return f"{where}: fewer than {least} items"
    wanted = schema.get("items")
    if isinstance(wanted, dict):
        for index, item in enumerate(value):
            found = problem(item, wanted, f"{where}[{index}]")
            if found is not None:
                return found
    return None


def _size_problem(value: Json, schema: Object, where: str) -> str | None:
    if isinstance(value, str):
        limit, least = schema.get("maxLength"), schema.get("minLength")
        if isinstance(limit, int) and len(value) > limit:
            return f"{where}: longer than {limit} characters"
        if isinstance(least, int) and len(value) < least:
            return f"{where}: empty"
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum"), schema.get("maximum")
        if isinstance(low, int | float) and value < low:
            return f"{where}: below {low}"
        if isinstance(high, int | float) and not value <= high:
            return f"{where}: above {high}"
    return None
