"""Rules: a program's name and the words after it, and when a command matches them.

Read from configuration by `profile.py`, used by `verdict.py` and `deny.py`. To allow and to
confine, words are compared one by one as a prefix. To deny and to ask, options may stand
anywhere and in any form: a rule that a reordered option evades is worth nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shannot.policy.command_line import is_visible, name_of, read_strictly
from shannot.policy.without import NOTHING, Without

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

RULE_LIMIT = 1_024
"""Characters of one rule."""

_MODE_WITHIN = 16
"""Words of chmod among which its mode stands."""
_SAME_OPTION = {
    "rm": {"R": "r", "recursive": "r", "force": "f", "interactive": "i"},
    "chmod": {"recursive": "R"},
    "chown": {"recursive": "R"},
    "chgrp": {"recursive": "R"},
    "cp": {"r": "R", "a": "R", "recursive": "R", "archive": "R"},
}
"""Spellings of one option, by program: the long and the other short form."""


@dataclass(frozen=True, slots=True)
class Example:
    """A command line that a rule must match, or must not."""

    line: str
    where: str
    matches: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """`"systemctl status"`: the words of a command, or the first of them."""

    text: str
    words: tuple[str, ...]
    where: str = ""
    """Where it stands: "config.toml:3", "built-in profile ops"."""
    without: Without = NOTHING
    """Words that it does not cover (to allow and to confine)."""
    patterns: tuple[str, ...] = ()
    """The same as they were written."""
    environment: tuple[str, ...] = ()
    """Names that the script may add to the environment of what is allowed."""
    cwd: str = ""
    """The only directory in which it holds; with `/*` at the end, all below as well."""
    reason: str = ""
    """The author's own sentence for the verdict."""
    examples: tuple[Example, ...] = ()

    @property
    def name(self) -> str:
        """The program's name without a path."""
        return name_of(self.words[0])


@dataclass(frozen=True, slots=True)
class Arguments:
    """The words after a program's name, told apart as getopt(3) would."""

    letters: frozenset[str]
    longs: tuple[str, ...]
    """Without the dashes and without `=value`; may be abbreviated."""
    operands: tuple[str, ...]

    def has(self, letters: str, *longs: str) -> bool:
        """Is one of the options given, in any spelling that getopt_long(3) takes?"""
        if self.letters.intersection(letters):
            return True
        return any(option.startswith(given) for given in self.longs for option in longs)


def parse_rule(text: str, where: str = "", *, exact: bool = False) -> Rule:
    """One string of a rule list. Raises ValueError with what is wrong, without the text.

    exact: as for what is allowed or confined, where words are compared as they are, so that
    `~` and patterns would mean nothing.
    """
    if len(text) > RULE_LIMIT:
        raise ValueError(f"a rule is longer than {RULE_LIMIT} characters")
    if not is_visible(text):
        raise ValueError("a rule holds a character that cannot be seen")
    # "curl *" is "curl": what follows the words of a rule is free.
    command = text.rstrip(" ")
    while command.endswith(" *"):
        command = command[:-2].rstrip(" ")
    words = read_strictly(command)
    if words is None:
        words = _plain(command)
        if exact and words:
            raise ValueError("its words are compared as they are: no ~, $, or pattern")
    if not words:
        raise ValueError("a rule names no program")
    if any(character in words[0] for character in "*?[]"):
        raise ValueError("a rule names a program, not a pattern")
    if "/" in words[0] and not words[0].startswith("/"):
        raise ValueError("a rule names a program by its name or its absolute path")
    return Rule(text, words, where)


def _plain(text: str) -> tuple[str, ...]:
    """`rm -rf ~` and `chmod 777 /*` are rules though no shell line of plain words.

    Quotes do not group here; separators would never match a word, so they are errors.
    """
    if any(character in ";&|<>`()\"'\\\n" for character in text):
        raise ValueError("a rule is one command of plain words, without shell syntax")
    words = tuple(word for word in text.split(" ") if word)
    if words and "=" in words[0]:
        raise ValueError("a rule begins with a program, not with an assignment")
    for word in words[1:]:
        if any(character in word.removesuffix("/*") for character in "*?["):
            raise ValueError("a pattern in a rule would be compared as it is; leave it out")
    return words


def starts_with(rule: Rule, argv: Sequence[str]) -> bool:
    """Are the words after the name of the rule the first ones of the command's?"""
    wanted = rule.words[1:]
    return tuple(argv[1 : 1 + len(wanted)]) == wanted


def holds_in(rule: Rule, directory: str) -> bool:
    """Does the rule hold for a command that starts in this directory?"""
    if not rule.cwd:
        return True
    place = rule.cwd.removesuffix("/*")
    if directory == (place or "/"):
        return True
    return place != rule.cwd and f"{directory}/".startswith(f"{place}/")


def parse_arguments(name: str, words: Sequence[str]) -> Arguments:
    """Tell options from operands, every spelling made the same where it is known."""
    same = _SAME_OPTION.get(name, {})
    letters: set[str] = set()
    longs: list[str] = []
    operands: list[str] = []
    for index, word in enumerate(words):
        if word == "--":
            operands += words[index + 1 :]
            break
        if word.startswith("--"):
            long = word[2:].partition("=")[0]
            longs.append(long)
            letters.update(short for full, short in same.items() if _abbreviates(long, full))
        elif word.startswith("-") and len(word) > 1:
            letters.update(same.get(letter, letter) for letter in word[1:])
        else:
            operands.append(word)
    return Arguments(frozenset(letters), tuple(longs), tuple(operands))


def _abbreviates(given: str, full: str) -> bool:
    return len(full) > 1 and given != "" and full.startswith(given)


def matches_anyhow(rule: Rule, argv: Sequence[str]) -> bool:
    """Does the command hold everything that the rule names, in whatever order and spelling?

    The name is the caller's business. Paths of the rule may be any operand; other words
    (`systemctl stop`) must come in the rule's order, with only options and their values before.
    """
    if len(rule.words) == 1:
        return True
    name = rule.name
    if name == "chmod":
        rule = replace(rule, words=tuple(map(plain_mode, rule.words)))
        argv = [*map(plain_mode, argv[:_MODE_WITHIN]), *argv[_MODE_WITHIN:]]
    wanted = parse_arguments(name, rule.words[1:])
    given = parse_arguments(name, argv[1:])
    # `-name` of find and java is one word; its letters are not options of their own.
    whole = set(argv[1:])
    for word in rule.words[1:]:
        if word.startswith("--"):
            option = word[2:].partition("=")[0]
            if not any(option.startswith(long) for long in given.longs if long):
                if not given.letters.intersection(parse_arguments(name, [word]).letters):
                    return False
        elif word.startswith("-") and len(word) > 1 and word not in whole:
            if not parse_arguments(name, [word]).letters <= given.letters:
                return False
    anywhere = [word for word in wanted.operands if _stands_anywhere(word)]
    if anywhere and not {tidy(operand) for operand in given.operands}.issuperset(
        map(tidy, anywhere)
    ):
        return False
    return _in_order([word for word in wanted.operands if not _stands_anywhere(word)], argv[1:])


def plain_mode(word: str) -> str:
    """chmod(1)'s `0777`, `1777`, `a=rwx`, `u+rwx,go+rwx` as `777`; other words as they are."""
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


def _in_order(wanted: Sequence[str], words: Sequence[str]) -> bool:
    """Are the wanted words there in order?

    Only options and their values may stand before the first, which says what is done (`push` of
    git); what is done to comes anywhere after it: `systemctl stop nginx sshd`.
    """
    position = 0
    after_option = False
    for word in words:
        if position == len(wanted):
            break
        if word.removesuffix(".service") == wanted[position].removesuffix(".service"):
            position += 1
            after_option = False
        elif word.startswith("-"):
            after_option = "=" not in word
        elif after_option:
            after_option = False
        elif not position and not _stands_anywhere(word):
            return False
    return position == len(wanted)


def _stands_anywhere(word: str) -> bool:
    """Paths, and what dd(1) takes: their order says nothing."""
    return word.startswith(("/", "~", "./", "../", "$")) or "=" in word


def tidy(path: str) -> str:
    """The same path for `//`, `/.`, `/x/..`, `/*` and trailing blanks: `/etc/*` is `/etc`."""
    import posixpath

    path = path.strip()
    if "/" not in path and path not in ("", ".", ".."):
        return path
    if not path:
        return ""
    path = posixpath.normpath(path)
    while path.endswith(("/*", "/.*", "/**")):
        path = posixpath.normpath(path[: path.rindex("/")] or "/")
    return "/" + path.lstrip("/") if path.startswith("/") else path
