"""Find what must be denied, however deep it is wrapped. Called by `verdict.py` before all else.

Wrappers are not parsed: every suffix of a wrapper's words that begins with a known name is
examined as a command of its own. That sees through options nobody listed, and can only find too
much. Every limit raises UnreadableError.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass

from shannot.policy.budget import Budget, UnbalancedError
from shannot.policy.catastrophes import CHECKS, PATTERN_LIMIT, catastrophe, raw_device
from shannot.policy.command_line import name_of, shown
from shannot.policy.deep_reader import read_deeply
from shannot.policy.defaults import DOWNLOADERS, INTERPRETERS, SHELLS, WRAPPERS
from shannot.policy.profile import EVERY, Profile
from shannot.policy.rules import matches_anyhow
from shannot.policy.simple import Simple, echoed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

BUILT_IN = "built-in"
"""The rule of a denial that no list of the user's names."""

_KNOWN = frozenset(CHECKS) | SHELLS | WRAPPERS | INTERPRETERS
_FORK_BOMB = re.compile(r"([\w:.]{1,64})\(\)\{[^{}]{0,256}?\1[|&]\1[^{}]{0,256}\}")
_LITERAL = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Denial:
    """Which rule denies, and why, as a sentence."""

    rule: str
    reason: str


def find_denied(argv: tuple[str, ...], directory: str, profile: Profile) -> Denial | None:
    """The first denial in the command or in anything it would run. Raises UnreadableError."""
    search = _Search(profile, Budget())
    search.budget.read(sum(map(len, argv)) if is_deep(argv, profile) else 0)
    return search.texts(argv) or search.words(argv, directory, 0)


def is_deep(argv: tuple[str, ...], profile: Profile) -> bool:
    """Can the command hold another one, so that all its words must be read?"""
    return _name(argv[0], profile) in WRAPPERS | SHELLS


def plain_name(word: str) -> str:
    """What a program's name comes down to: no path, no version, nothing invisible."""
    name = name_of(word)
    if not name.isprintable():
        name = "".join(character for character in name if character.isprintable())
    stem, dot, version = name.partition(".")
    if stem == "mkfs":
        return stem
    if dot and version.replace(".", "").isdigit():
        name = stem
    return "python" if name in ("python2", "python3", "pypy", "pypy3") else name


def _name(word: str, profile: Profile) -> str:
    name = plain_name(word)
    if len(name) > 1 and len(name) < PATTERN_LIMIT and any(map(name.count, "*?[")):
        names = (*_KNOWN, *profile.always_deny)
        return next((known for known in names if fnmatch.fnmatchcase(known, name)), name)
    return name


@dataclass(frozen=True, slots=True)
class _Search:
    profile: Profile
    budget: Budget

    def texts(self, argv: Sequence[str]) -> Denial | None:
        """Denied shell syntax, compared without blanks in every word and in all of them."""
        if not self.profile.denied_texts:
            return None
        whole = "".join("".join(argv).split())
        for text in self.profile.denied_texts:
            if text and text in whole:
                return Denial(text, "The profile denies this line.")
        return None

    def line(self, line: str, directory: str, depth: int) -> Denial | None:
        squeezed = "".join(line.split())
        if "(){" in squeezed and _FORK_BOMB.search(squeezed):
            return Denial(BUILT_IN, "It would start copies of itself until nothing else can run.")
        return self.commands(read_deeply(line, self.budget, depth), directory, depth)

    def commands(self, commands: Sequence[Simple], directory: str, depth: int) -> Denial | None:
        before: list[Simple] = []
        for simple in commands:
            denial = self.simple(simple, before, directory, depth)
            if denial:
                return denial
            if simple.words[:1] == ("cd",):
                target = next((word for word in simple.words[1:] if word[:1] != "-"), "~")
                directory = target if target[:1] in ("/", "~") else f"{directory}/{target}"
            before = [*before, simple] if simple.pipes else []
        return None

    def simple(
        self, simple: Simple, before: Sequence[Simple], directory: str, depth: int
    ) -> Denial | None:
        for target in simple.targets:
            if raw_device(target):
                return Denial(BUILT_IN, f"It would overwrite the device {raw_device(target)}.")
        words = simple.words
        programs = self.programs(words)
        if self.runs_input(words, programs) and any(
            programs_of & DOWNLOADERS
            for programs_of in (self.programs(one.words) for one in (*before, *simple.nested))
        ):
            return Denial(BUILT_IN, "It would run what it downloads, unseen.")
        denial = self.commands(simple.nested, directory, depth + 1)
        if not denial and words:
            fed = echoed(before) if programs & (SHELLS | {"xargs", "parallel"}) else ""
            denial = self.words((*words, *fed.split()), directory, depth)
            if fed and not denial:
                denial = self.line(fed, directory, depth + 1)
        return denial

    def programs(self, words: Sequence[str]) -> set[str]:
        """The names that one command may start: its own, and any word of a wrapper."""
        first = _name(words[0], self.profile) if words else ""
        if first in WRAPPERS or first[:1] == "$":
            return {_name(word, self.profile) for word in words}
        return {first}

    def runs_input(self, words: Sequence[str], programs: set[str]) -> bool:
        """Does it run what it reads: a shell, or an interpreter that is given no program?"""
        if programs & (SHELLS | {"eval", "source", "."}):
            return True
        return bool(programs & INTERPRETERS) and all(word in ("-", "-u") for word in words[1:])

    def words(self, words: Sequence[str], directory: str, depth: int) -> Denial | None:
        """One simple command, and each command that its words wrap."""
        self.budget.enter(depth)
        words = _expand_braces(words)
        name = _name(words[0], self.profile) if words else ""
        wraps = name in WRAPPERS or name in SHELLS or words[0][:1] in ("$", "-", "") or (
            name == "find" and any(word.startswith(("-exec", "-ok")) for word in words)
        )  # fmt: skip
        for start in range(len(words) if wraps else 1):
            inner = _name(words[start], self.profile)
            if start and inner not in _KNOWN and inner not in self.profile.always_deny:
                continue
            self.budget.examine(len(words) - start)
            denial = self.one(inner, words[start:], directory)
            if denial:
                return denial
        return self.strings(name, words, directory, depth, wraps)

    def one(self, name: str, words: Sequence[str], directory: str) -> Denial | None:
        for key in (name, EVERY):
            for rule in self.profile.always_deny.get(key, ()):
                if key == EVERY or matches_anyhow(rule, words):
                    return Denial(rule.text, f"The profile denies {shown(rule.words)}.")
        harm = catastrophe(name, words, directory)
        return Denial(BUILT_IN, f"It would {harm}.") if harm else None

    def strings(
        self, name: str, words: Sequence[str], directory: str, depth: int, wraps: bool
    ) -> Denial | None:
        """The words that may be lines of shell or programs themselves."""
        shells = wraps and any(_name(word, self.profile) in SHELLS for word in words)
        runs = wraps and any(_name(word, self.profile) in INTERPRETERS for word in words)
        for word in words[1:] if wraps else ():
            if shells or name == "eval" or any(character.isspace() for character in word):
                for line in _lines(word):
                    denial = self.line(line, directory, depth + 1)
                    if denial:
                        return denial
        if name == "eval":
            return self.line(" ".join(words[1:]), directory, depth + 1)
        if name in INTERPRETERS or runs:
            for word in words[1:]:
                denial = self.program(word, directory, depth)
                if denial:
                    return denial
        return None

    def program(self, code: str, directory: str, depth: int) -> Denial | None:
        """String literals of a program: each as a line, and neighbours as one command."""
        if '"' not in code and "'" not in code:
            return None
        self.budget.read(len(code))
        literals = [first or second for first, second in _LITERAL.findall(code)]
        for literal in literals:
            try:
                denial = self.line(literal, directory, depth + 1) if " " in literal else None
            except UnbalancedError:
                continue  # text with an apostrophe; were it a line, it is decided when it starts
            if denial:
                return denial
        for start, literal in enumerate(literals):
            if _name(literal, self.profile) in _KNOWN | self.profile.always_deny.keys():
                denial = self.words(literals[start:], directory, depth + 1)
                if denial:
                    return denial
        return None


def _lines(word: str) -> tuple[str, ...]:
    """A word as a shell line, and what follows `-c` or `--command=` where they are one word."""
    if word.startswith("--") and "=" in word:
        return (word.partition("=")[2],)
    if word.startswith(("-c", "-S", "-e")) and len(word) > 2:
        return (word[2:],)
    return () if word.startswith("-") and not any(map(str.isspace, word)) else (word,)


def _expand_braces(words: Sequence[str]) -> tuple[str, ...]:
    """`{rm,-rf,/}` and `/{etc,usr}`, one level, at most 1,024 words: enough to see names."""
    if not any("{" in word and "," in word for word in words):
        return tuple(words)
    expanded: list[str] = []
    for word in words:
        before, opened, rest = word.partition("{")
        inner, closed, after = rest.partition("}")
        if opened and closed and "," in inner and len(expanded) < 1_024:
            expanded += [before + choice + after for choice in inner.split(",")]
        else:
            expanded.append(word)
    return tuple(expanded)
