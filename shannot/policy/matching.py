"""Does a command hold what a rule names, in whatever order and spelling?

To deny and to ask, options may stand anywhere and in any form: a rule that a reordered option
evades is worth nothing. What a rule wants is worked out once, when it is read (`rules.py`); what
a command holds, once for all rules that are compared with it (`deny.py`, `verdict.py`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from shannot.policy.arguments import Arguments, parse_arguments, plain_mode
from shannot.policy.paths import Paths, tidy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MODE_WITHIN = 16
"""Words of chmod among which its mode stands."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The words of a rule after the program's name."""

    name: str = ""
    longs: tuple[tuple[str, frozenset[str]], ...] = ()
    """Long options, each with the letters that are the same."""
    shorts: tuple[tuple[str, frozenset[str]], ...] = ()
    """Words of short options as they are, and their letters."""
    anywhere: frozenset[str] = frozenset()
    """Paths and the like, tidied: their order says nothing."""
    ordered: tuple[str, ...] = ()
    """All others: they must come in this order."""


def wanted_by(name: str, words: Sequence[str]) -> Wanted:
    """What a rule wants of a program: `words` are those after its name."""
    if name == "chmod":
        words = [*map(plain_mode, words)]
    operands = parse_arguments(name, words).operands
    return Wanted(
        name,
        tuple(
            (word[2:].partition("=")[0], parse_arguments(name, [word]).letters)
            for word in words
            if word.startswith("--")
        ),
        tuple(
            (word, parse_arguments(name, [word]).letters)
            for word in words
            if word[:1] == "-" and word[1:2] not in ("", "-")
        ),
        frozenset(tidy(word) for word in operands if _stands_anywhere(word)),
        tuple(_unit(word) for word in operands if not _stands_anywhere(word)),
    )


class Subject:
    """One simple command that rules and checks are asked about: told apart once, when asked."""

    __slots__ = ("_arguments", "_order", "_tidied", "_whole", "directory", "name", "paths", "words")

    def __init__(self, name: str, words: Sequence[str], directory: str, paths: Paths) -> None:
        self.name = name
        self.words = words  # those after the name
        self.directory = directory
        self.paths = paths
        self._arguments: dict[str, Arguments] = {}
        self._whole: frozenset[str] | None = None
        self._tidied: frozenset[str] | None = None
        self._order: tuple[Mapping[str, list[int]], int] | None = None

    def arguments(self, name: str = "") -> Arguments:
        """Options and operands, as a program of that name takes them."""
        name = name or self.name
        found = self._arguments.get(name)
        if found is None:
            self.paths.step(len(self.words) // 2)
            found = self._arguments[name] = parse_arguments(name, self._spelled(name))
        return found

    def whole(self) -> frozenset[str]:
        """The words as they are."""
        if self._whole is None:
            self.paths.step(len(self.words) // 4)
            self._whole = frozenset(self._spelled(self.name))
        return self._whole

    def tidied(self) -> frozenset[str]:
        """The operands as paths."""
        if self._tidied is None:
            self._tidied = frozenset(map(self.paths.tidy, self.arguments().operands))
        return self._tidied

    def order(self) -> tuple[Mapping[str, list[int]], int]:
        """Where each word stands, and the last place where the first of a rule's may stand:
        only options and their values may come before what says what is done (`push` of git)."""
        if self._order is None:
            self.paths.step(len(self.words))
            self._order = _order(self._spelled(self.name))
        return self._order

    def _spelled(self, name: str) -> Sequence[str]:
        if name != "chmod":
            return self.words
        return [*map(plain_mode, self.words[:_MODE_WITHIN]), *self.words[_MODE_WITHIN:]]


def holds(subject: Subject, wanted: Wanted) -> bool:
    """Does the command hold everything that the rule names? Its name is the caller's business.

    Paths of the rule may be any operand; other words (`systemctl stop`) must come in the rule's
    order, with only options and their values before. Raises UnreadableError.
    """
    subject.paths.step(1)
    for option, letters in wanted.longs:
        given = subject.arguments(wanted.name)
        if not _has_long(given, option) and given.letters.isdisjoint(letters):
            return False
    for word, letters in wanted.shorts:
        # `-name` of find and java is one word; its letters are not options of their own.
        if not letters <= subject.arguments(wanted.name).letters and word not in subject.whole():
            return False
    if wanted.anywhere and not wanted.anywhere <= subject.tidied():
        return False
    return not wanted.ordered or _in_order(wanted.ordered, *subject.order())


def _has_long(given: Arguments, option: str) -> bool:
    return any(option[:size] in given.longs for size in range(1, len(option) + 1))


def _order(words: Sequence[str]) -> tuple[Mapping[str, list[int]], int]:
    places: dict[str, list[int]] = {}
    last = -1
    after_option = False
    for place, word in enumerate(words):
        places.setdefault(_unit(word), []).append(place)
        if word.startswith("-"):
            after_option = "=" not in word
        elif after_option:
            after_option = False
        elif last < 0 and not _stands_anywhere(word):
            last = place
    return places, last if last >= 0 else len(words)


def _in_order(wanted: Sequence[str], places: Mapping[str, list[int]], last: int) -> bool:
    """What is done to comes anywhere after what is done: `systemctl stop nginx sshd`."""
    at = -1
    for word in wanted:
        found = places.get(word, ())
        following = bisect_right(found, at)
        if following == len(found) or (at < 0 and found[following] > last):
            return False
        at = found[following]
    return True


def _unit(word: str) -> str:
    return word.removesuffix(".service")


def _stands_anywhere(word: str) -> bool:
    """Paths, and what dd(1) takes: their order says nothing."""
    return word.startswith(("/", "~", "./", "../", "$")) or "=" in word
