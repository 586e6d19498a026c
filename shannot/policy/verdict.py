"""`decide`: the one function that says what may happen to a command.

Used by the gate, `explain`, the review and the servers. Pure: it looks at no file. Whether the
program that an *allow* would start is the one it claims to be is `identity.py`'s question, which
the caller asks before anything runs.

Strictest wins: deny > ask > confine > allow. The built-in list of confined tools is not a rule
of anybody's: it answers where no rule of the profile matches, and only where the profile has no
list of its own.
"""

from __future__ import annotations

from dataclasses import replace

from shannot.policy.budget import Budget, UnreadableError
from shannot.policy.command import DIRECTORIES, Command, Decision, Verdict
from shannot.policy.command_line import name_of, read_strictly, shell_line
from shannot.policy.defaults import CONFINED, SHELLS
from shannot.policy.deny import BUILT_IN, find_denied
from shannot.policy.matching import Subject, holds
from shannot.policy.names import is_deep, is_shell_line, plain_name
from shannot.policy.objections import general_objection, objection
from shannot.policy.paths import Paths
from shannot.policy.profile import EVERY, Profile
from shannot.policy.rules import Rule, holds_in, starts_with
from shannot.policy.without import NOTHING

__all__ = ["BUILT_IN", "Command", "Decision", "Verdict", "confinable", "decide", "is_shell_line"]


def decide(command: Command, profile: Profile) -> Verdict:
    """The verdict on one command. Never raises; what cannot be judged is asked or denied."""
    if not command.argv or not command.argv[0] or any("\0" in word for word in command.argv):
        return Verdict("deny", BUILT_IN, "It names no program.")
    try:
        return _decide(command, profile, Budget())
    except UnreadableError as error:
        return Verdict("ask", "", f"Nobody can say what it would run: {error}.")


def _decide(command: Command, profile: Profile, budget: Budget) -> Verdict:
    """Raises UnreadableError where the limits are reached."""
    denial = _denial(command, profile, budget)
    if denial:
        return denial
    verdict = _judge(command, profile, budget)
    if is_shell_line(command.argv):
        verdict = _through_shell(command, profile, verdict, budget)
    if verdict.decision == "allow":
        verdict = _ask_within(verdict, command.directory, profile, budget)
    return verdict


def confinable(command: Command, profile: Profile) -> str:
    """The rule by which the command could be confined, a built-in one included; else ""."""
    try:
        rule = _confining_rule(command, profile, Budget())
    except UnreadableError:
        return ""
    if rule:
        return rule.text
    return BUILT_IN if _is_ordinary(command, profile) else ""


def _is_ordinary(command: Command, profile: Profile) -> bool:
    """Is it one of the tools that are confined where the profile has no list of its own?"""
    if profile.confine is not None:
        return False
    name = name_of(command.argv[0])
    return (
        name in CONFINED
        or plain_name(command.argv[0]) in CONFINED
        or plain_name(command.executable) in CONFINED
    )


def _denial(command: Command, profile: Profile, budget: Budget) -> Verdict | None:
    """argv[0] is the script's own word for a program: both it and the real one are looked at."""
    argvs = [command.argv]
    if command.executable and _differs(command, profile):
        argvs.append((command.executable, *command.argv[1:]))
    for argv in argvs:
        denial = find_denied(argv, command.directory, profile, budget)
        if denial:
            return Verdict("deny", denial.rule, denial.reason, where=denial.where)
    return None


def _differs(command: Command, profile: Profile) -> bool:
    """Could the program's own name lead to another denial than the script's word for it?"""
    word, own = plain_name(command.argv[0]), plain_name(command.executable)
    if word == own:
        return False
    return not {word, own} <= SHELLS or own in profile.always_deny


def _judge(command: Command, profile: Profile, budget: Budget) -> Verdict:
    """The verdict of the lists on the words as they are, shell lines not looked into."""
    asked = _asking_rule(command, profile, budget)
    if asked:
        reason = asked.reason or "The profile asks about it."
        return Verdict("ask", asked.text, reason, where=asked.where)
    confined = _confining_rule(command, profile, budget)
    if confined:
        reason = confined.reason or "The profile confines it."
        return Verdict("confine", confined.text, reason, where=confined.where)
    refused = ""
    naming = _naming_rules(command, profile, budget)
    if naming:
        refused = general_objection(command)
    for rule in () if refused else naming:
        against = objection(command, rule, budget)
        if not against:
            reason = rule.reason or "The profile allows it."
            return Verdict("allow", rule.text, reason, command.argv, rule.where, rule.environment)
        refused = refused or against
    if _is_ordinary(command, profile):
        reason = refused or "It is an ordinary tool, safe when confined."
        return Verdict("confine", BUILT_IN, reason)
    return Verdict("ask", "", refused or "No rule names it.")


def _names(command: Command) -> list[str]:
    """The names that rules may know it by: the script's word for it, and the program's own."""
    argv0, executable = command.argv[0], command.executable
    names = (name_of(argv0), plain_name(argv0), name_of(executable), plain_name(executable))
    return [*dict.fromkeys(name for name in names if name), EVERY]


def _asking_rule(command: Command, profile: Profile, budget: Budget) -> Rule | None:
    if not profile.ask:
        return None
    names = _names(command)
    if profile.ask.keys().isdisjoint(names):
        return None
    subject = Subject(names[0], command.argv[1:], command.directory, Paths(budget))
    for name in names:
        for rule in profile.ask.get(name, ()):
            if name == EVERY or holds(subject, rule.wanted):
                return rule
    return None


def _confining_rule(command: Command, profile: Profile, budget: Budget) -> Rule | None:
    for name in _names(command) if profile.confine else ():
        for rule in (profile.confine or {}).get(name, ()):
            budget.step(1)
            if name != EVERY and not starts_with(rule, command.argv):
                continue
            words: tuple[str, ...] = ()
            if rule.without is not NOTHING:
                words = command.argv[len(rule.words) :]
            budget.step(len(words) // 2)
            if not rule.without.find(words) and holds_in(rule, command.directory):
                return rule
    return None


def _naming_rules(command: Command, profile: Profile, budget: Budget) -> list[Rule]:
    """The allow rules whose words the command begins with.

    A rule names a program by its bare name, found in the fixed PATH, or by its exact path.
    """
    word = command.argv[0]
    directory, slash, name = word.rpartition("/")
    if slash and not directory:
        return []
    rules = profile.auto_approve.get(name, ())
    budget.step(len(rules))
    return [
        rule
        for rule in rules
        if (word == rule.words[0] if "/" in rule.words[0] else directory in ("", *DIRECTORIES))
        and starts_with(rule, command.argv)
    ]


def _through_shell(command: Command, profile: Profile, direct: Verdict, budget: Budget) -> Verdict:
    """A readable line may be allowed as its own words; any other only as far as its shell may.

    Confining a shell confines all it starts, and each of those is decided again.
    """
    line = shell_line(command.argv)
    words = read_strictly(line) if line is not None else None
    if words is None or not _is_trusted_shell(command):
        return direct
    inner = replace(command, argv=words, executable="", in_overlay=False)
    verdict = _judge(inner, profile, budget)
    if direct.decision == "ask" and direct.rule:
        return direct
    if direct.decision == "confine" and (verdict.decision != "allow" or direct.rule != BUILT_IN):
        return direct
    return verdict


def _is_trusted_shell(command: Command) -> bool:
    """Is the shell the system's, so that its line means what it says?"""
    if command.in_overlay or command.argv[0].rpartition("/")[0] not in ("", *DIRECTORIES):
        return False
    path = command.executable
    if not path:
        return True
    shells = SHELLS | {"busybox", "toybox"}
    return path.rpartition("/")[0] in DIRECTORIES and plain_name(path) in shells


def _ask_within(verdict: Verdict, directory: str, profile: Profile, budget: Budget) -> Verdict:
    """An allowed wrapper must not start what the profile asks about: `sudo -n git push`."""
    if not profile.ask or not is_deep(verdict.argv, ()):
        return verdict
    asking = replace(profile, always_deny=profile.ask)
    found = find_denied(verdict.argv, directory, asking, budget)
    if not found:
        return verdict
    return Verdict("ask", found.rule, "The profile asks about it.", where=found.where)
