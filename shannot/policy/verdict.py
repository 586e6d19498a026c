"""`decide`: the one function that says what may happen to a command.

Used by the gate, `explain`, the review and the servers. Pure: it looks at no file. Whether the
program that an *allow* would start is the one it claims to be is `identity.py`'s question, which
the caller asks before anything runs.

Strictest wins: deny > ask > confine > allow. The built-in list of confined tools is not a rule
of anybody's: it answers where no rule of the profile matches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from shannot.policy.budget import UnreadableError
from shannot.policy.command_line import is_visible, name_of, read_strictly, shell_line, shown
from shannot.policy.defaults import CONFINED, EXECUTING, SCRIPTED, SHELLS, WRAPPERS
from shannot.policy.deny import BUILT_IN, find_denied
from shannot.policy.profile import EVERY, Profile
from shannot.policy.rules import Rule, matches_anyhow, parse_arguments, starts_with
from shannot.policy.walk import is_deep, plain_name

Decision = Literal["deny", "ask", "confine", "allow"]

DIRECTORIES = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""The fixed PATH: the only places a program may come from that a rule allows by its bare name."""
_SYSTEM = (
    "/usr/",
    "/bin/",
    "/sbin/",
    "/lib/",
    "/lib64/",
    "/opt/",
    "/snap/",
    "/nix/store/",
    "/gnu/",
)
"""Where a program of the fixed PATH may lead to through links."""
WORD_LIMIT = 4_096
CHARACTER_LIMIT = 65_536
"""Of a command that may be allowed."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a script wants to start. Text is as `os.fsdecode` makes it."""

    argv: tuple[str, ...]
    directory: str = "/"
    environment: tuple[tuple[str, str], ...] = ()
    """What the script added to the environment that it was given."""
    executable: str = ""
    """The program's absolute path in the tree the script sees, links resolved; "" if unknown."""
    in_overlay: bool = False
    """The program is new or changed there: the host has none like it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may happen, the rule that says so ("" where none does), and why, as one sentence."""

    decision: Decision
    rule: str
    reason: str
    argv: tuple[str, ...] = ()
    """What an allowed command runs as: for a readable shell line, its words without the shell."""


def decide(command: Command, profile: Profile) -> Verdict:
    """The verdict on one command. Never raises; what cannot be judged is asked or denied."""
    if not command.argv or not command.argv[0] or any("\0" in word for word in command.argv):
        return Verdict("deny", BUILT_IN, "It names no program.")
    try:
        denial = _denial(command, profile)
    except UnreadableError as error:
        return Verdict("ask", "", f"Nobody can say what it would run: {error}.")
    if denial:
        return denial
    verdict = _judge(command, profile)
    if is_shell_line(command.argv):
        verdict = _through_shell(command, profile, verdict)
    if verdict.decision == "allow":
        verdict = _ask_within(verdict, profile)
    return verdict


def confinable(command: Command, profile: Profile) -> str:
    """The rule by which the command could be confined, a built-in one included; else ""."""
    rule = _match_names(command, profile, "confine")
    if rule:
        return rule.text
    names = {plain_name(command.argv[0]), plain_name(command.executable)}
    return BUILT_IN if names & CONFINED or name_of(command.argv[0]) in CONFINED else ""


def is_shell_line(argv: tuple[str, ...]) -> bool:
    """Is it a shell given a line with `-c`, in whatever form?"""
    return plain_name(argv[0]) in SHELLS and any(
        word[:1] in ("-", "+") and word[1:2] != "-" and "c" in word for word in argv[1:]
    )


def _denial(command: Command, profile: Profile) -> Verdict | None:
    """argv[0] is the script's own word for a program: both it and the real one are looked at."""
    argvs = [command.argv]
    if command.executable and plain_name(command.executable) != plain_name(command.argv[0]):
        argvs.append((command.executable, *command.argv[1:]))
    for argv in argvs:
        denial = find_denied(argv, command.directory, profile)
        if denial:
            return Verdict("deny", denial.rule, denial.reason)
    return None


def _judge(command: Command, profile: Profile) -> Verdict:
    """The verdict of the lists on the words as they are, shell lines not looked into."""
    asked = _match_names(command, profile, "ask")
    if asked:
        return Verdict("ask", asked.text, "The profile asks about it.")
    confined = _match_names(command, profile, "confine")
    if confined:
        return Verdict("confine", confined.text, "The profile confines it.")
    allowed = _allowing_rule(command, profile)
    objection = _objection(command, allowed) if allowed else ""
    if allowed and not objection:
        return Verdict("allow", allowed.text, "The profile allows it.", command.argv)
    rule = confinable(command, profile)
    if rule:
        return Verdict("confine", rule, objection or "It is an ordinary tool, safe when confined.")
    return Verdict("ask", "", objection or "No rule names it.")


def _match_names(command: Command, profile: Profile, key: Literal["ask", "confine"]) -> Rule | None:
    index = profile.ask if key == "ask" else profile.confine
    if not index:
        return None
    names = {name_of(command.argv[0]), plain_name(command.argv[0])}
    names |= {name_of(command.executable), plain_name(command.executable)}
    matches = matches_anyhow if key == "ask" else starts_with
    for name in (*sorted(names - {""}), EVERY):
        for rule in index.get(name, ()):
            if name == EVERY or matches(rule, command.argv):
                return rule
    return None


def _allowing_rule(command: Command, profile: Profile) -> Rule | None:
    """A rule names a program by its bare name, found in the fixed PATH, or by its exact path."""
    word = command.argv[0]
    directory, _, name = word.rpartition("/")
    for rule in profile.auto_approve.get(name, ()):
        exact = "/" in rule.words[0]
        found = word == rule.words[0] if exact else directory in ("", *DIRECTORIES)
        if "/" in word and not directory:
            found = False
        if found and starts_with(rule, command.argv):
            return rule
    return None


def _objection(command: Command, rule: Rule) -> str:
    """Why a rule that matches does not allow the command after all, as a sentence; else ""."""
    if len(command.argv) > WORD_LIMIT or sum(map(len, command.argv)) > CHARACTER_LIMIT:
        return "It is longer than what a rule may allow."
    if not all(map(is_visible, command.argv)):
        return "It holds characters that cannot be seen."
    if command.in_overlay:
        return "The program exists only in the sandbox, so the host cannot run it."
    path = command.executable
    if path and "/" not in rule.words[0] and not path.startswith(_SYSTEM):
        return f"The program it would start is {shown((path,))}, which is not a system program."
    if is_shell_line(command.argv):
        return "Its shell line can be read in more than one way."
    name = plain_name(command.argv[0])
    if len(rule.words) == 1 and (name in WRAPPERS or name in SHELLS or name in SCRIPTED):
        return f"The rule {rule.text} names a program that runs others; name its arguments too."
    option = _executing_option(name, command.argv[len(rule.words) :])
    if option:
        return f"The option {option} makes it run or change things; the rule does not name it."
    return ""


def _executing_option(name: str, words: tuple[str, ...]) -> str:
    letters, longs = EXECUTING.get(name, ("", ()))
    if not letters and not longs:
        return ""
    given = parse_arguments("", words)
    for letter in sorted(given.letters.intersection(letters)):
        return f"-{letter}"
    for long in longs:
        bare = long.lstrip("-")
        if long.startswith("--") and any(
            known and (bare.startswith(known) or known.startswith(bare)) for known in given.longs
        ):
            return long
        if not long.startswith("--") and any(word.startswith(long) for word in words):
            return long
    return ""


def _through_shell(command: Command, profile: Profile, direct: Verdict) -> Verdict:
    """A readable line may be allowed as its own words; any other only as far as its shell may.

    Confining a shell confines all it starts, and each of those is decided again.
    """
    line = shell_line(command.argv)
    words = read_strictly(line) if line is not None else None
    trusted = command.argv[0].rpartition("/")[0] in ("", *DIRECTORIES) and not command.in_overlay
    if words is None or not trusted:
        return direct
    inner = replace(command, argv=words, executable="", in_overlay=False)
    verdict = _judge(inner, profile)
    if direct.decision == "ask" and direct.rule:
        return direct
    if direct.decision == "confine" and (verdict.decision != "allow" or direct.rule != BUILT_IN):
        return direct
    return verdict


def _ask_within(verdict: Verdict, profile: Profile) -> Verdict:
    """An allowed wrapper must not start what the profile asks about: `sudo -n git push`."""
    if not profile.ask or not is_deep(verdict.argv, ()):
        return verdict
    try:
        found = find_denied(verdict.argv, "/", replace(profile, always_deny=profile.ask))
    except UnreadableError as error:
        return Verdict("ask", "", f"Nobody can say what it would run: {error}.")
    return Verdict("ask", found.rule, "The profile asks about it.") if found else verdict
