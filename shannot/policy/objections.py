"""Why a rule that names a command's words does not allow it after all. Called by `verdict.py`."""

from __future__ import annotations

from dataclasses import replace

from shannot.policy.budget import Budget
from shannot.policy.command import Command
from shannot.policy.command_line import is_visible, shown
from shannot.policy.defaults import CONFIGURED, INTERPRETERS, SCRIPTED, SHELLS, WRAPPERS
from shannot.policy.names import is_shell_line, plain_name
from shannot.policy.process_list import environment_word
from shannot.policy.rules import Rule, holds_in
from shannot.policy.uncovered import SECOND_WRITTEN, UNCOVERED
from shannot.policy.without import parse_without
from shannot.policy.wrappers import WRAPPED_AFTER, peel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

WORD_LIMIT = 4_096
CHARACTER_LIMIT = 65_536
"""Of a command that may be allowed."""
_SYSTEM = (
    *("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/opt/", "/snap/", "/nix/store/", "/gnu/"),
)
"""Where a program of the fixed PATH may lead to through links."""
_RUNNING = SHELLS | WRAPPERS | SCRIPTED | INTERPRETERS
_LOADING = (SHELLS | INTERPRETERS) - frozenset({"awk", "gawk", "mawk", "nawk"})
"""Programs whose first operand is a file of code, and which load others from where they start."""
_SHOWING = frozenset({"show", "list", "lst", "ls", "get", "help"})
"""Actions of ip(8) that change nothing."""
_OF_MANY_NAMES = {"", "busybox", "toybox", "coreutils"}
_UNCOVERED = {name: parse_without(patterns.split()) for name, patterns in UNCOVERED.items()}


def general_objection(command: Command) -> str:
    """Why no rule at all allows it: a sentence, or ""."""
    argv = command.argv
    if len(argv) > WORD_LIMIT or sum(map(len, argv)) > CHARACTER_LIMIT:
        return "It is longer than what a rule may allow."
    if not all(map(is_visible, argv)):
        return "It holds characters that cannot be seen."
    if command.in_overlay:
        return "The program exists only in the sandbox, so the host cannot run it."
    if command.in_private:
        return "It is in, or names, a file or directory of the sandbox's own /tmp."
    if is_shell_line(argv):
        return "Its shell line can be read in more than one way."
    return ""


def objection(command: Command, rule: Rule, budget: Budget) -> str:
    """Why the rule, whose words the command begins with, does not allow it: a sentence, or "".

    Raises UnreadableError where there is too much to compare.
    """
    budget.step(1 + len(command.argv))
    path = command.executable
    if path and "/" not in rule.words[0] and not path.startswith(_SYSTEM):
        return f"The program it would start is {shown((path,))}, which is not a system program."
    if not holds_in(rule, command.directory):
        return f"The rule {rule.text} holds in {rule.cwd} only."
    return _of_words(command, rule) or _of_wrapped(command, rule)


def _of_wrapped(command: Command, rule: Rule) -> str:
    """The rule `sudo find` covers no more options of find than the rule `find` would."""
    name = plain_name(command.argv[0])
    if name not in WRAPPED_AFTER:
        return ""
    at = peel(name, rule.words)
    if not at:  # `timeout 5` would allow whatever comes after it
        return _runs_others(rule) if len(command.argv) > len(rule.words) else ""
    inner = replace(command, argv=command.argv[at:], executable="")
    wrapped = replace(rule, words=rule.words[at:])
    return _of_words(inner, wrapped) or _of_wrapped(inner, wrapped)


def _runs_others(rule: Rule) -> str:
    return f"The rule {rule.text} names a program that runs others; name its arguments too."


def _of_words(command: Command, rule: Rule) -> str:
    # A program of many names is what it was called by.
    own = {plain_name(command.executable)} - _OF_MANY_NAMES
    names = {plain_name(command.argv[0])} | own
    if len(rule.words) == 1 and names & _RUNNING:
        return _runs_others(rule)
    words = command.argv[len(rule.words) :]
    elsewhere = _of_place(names, rule, words)
    if elsewhere or not words:
        return elsewhere
    word = rule.without.find(words)
    if word:
        return f"The rule {rule.text} does not cover {shown((word,))}."
    if names & _RUNNING - {"tar"} and all(word[:1] == "-" for word in rule.words[1:]):
        return _runs_others(rule)  # `sed -n` names no script, `mysql -e` no statement
    if "ip" in names and not _SHOWING.intersection(rule.words):
        verb = next((word for word in words if word[:1] != "-"), "")
        if verb and verb not in _SHOWING:
            return f"The rule {rule.text} does not name the action {shown((verb,))}."
    for name in names:
        uncovered = _UNCOVERED.get(name)
        word = (uncovered.find(words) if uncovered else "") or _odd_word(name, words)
        if word:
            return (
                f"The word {shown((word,))} makes it run, change or tell more;"
                " the rule does not name it."
            )
    return ""


def _of_place(names: set[str], rule: Rule, words: Sequence[str]) -> str:
    """What programs do that run the files of a directory, a rule allows in a named one only."""
    if names & CONFIGURED:
        if not rule.cwd:
            return (
                f"The rule {rule.text} names no directory (cwd), and the program runs what the"
                " files of its directory say."
            )
        word = next((word for word in words if _leaves(word)), "")
        if word:
            return f"The word {shown((word,))} leads out of the rule's directory."
    elif names & _LOADING and not rule.cwd and not _names_a_file(rule.words[1:]):
        if any(word[:1] != "-" for word in rule.words[1:]):
            return f"The rule {rule.text} names no directory (cwd), and code is loaded from there."
    return ""


def _leaves(word: str) -> bool:
    """Could the word name another directory, or set a variable of make(1)?"""
    if word[:1] == "-":
        value = word.partition("=")[2]
        return value.startswith(("/", "~")) or ".." in word or (word[1:2] != "-" and "/" in word)
    return word.startswith(("/", "~")) or ".." in word.split("/") or "=" in word or ":/" in word


def _names_a_file(words: Sequence[str]) -> bool:
    """Is the first operand an absolute path, and no option before it one that is given code?"""
    for word in words:
        if word.startswith("/"):
            return True
        if word[:1] != "-" or (word[1:2] != "-" and not set("cemEprI").isdisjoint(word)):
            return False
    return False


def _odd_word(name: str, words: Sequence[str]) -> str:
    """What no pattern can say of a program's words."""
    if name == "ps":
        return environment_word(words)
    if name == "sysctl":
        return next((word for word in words if "=" in word or ".." in word), "")
    if name in ("tar", "cpio", "rsync"):  # `host:file` is fetched by ssh or rsh
        return next((word for word in words if ":" in word and word[:1] != "-"), "")
    if name in SECOND_WRITTEN:
        operands = [word for word in words if word == "-" or not word.startswith("-")]
        return operands[1] if len(operands) > 1 else ""
    return ""
