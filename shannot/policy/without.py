"""The words that a rule does not cover: `without = ["--vacuum*", "-o", "-exec*", "*"]`.

Read by `entries.py` from a rule's table and by `defaults.py` for well-known programs, asked by
`verdict.py`. It errs on the side of finding a word: what is found is not allowed.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Without:
    """Patterns, told apart. A `*` at the end stands for anything that follows."""

    letters: frozenset[str] = frozenset()
    """`-o`: in a word of short options, wherever in it (`-ro`, `-ofile`)."""
    names: tuple[str, ...] = ()
    """`--output`, `-delete`: with one dash or two, with `=value`, and any abbreviation of it."""
    prefixes: tuple[str, ...] = ()
    """`--vacuum*`, `-exec*`."""
    operands: tuple[str, ...] = ()
    """`up`: a word that is no option."""
    operand_prefixes: tuple[str, ...] = ()
    """`0*`; the empty one stands for every word that is no option."""
    options: bool = False
    """`-*`: every option."""
    sorted: tuple[str, ...] = ()
    """Names and prefixes in order, to find what a word abbreviates."""

    def find(self, words: Sequence[str]) -> str:
        """The first word, as it was written, that is not covered; "" where all are."""
        if self.options and "" in self.operand_prefixes:
            return (words[0] or "''") if words else ""  # `*` and `-*`: not even a `--`
        for word in words:
            if len(word) > 1 and word[0] == "-":
                if word != "--" and self._finds_option(word):
                    return word
            elif word in self.operands or word.startswith(self.operand_prefixes):
                return word or "''"
        return ""

    def _finds_option(self, word: str) -> bool:
        if self.options:
            return True
        if word[1] != "-":
            if not self.letters.isdisjoint(word[1:]):
                return True
            name = word[1:]
            # `-o` of find is no abbreviation of `-ok`.
            return name.partition("=")[0] in self.names or name.startswith(self.prefixes)
        name = word[2:].partition("=")[0]
        if name.startswith(self.prefixes):
            return True
        at = bisect_left(self.sorted, name)
        return at < len(self.sorted) and self.sorted[at].startswith(name)


NOTHING = Without()
"""All words are covered."""


def parse_without(patterns: Iterable[str]) -> Without:
    """Raises ValueError for what is no pattern, with what is wrong."""
    letters: set[str] = set()
    found: dict[str, list[str]] = {name: [] for name in ("names", "prefixes", "words", "starts")}
    options = False
    for pattern in patterns:
        literal = pattern.removesuffix("*")
        if "*" in literal or "?" in literal or "[" in literal or not pattern.strip():
            raise ValueError("a pattern is a word, or the beginning of one and `*`")
        starred = literal != pattern
        bare = literal.removeprefix("-").removeprefix("-")
        if pattern in ("-*", "--*"):
            options = True
        elif not literal.startswith("-") or literal == "-":
            found["starts" if starred else "words"].append(literal)
        elif not bare:
            raise ValueError("a pattern names an option")
        elif len(bare) == 1 and not literal.startswith("--") and not starred:
            letters.add(bare)
        else:
            found["prefixes" if starred else "names"].append(bare.partition("=")[0])
    return Without(
        frozenset(letters),
        tuple(found["names"]),
        tuple(found["prefixes"]),
        tuple(found["words"]),
        tuple(found["starts"]),
        options,
        tuple(sorted((*found["names"], *found["prefixes"]))),
    )
