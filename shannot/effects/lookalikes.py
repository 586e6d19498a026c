"""Words that mix alphabets whose letters look alike: a Cyrillic letter in a Latin word, for one.

A hint for a reviewer, from the text alone. A word wholly in one alphabet is never named, nor is one
that mixes others, as Japanese does. Called by `warnings.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from shannot.escape import escape, spell

_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
_STYLED = frozenset({"FULLWIDTH", "MATHEMATICAL"})
"""What the names of further shapes of Latin letters begin with."""
MAX_TEXT = 1 << 16
"""Characters of one text that are looked at."""
MAX_WORDS = 3
"""Words that are named of one text."""
_MAX_WORD = 60  # characters that are shown


def lookalikes(text: str) -> Iterator[str]:
    """One line for each such word of a path or an argument, its foreign letters spelt out."""
    if text.isascii():
        return
    found = 0
    for word in dict.fromkeys(_words(text[:MAX_TEXT])):
        alphabets = list(map(_alphabet, word))
        mixed = _ALIKE.union(_STYLED).intersection(alphabets)
        if len(mixed) < 2:
            continue
        # The strangers are what a reader takes for letters of the other alphabet.
        usual = max(sorted(mixed), key=lambda name: (name == "LATIN", alphabets.count(name)))
        spelt = "".join(
            spell(letter) if alphabet in mixed and alphabet != usual else escape(letter)
            for letter, alphabet in zip(word[:_MAX_WORD], alphabets, strict=False)
        )
        names = " and ".join(name.capitalize() for name in sorted(mixed))
        yield f"mixes letters that look alike, {names}: {spelt}"
        found += 1
        if found == MAX_WORDS:
            return


def _words(text: str) -> Iterator[str]:
    start = 0
    for place, letter in enumerate(f"{text} "):
        if not letter.isalnum():
            if place > start and not text[start:place].isascii():
                yield text[start:place]
            start = place + 1


def _alphabet(letter: str) -> str:
    """The first word of the letter's name in Unicode; "" for what is no letter."""
    if letter.isascii():
        return "LATIN" if letter.isalpha() else ""
    from unicodedata import name  # only where a plan holds such letters

    return name(letter, "").partition(" ")[0] if letter.isalpha() else ""
