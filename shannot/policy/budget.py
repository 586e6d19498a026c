"""The limits of judging one command, shared by everything nested in it and all rules asked.

Counted in steps, so that the same command always gets the same verdict; a step is about a
microsecond. Where a limit is reached the verdict gets stricter: it is *ask*.
"""

from __future__ import annotations

from dataclasses import dataclass

CHARACTER_LIMIT = 65_536
"""Characters of shell read for one command, everything nested in it included."""
STEP_LIMIT = 30_000
"""Words examined, counted again for each suffix and each rule that they are compared with."""
COMMAND_COST = 8
"""Steps of one simple command, besides its words."""
LINE_COST = 20
"""Steps of one line of shell, besides its commands."""
PATTERN_COST = 250
"""Steps of comparing one pattern with all names or directories that there are."""
WIDTH = 32
"""Characters of a word that cost one more step."""
DEPTH_LIMIT = 16
"""Substitutions and shells within each other."""


class UnreadableError(Exception):
    """Too long, too deep, or unbalanced: nobody can say what it would run."""


class UnbalancedError(UnreadableError):
    """A quote or a bracket is not closed: no shell would take it as a whole."""


@dataclass(slots=True)
class Budget:
    """What is left of the limits."""

    characters: int = CHARACTER_LIMIT
    steps: int = STEP_LIMIT

    def read(self, characters: int) -> None:
        """Raises UnreadableError where the limit is reached."""
        self.characters -= characters
        if self.characters < 0:
            raise UnreadableError("it is longer than can be read")

    def step(self, steps: int) -> None:
        """Raises UnreadableError where the limit is reached."""
        self.steps -= steps
        if self.steps < 0:
            raise UnreadableError("it holds more commands than can be read")

    def enter(self, depth: int) -> None:
        """Raises UnreadableError where the limit is reached."""
        if depth > DEPTH_LIMIT:
            raise UnreadableError("it is nested deeper than can be read")
