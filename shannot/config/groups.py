"""`[groups.NAME]` of the user's and the machine's configuration: several machines under one name.

Called by `settings.py`, and only where one is there. Counterpart of `remotes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .remotes import named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from shannot.config.document import Document, Table

HOSTS_MAX = 1000
"""Machines of one group."""
PARALLEL_MAX = 200
"""Machines that are worked on side by side: each has an ssh of its own."""


@dataclass(frozen=True, slots=True)
class Group:
    """Machines that are worked on side by side, as it was written."""

    hosts: tuple[str, ...]
    """Names of remotes, or targets."""
    parallel: int | None = None
    """How many at once."""
    max_failures: int | None = None
    """After more failures than these nothing is begun on further machines."""


def read_groups(document: Document, table: Table) -> dict[str, Group]:
    """`[groups]` of one file. Raises UsageError naming the line."""
    tables = named(document, "groups", table.get("groups", {}))
    return {name: _group(document, name, value) for name, value in tables.items()}


def _group(document: Document, name: str, value: object) -> Group:
    key = ("groups", name)
    values = document.tables(key, value, ("hosts", "parallel", "max_failures"))
    hosts = tuple(item.text for item in document.strings((*key, "hosts"), values.get("hosts", [])))
    if not 0 < len(hosts) <= HOSTS_MAX:
        raise document.fail(key, f"hosts must name 1 to {HOSTS_MAX} machines")
    return Group(
        hosts,
        _count(document, (*key, "parallel"), values, 1, PARALLEL_MAX),
        _count(document, (*key, "max_failures"), values, 0, HOSTS_MAX),
    )


def _count(
    document: Document,
    key: tuple[str, str, str],
    values: Mapping[str, object],
    least: int,
    most: int,
) -> int | None:
    if key[2] not in values:
        return None
    found = values[key[2]]
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
        raise document.fail(key, f"{key[2]} must be a number from {least} to {most}")
    return found
