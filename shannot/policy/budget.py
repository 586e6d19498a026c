"""The limits of reading one command deeply, shared by everything nested in it.

Counted here, by `deep_reader.py` and `deny.py`; where one is reached the verdict gets stricter.
"""

from __future__ import annotations

from dataclasses import dataclass

CHARACTER_LIMIT = 65_536
"""Characters read for one command, everything nested in it included."""
COMMAND_LIMIT = 4_096
"""Simple commands and suffixes of wrapped ones that are examined."""
WORD_LIMIT = 200_000
"""Words examined, counted again for each suffix they stand in."""
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
    commands: int = COMMAND_LIMIT
    words: int = WORD_LIMIT

    def read(self, characters: int) -> None:
        """Raises UnreadableError where the limit is reached."""
        self.characters -= characters
        if self.characters < 0:
            raise UnreadableError("it is longer than can be read")

    def examine(self, words: int) -> None:
        """Raises UnreadableError where the limit is reached."""
        self.commands -= 1
        self.words -= words
        if self.commands < 0 or self.words < 0:
            raise UnreadableError("it holds more commands than can be read")

    def enter(self, depth: int) -> None:
        """Raises UnreadableError where the limit is reached."""
        if depth > DEPTH_LIMIT:
            raise UnreadableError("it is nested deeper than can be read")
