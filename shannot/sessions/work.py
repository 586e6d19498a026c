"""What an execution is given: the effects, where its records are, and how to go about it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from shannot.effects.model import Effect
from shannot.sessions import journal
from shannot.sessions.journal_lines import Saved


@dataclass(frozen=True, slots=True)
class Options:
    """How to execute."""

    incomplete: bool = False
    """Also where the script did not come to its end."""
    keep_going: bool = False
    """A failed effect does not stop those after it."""
    skip_conflicts: bool = False
    """Leave out what the host no longer allows, do the rest."""
    redo: bool = False
    """Start a command again that was interrupted or has failed."""
    skip: bool = False
    """Leave such a command as it is and go on after it."""
    timeout: float = 600.0
    """Seconds for each command."""
    batch: int = 1000
    """File effects that are synced together, at most."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done, and where its records are in the session's directory."""

    effects: Mapping[int, Effect]
    """By number, ascending; all that were chosen."""
    journal: str = journal.FILE
    blobs: str = "blobs"
    """The contents to write."""
    kept: str = "checkpoint"
    """Where what is lost goes."""
    restored: Mapping[int, Saved] = field(default_factory=dict)
    """Owner, attributes and time of what these effects make."""
    keep: Container[int] | None = None
    """The effects whose losses are copied first; None for all. The others lose nothing new."""
    lenient: bool = False
    """What is already as the effect leaves it counts as done."""
    foreseen: bool = False
    """Whether the host is as the effects expect it was looked at already."""
