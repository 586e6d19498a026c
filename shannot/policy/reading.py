"""How a command was read: its simple commands, and what was peeled off them.

Called by `workflows/explain.py`. The same walk as for denials (`walk.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shannot.policy.budget import Budget, UnreadableError
from shannot.policy.danger_tables import NAMES
from shannot.policy.walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shannot.policy.walk import Found

PART_LIMIT = 200
"""Simple commands that are listed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a command comes down to."""

    parts: tuple[Found, ...]
    """Every simple command, in order; those of shells, substitutions and wrappers included."""
    targets: tuple[str, ...]
    """Files that output is redirected to."""
    fault: str
    """Why it could not be read to its end, as the rest of a sentence; "" where it was."""


def read_command(argv: Sequence[str], directory: str = "/") -> Reading:
    """Never raises; at most PART_LIMIT parts."""
    collector = _Collector()
    fault = ""
    try:
        Walk(collector, Budget()).start(tuple(argv), directory)
    except UnreadableError as error:
        fault = str(error)
    if len(collector.parts) == PART_LIMIT:
        fault = fault or f"it has more than {PART_LIMIT} parts; the others are not listed"
    return Reading(tuple(collector.parts), tuple(collector.targets), fault)


@dataclass(slots=True)
class _Collector:
    """What was found so far."""

    parts: list[Found] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)

    @property
    def names(self) -> Collection[str]:
        return NAMES

    def line(self, squeezed: str) -> bool:  # noqa: ARG002 - the visitor's signature
        return False

    def command(self, found: Found) -> bool:
        if found.words:
            self.parts.append(found)
        return len(self.parts) >= PART_LIMIT

    def target(self, path: str, directory: str) -> bool:  # noqa: ARG002
        if len(self.targets) < PART_LIMIT:
            self.targets.append(path)
        return False

    def runs_input(self, name: str, downloads: bool) -> bool:  # noqa: ARG002
        return False
