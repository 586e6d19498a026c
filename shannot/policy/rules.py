"""Rules: a program's name and the words after it.

Read from configuration by `profile.py`, used by `verdict.py` and `deny.py`. To allow and to
confine, words are compared one by one as a prefix; to deny and to ask, as `matching.py` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shannot.policy.budget import UnreadableError
from shannot.policy.command_line import (
    is_shell_word,
    is_visible,
    name_of,
    plain_words,
    read_strictly,
)
from shannot.policy.matching import Wanted, wanted_by
from shannot.policy.without import NOTHING, Without

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

RULE_LIMIT = 1_024
"""Characters of one rule."""


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
    wanted: Wanted = field(default=Wanted(), compare=False, repr=False)
    """Of a rule that denies or asks: its words, worked out."""

    @property
    def name(self) -> str:
        """The program's name without a path."""
        return name_of(self.words[0])


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
    words = read_strictly(command) or _with_shell_word(command)
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
    if exact:
        return Rule(text, words, where)
    try:
        return Rule(text, words, where, wanted=wanted_by(name_of(words[0]), words[1:]))
    except UnreadableError as error:
        raise ValueError(str(error))


def _with_shell_word(text: str) -> tuple[str, ...] | None:
    """The words of a rule on time(1), which a shell takes for its own word as well."""
    words = plain_words(text)
    if words and is_shell_word(words[0]):
        raise ValueError(f"`{words[0]}` is a word of the shell, not a program")
    return words if words and words[0] == "time" else None


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
