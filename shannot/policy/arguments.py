"""The words after a program's name, told apart as getopt(3) would, every known spelling the same.

Used by `matching.py` and `catastrophes.py`, which deny, and by `danger.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from shannot.policy.budget import UnreadableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MODE_LIMIT = 256
"""Characters of a mode of chmod(1) that are read."""
_MODE = frozenset("ugoarwxXst+-=,01234567")
_SAME_OPTION = {
    "rm": {"R": "r", "recursive": "r", "force": "f", "interactive": "i"},
    "chmod": {"recursive": "R"},
    "chown": {"recursive": "R"},
    "chgrp": {"recursive": "R"},
    "cp": {"r": "R", "a": "R", "recursive": "R", "archive": "R"},
}
"""Spellings of one option, by program: the long and the other short form."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """Options and operands."""

    letters: frozenset[str]
    longs: frozenset[str]
    """Without the dashes and without `=value`; may be abbreviated."""
    operands: tuple[str, ...]

    def has(self, letters: str, *longs: str) -> bool:
        """Is one of the options given, in any spelling that getopt_long(3) takes?"""
        if not self.letters.isdisjoint(letters):
            return True
        return bool(self.longs) and any(map(self.has_long, longs))

    def has_long(self, option: str) -> bool:
        """Is the long option given, or an abbreviation of it?"""
        return any(option[:size] in self.longs for size in range(len(option) + 1))


def parse_arguments(name: str, words: Sequence[str]) -> Arguments:
    """Tell options from operands, every spelling made the same where it is known."""
    same = _SAME_OPTION.get(name, {})
    letters: set[str] = set()
    longs: set[str] = set()
    operands: list[str] = []
    for index, word in enumerate(words):
        if word[:1] != "-" or word == "-":
            operands.append(word)
        elif word == "--":
            operands += words[index + 1 :]
            break
        elif word[1] == "-":
            longs.add(word[2:].partition("=")[0])
        else:
            letters.update(word[1:])
    if same:
        letters = {same.get(letter, letter) for letter in letters}
        for full, short in same.items():
            if len(full) > 1 and any(full[:size] in longs for size in range(1, len(full) + 1)):
                letters.add(short)
    return Arguments(frozenset(letters), frozenset(longs), tuple(operands))


def plain_mode(word: str) -> str:
    """chmod(1)'s `0777`, `1777`, `a=rwx`, `u+rwx,go+rwx` as `777`; other words as they are.

    Raises UnreadableError for a mode longer than anybody writes.
    """
    if len(word) > MODE_LIMIT:
        if _MODE.issuperset(word):
            raise UnreadableError("a mode is longer than can be read")
        return word
    if word.isascii() and word.isdigit():
        return word[-3:].rjust(3, "0") if set(word) <= set("01234567") else word
    bits = 0
    for clause in word.split(","):
        who = clause[: len(clause) - len(clause.lstrip("ugoa"))]
        rights = clause[len(who) + 1 :]
        if clause[len(who) : len(who) + 1] not in ("=", "+") or not set(rights) <= set("rwxXst"):
            return word
        granted = sum(bit for right, bit in (("r", 4), ("w", 2), ("x", 1)) if right in rights)
        for shift, letter in ((6, "u"), (3, "g"), (0, "o")):
            if not who or letter in who or "a" in who:
                bits |= granted << shift
    return f"{bits:03o}"
