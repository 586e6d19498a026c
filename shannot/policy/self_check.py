"""The examples that rules carry, tried when a profile is loaded: `match` and `not_match`.

Called by whoever has built a profile from something that a person wrote.
"""

from __future__ import annotations

from dataclasses import replace

from shannot.errors import UsageError
from shannot.policy.command import Command
from shannot.policy.command_line import read_strictly
from shannot.policy.profile import Profile, index_rules
from shannot.policy.verdict import decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from shannot.policy.rules import Rule

_DECISIONS = {"auto_approve": "allow", "always_deny": "deny", "ask": "ask", "confine": "confine"}
_ELSEWHERE = "/srv/example"


def check_examples(profile: Profile) -> None:
    """Raises UsageError for the first example that is not as its rule says, naming its line."""
    for key, rule in profile.rules():
        if rule.examples:
            _check(key, rule)


def idle_rules(profile: Profile) -> Iterator[tuple[Rule, str]]:
    """The allow rules that do not even allow their own words, and why, as a sentence."""
    for rules in profile.auto_approve.values():
        for rule in rules:
            alone = _profile_of("auto_approve", rule)
            verdict = decide(Command(rule.words, _directory(rule)), alone)
            if verdict.decision != "allow":
                yield rule, verdict.reason


def _directory(rule: Rule) -> str:
    return rule.cwd.removesuffix("/*") or ("/" if rule.cwd else _ELSEWHERE)


def _check(key: str, rule: Rule) -> None:
    alone = _profile_of(key, rule)
    for example in rule.examples:
        words = read_strictly(example.line)
        argv = words or ("/bin/sh", "-c", example.line)
        verdict = decide(Command(argv, _directory(rule)), alone)
        matches = verdict.decision == _DECISIONS[key] and verdict.rule == rule.text
        if matches != example.matches:
            name = "match" if example.matches else "not_match"
            means = f"it is {verdict.decision}: {verdict.reason}"
            raise UsageError(f"{example.where}: {key}: {name}: {means}")


def _profile_of(key: str, rule: Rule) -> Profile:
    """A profile of this one rule, which confines nothing else."""
    empty = Profile(confine={})
    index = index_rules((rule,), key)
    match key:
        case "auto_approve":
            return replace(empty, auto_approve=index)
        case "always_deny":
            return replace(empty, always_deny=index)
        case "ask":
            return replace(empty, ask=index)
        case _:
            return replace(empty, confine=index)
