"""The words of ps(1) with which it shows environments, passwords in them included.

Called by `objections.py`. ps reads its words in the manner of Unix, and where it cannot, all of
them again in that of BSD, in which `e` shows environments: `ps -auxe` does, `ps -ef` does not.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_EVERY = re.compile(r"-[AaFHLMTZcefjlwy]*o?")
"""Clusters that are well formed by themselves, whatever follows."""
_LISTING = re.compile(r"-?[^-CGNOUdgknopqstu]*o")
"""Clusters after which the next word names columns."""


def environment_word(words: Sequence[str]) -> str:
    """The first word that may make ps show environments, or "". It finds too many."""
    every, other, names_columns = False, "", False
    for word in words:
        if names_columns:
            names_columns = False
            continue
        if word.startswith("--"):
            continue
        if _EVERY.fullmatch(word):
            every = every or "e" in word
        elif "e" in word:
            return word
        else:
            other = other or word
        names_columns = _LISTING.fullmatch(word) is not None
    return other if every else ""
