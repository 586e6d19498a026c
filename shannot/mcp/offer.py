"""What this server offers, decided by the person who configured it and never by the agent."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .program import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .revisions import Json, Object


def words_of(arguments: Object) -> list[str]:
    """The option that leads a command to the machine that was asked for."""
    target = arguments.get("target")
    return ["--target", target] if isinstance(target, str) else []


@dataclass(frozen=True, slots=True)
class Offer:
    """The ceiling of what tools may be asked for."""

    profiles: tuple[str, ...] = ()
    """Names the agent may choose from; the first is the default. Empty: the configured default."""
    roots: tuple[str, ...] = ()
    """Directories below which scripts run and are read. Empty: any that the user may enter."""
    views: tuple[str, ...] = ("project", "system")
    targets: tuple[str, ...] = ()
    """Names of other machines that it may use; none of them is the default."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """By option of `shannot run`: the most that a run may be given."""

    def target_schema(self) -> dict[str, Json]:
        """The property `target` of each tool that takes it; nothing where none is offered."""
        if not self.targets:
            return {}
        meaning = "Another machine, over ssh. Without it: this one."
        return {"target": {"type": "string", "enum": [*self.targets], "description": meaning}}

    def directory(self, asked: str | None, fallback: str) -> str:
        """Where a script runs. Raises CommandError for one that is not offered."""
        if asked is None:
            asked = self.roots[0] if self.roots else fallback
        _possible(asked, "directory")
        if not os.path.isabs(asked):
            raise CommandError("directory: must be an absolute path")
        real = os.path.realpath(asked)
        self._check(real, "directory")
        if not os.path.isdir(real):
            raise CommandError(f"directory: {asked} is none")
        return real

    def script(self, path: str, directory: str) -> str:
        """A script's absolute path. Raises CommandError for one that is not offered."""
        _possible(path, "path")
        found = os.path.normpath(os.path.join(directory, path))
        self._check(os.path.realpath(found), "path")
        return found

    def _check(self, real: str, what: str) -> None:
        roots = [os.path.realpath(root) for root in self.roots]
        if roots and not any(
            real == root or real.startswith(root.rstrip("/") + "/") for root in roots
        ):
            raise CommandError(f"{what}: only below {', '.join(self.roots)}")


def _possible(path: str, what: str) -> None:
    """Raises CommandError for what no path can be. A surrogate may stand for a byte."""
    try:
        possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise CommandError(f"{what}: holds a character that no path can have")
