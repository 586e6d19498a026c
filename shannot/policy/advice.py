"""What would have to be in a profile to change a verdict. Called by `workflows/explain.py`.

Nothing is advised that was not tried: each entry is put into the profile, and the command is
decided again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shannot.errors import UsageError
from shannot.policy.command import Command, Decision, Verdict
from shannot.policy.command_line import plain_words, read_strictly, shell_line
from shannot.policy.deny import BUILT_IN
from shannot.policy.entries import Fixed, read_entry
from shannot.policy.profile import Profile, index_rules
from shannot.policy.verdict import decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shannot.policy.rules import Rule

    Index = Mapping[str, tuple[Rule, ...]]

_LISTS: tuple[tuple[str, Decision], ...] = (
    ("auto_approve", "allow"),
    ("confine", "confine"),
    ("ask", "ask"),
    ("always_deny", "deny"),
)


@dataclass(frozen=True, slots=True)
class Advice:
    """One change of the profile, and the verdict after it."""

    action: str
    """add or remove; "none" where no change of a profile leads to that verdict."""
    key: str
    """The list."""
    entry: str
    """The rule's text."""
    decision: Decision
    reason: str = ""
    """Why nothing does, as a sentence."""


def advise(command: Command, profile: Profile, verdict: Verdict) -> tuple[Advice, ...]:
    """What leads to each other verdict, one entry for each."""
    if verdict.decision == "deny" and verdict.rule == BUILT_IN:
        return ()
    if verdict.rule and verdict.rule != BUILT_IN:
        without = _remove(profile, verdict)
        after = decide(command, without)
        removal = Advice("remove", _list_of(profile, verdict), verdict.rule, after.decision)
        if verdict.decision in ("deny", "ask"):
            return (removal,)
        return (removal, *_additions(command, profile, verdict))
    return tuple(_additions(command, profile, verdict))


def rule_text(words: tuple[str, ...]) -> str | None:
    """The words as the text of a rule that names exactly them; None where none can."""
    text = " ".join(map(_quoted, words))
    if words[:1] == ("time",):  # a word of the shell, and a program
        return text if plain_words(text) == words else None
    return text if read_strictly(text) == words else None


def _quoted(word: str) -> str:
    if word and word.isascii() and all(c.isalnum() or c in "-_./:=@%+," for c in word):
        return word
    return f"'{word}'" if "'" not in word else f'"{word}"'


def _additions(command: Command, profile: Profile, verdict: Verdict) -> Iterator[Advice]:
    line = shell_line(command.argv)
    words = (read_strictly(line) if line is not None else None) or command.argv
    for key, decision in _LISTS:
        if decision == verdict.decision:
            continue
        exact = rule_text(words)
        # Confining is by name, for a name is what is safe; the others name all words.
        text = rule_text(words[:1]) if key == "confine" else exact
        after = _with(profile, key, text, command) if text else None
        if text and after and after.decision == decision:
            yield Advice("add", key, text, decision)
        elif key == "auto_approve":
            reason = after.reason if after else "No rule can name these words."
            yield Advice("none", key, "", decision, reason)


def _with(profile: Profile, key: str, text: str, command: Command) -> Verdict | None:
    try:
        rule = read_entry(Fixed(text, "advice"), key)
    except UsageError:
        return None
    index: Index = getattr(profile, key) or {}
    new = index_rules((rule,), key)
    changed = {**index, **{name: (*index.get(name, ()), *rules) for name, rules in new.items()}}
    return decide(command, _replaced(profile, key, changed))


def _remove(profile: Profile, verdict: Verdict) -> Profile:
    """The profile without the rule that the verdict names."""

    def left(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(
            rule for rule in rules if (rule.text, rule.where) != (verdict.rule, verdict.where)
        )

    changed = replace(profile, denied_texts=left(profile.denied_texts))
    for key, _ in _LISTS:
        index: Index | None = getattr(profile, key)
        if index is not None:
            kept = {name: left(rules) for name, rules in index.items()}
            changed = _replaced(
                changed, key, {name: rules for name, rules in kept.items() if rules}
            )
    return changed


def _replaced(profile: Profile, key: str, index: Index) -> Profile:
    match key:
        case "auto_approve":
            return replace(profile, auto_approve=index)
        case "confine":
            return replace(profile, confine=index)
        case "ask":
            return replace(profile, ask=index)
        case _:
            return replace(profile, always_deny=index)


def _list_of(profile: Profile, verdict: Verdict) -> str:
    for key, rule in profile.rules():
        if (rule.text, rule.where) == (verdict.rule, verdict.where):
            return key
    return ""
