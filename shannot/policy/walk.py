"""Walk through everything that a command would start, however deep it is wrapped.

Called by `deny.py`, which looks for what must be denied, by `danger.py` and by `reading.py`: one
walk, so that all of them see the same. Wrappers are not only parsed: every suffix of a wrapper's
words that begins with a known name is visited as a command of its own. That sees through options
nobody listed, and can only find too much. Every limit raises UnreadableError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from shannot.policy.braces import expand_braces
from shannot.policy.budget import (
    COMMAND_COST,
    PATTERN_COST,
    WIDTH,
    Budget,
    UnbalancedError,
    UnreadableError,
)
from shannot.policy.catastrophes import CHECKS
from shannot.policy.deep_reader import read_deeply
from shannot.policy.defaults import DOWNLOADERS, INTERPRETERS, SHELLS, WRAPPERS
from shannot.policy.names import DEEP, KNOWN, is_deep, is_pattern, known_name, plain_name
from shannot.policy.paths import PATH_LIMIT
from shannot.policy.simple import Simple, echoed
from shannot.policy.wrappers import peel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Protocol

    from shannot.policy.simple import Scopes

    class Visitor(Protocol):
        """Is told what is found; True from any of its methods ends the walk."""

        @property
        def names(self) -> Collection[str]:
            """Names, besides the built-in ones, that begin a command among a wrapper's words."""

        def line(self, squeezed: str) -> bool:
            """A line of shell, without its blanks."""

        def command(self, found: Found) -> bool:
            """One simple command."""

        def target(self, path: str, directory: str) -> bool:
            """A file that output is redirected to."""

        def runs_input(self, name: str, downloads: bool) -> bool:
            """A shell or interpreter that runs what is piped into it, downloaded or not."""


PARAMETER_LIMIT = 20
"""Words after a shell's line that are put into it."""
_RUNNING_INPUT = SHELLS | {"eval", "source", "."}
_PLAIN_OPTIONS = frozenset("-uBEIsSOqwTW")
"""Short options of interpreters after which a program is still expected."""
_FED = SHELLS | {"xargs", "parallel"}
# One that is not closed ends with the text, so that none of it is read twice.
_LITERAL = re.compile(
    r"\"((?:[^\"\\]|\\.)*+)(?:\"|\\?\Z)|'((?:[^'\\]|\\.)*+)(?:'|\\?\Z)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Feed:
    """What the commands before one in its pipeline give it to read."""

    exists: bool = False
    downloads: bool = False
    text: str = ""
    """What an echo among them prints, near enough."""


NO_FEED = Feed()


@dataclass(frozen=True, slots=True)
class Found:
    """One simple command where it stands."""

    name: str
    """What its first word comes down to (`plain_name`)."""
    words: tuple[str, ...]
    directory: str
    depth: int
    """Of the shells, substitutions and strings around it."""
    wrapper: str = ""
    """The name of the command among whose words it stands; empty for a command of its own."""
    is_guess: bool = False
    """It stands among a wrapper's words, where nobody can tell whether it is started."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk: `start` it with the argv of a command."""

    visitor: Visitor
    budget: Budget
    names: dict[str, str] = field(default_factory=dict)
    """What words were found to come down to, were they a program's name."""

    def name(self, word: str) -> str:
        """`known_name`. A pattern is compared with every name there is, and is counted so."""
        found = self.names.get(word)
        if found is None:
            found = plain_name(word)
            if is_pattern(found):
                self.budget.step(PATTERN_COST + len(self.visitor.names))
                found = known_name(word, self.visitor.names)
            self.budget.step(1 + len(word) // WIDTH)
            self.names[word] = found
        return found

    def start(self, argv: tuple[str, ...], directory: str) -> bool:
        """True where the visitor has ended it. Raises UnreadableError."""
        if is_deep(argv, self.visitor.names):
            self.budget.read(sum(map(len, argv)))
        return self.words(argv, directory, 0)

    def line(self, line: str, directory: str, depth: int, scopes: Scopes = ()) -> bool:
        if len(line) <= self.budget.characters and self.visitor.line("".join(line.split())):
            return True
        found = read_deeply(line, self.budget, depth, scopes)
        return self.commands(found, directory, depth)

    def commands(self, commands: Sequence[Simple], directory: str, depth: int) -> bool:
        feed = NO_FEED
        for simple in commands:
            if self.simple(simple, feed, directory, depth):
                return True
            if simple.words[:1] == ("cd",):
                target = next((word for word in simple.words[1:] if word[:1] != "-"), "~")
                directory = (
                    target if target.startswith(("/", "~", "$HOME")) else f"{directory}/{target}"
                )
                if len(directory) > PATH_LIMIT:
                    raise UnreadableError("a path is longer than can be read")
            feed = self.feed(simple, feed) if simple.pipes else NO_FEED
        return False

    def feed(self, simple: Simple, before: Feed) -> Feed:
        """What the command after this one of a pipeline reads."""
        downloads = before.downloads or bool(self.programs(simple.words) & DOWNLOADERS)
        return Feed(True, downloads, before.text or echoed((simple,)))

    def simple(self, simple: Simple, before: Feed, directory: str, depth: int) -> bool:
        for target in simple.targets:
            if self.visitor.target(target, directory):
                return True
        words = simple.words
        programs = self.programs(words)
        if (before.exists or simple.nested) and self.runs_input(words, programs, simple.nested):
            downloads = before.downloads or self.downloads(simple.nested)
            if self.visitor.runs_input(words[0], downloads):
                return True
        if self.commands(simple.nested, directory, depth + 1):
            return True
        if not words:
            return False
        fed = before.text if not _FED.isdisjoint(programs) else ""
        if self.words((*words, *fed.split()), directory, depth, simple.scopes):
            return True
        return bool(fed) and self.line(fed, directory, depth + 1, simple.scopes)

    def programs(self, words: Sequence[str]) -> set[str]:
        """The names that one command may start: its own, and any word of a wrapper."""
        first = self.name(words[0]) if words else ""
        if first in WRAPPERS or first[:1] == "$":
            self.budget.step(len(words) // 4)
            return {self.name(word) for word in words}
        return {first}

    def downloads(self, commands: Sequence[Simple]) -> bool:
        """Does any of them bring what somebody else wrote?"""
        return any(self.programs(one.words) & DOWNLOADERS for one in commands)

    def runs_input(
        self, words: Sequence[str], programs: set[str], nested: Sequence[Simple]
    ) -> bool:
        """Does it run what it reads: a shell, or an interpreter that is given no program?"""
        if not _RUNNING_INPUT.isdisjoint(programs):
            return True
        if programs.isdisjoint(INTERPRETERS):
            return False
        at = next((at for at, word in enumerate(words) if self.name(word) in INTERPRETERS), 0)
        for word in words[at + 1 :]:
            if word in ("-", "/dev/stdin") or (word == "$()" and self.downloads(nested)):
                return True
            if word[:1] != "-" or not _PLAIN_OPTIONS.issuperset(word):
                return False
        return True

    def words(self, words: Sequence[str], directory: str, depth: int, scopes: Scopes = ()) -> bool:
        """One simple command, and each command that its words wrap."""
        self.budget.enter(depth)
        self.budget.step(COMMAND_COST + len(words) // 8)
        name = self.name(words[0]) if words else ""
        expanded = expand_braces(words, self.budget, name in CHECKS)
        if len(expanded) != len(words):
            name = self.name(expanded[0]) if expanded else ""
        words = expanded
        wraps = name in DEEP or not words or words[0][:1] in ("$", "-", "") or (
            name == "find" and any(word.startswith(("-exec", "-ok")) for word in words)
        )  # fmt: skip
        if self.visitor.command(Found(name, tuple(words), directory, depth)):
            return True
        if not wraps:
            return self.programs_in(words, directory, depth) if name in INTERPRETERS else False
        if self.wrapped(name, words, directory, depth):
            return True
        return self.strings(name, words, directory, depth, scopes)

    def wrapped(self, name: str, words: Sequence[str], directory: str, depth: int) -> bool:
        """Every suffix that may be a command of its own."""
        names = self.visitor.names
        self.budget.step(len(words) // 2)
        inner_at, wrapper = peel(name, words), name
        for start in range(1, len(words)):
            inner = self.name(words[start])
            if start != inner_at and inner not in KNOWN and inner not in names:
                continue
            # What a visitor does with the words it counts itself, for it seldom needs them all.
            self.budget.step(COMMAND_COST + (len(words) - start) // 64)
            suffix = tuple(words[start:])
            guess = start != inner_at
            if self.visitor.command(Found(inner, suffix, directory, depth, wrapper, guess)):
                return True
            if not guess:
                self.budget.step((len(words) - start) // 8 if inner in WRAPPERS else 0)
                further = peel(inner, suffix)
                inner_at, wrapper = start + further if further else 0, inner
        return False

    def strings(
        self, name: str, words: Sequence[str], directory: str, depth: int, scopes: Scopes
    ) -> bool:
        """The words of a wrapper that may be lines of shell or programs themselves."""
        self.budget.step(len(words) // 4)
        inside = {self.name(word) for word in words}
        every = bool(inside & SHELLS) or name == "eval"
        for at, word in enumerate(words[1:], 2):
            if every or any(map(str.isspace, word)):
                for line in _lines(word):
                    if self.line(line, directory, depth + 1, (_parameters(words, at), *scopes)):
                        return True
        if name == "eval":
            return self.line(" ".join(words[1:]), directory, depth + 1, scopes)
        return bool(inside & INTERPRETERS) and self.programs_in(words, directory, depth)

    def programs_in(self, words: Sequence[str], directory: str, depth: int) -> bool:
        """The words of an interpreter that may be programs."""
        self.budget.step(len(words) // 4)
        return any(self.program(word, directory, depth) for word in words[1:])

    def program(self, code: str, directory: str, depth: int) -> bool:
        """String literals of a program: each as a line, and neighbours as one command."""
        if '"' not in code and "'" not in code:
            return False
        self.budget.read(len(code))
        literals = [first or second for first, second in _LITERAL.findall(code)]
        self.budget.step(len(literals))
        for literal in literals:
            try:
                if " " in literal and self.line(literal, directory, depth + 1):
                    return True
            except UnbalancedError:
                continue  # text with an apostrophe; were it a line, it is decided when it starts
        names = self.visitor.names
        for start, literal in enumerate(literals):
            known = self.name(literal)
            if known in KNOWN or known in names:
                self.budget.step((len(literals) - start) // 64)
                if self.words(literals[start:], directory, depth + 1):
                    return True
        return False


def _parameters(words: Sequence[str], at: int) -> dict[str, str]:
    """`$0`, `$1` … and `$@` of `sh -c LINE WORDS…`, the words from there on."""
    words = words[at : at + PARAMETER_LIMIT + 1]
    found = {str(number): word for number, word in enumerate(words[:PARAMETER_LIMIT])}
    if found:
        found["@"] = found["*"] = " ".join(words[1:])
    return found


def _lines(word: str) -> tuple[str, ...]:
    """A word as a shell line, and what follows `-c` or `--command=` where they are one word."""
    if word.startswith("--") and "=" in word:
        return (word.partition("=")[2],)
    if word.startswith(("-c", "-S", "-e")) and len(word) > 2:
        return (word[2:],)
    return () if word.startswith("-") and not any(map(str.isspace, word)) else (word,)
