"""A profile: the rule lists of a configuration, parsed and indexed by program name.

Built once per run from what `config/settings.py` read, or from plain strings; used by
`verdict.py` for every command.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shannot.errors import UsageError
from shannot.policy.rules import RULE_LIMIT, Rule, parse_rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Index = Mapping[str, tuple[Rule, ...]]
    Texts = Iterable[tuple[str, str]]
    """Rules as (text, where it stands), such as ("systemctl status", "config.toml:3")."""

EVERY = "*"
"""In a list: every program."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What may run. Rules by the name of the program; those of `"*"` hold for every program."""

    name: str = "default"
    auto_approve: Index = field(default_factory=dict)
    always_deny: Index = field(default_factory=dict)
    ask: Index = field(default_factory=dict)
    confine: Index = field(default_factory=dict)
    denied_texts: tuple[str, ...] = ()
    """Denied shell syntax such as the fork bomb, compared with the line without its blanks."""


def build_profile(
    name: str = "default",
    *,
    auto_approve: Texts = (),
    always_deny: Texts = (),
    ask: Texts = (),
    confine: Texts = (),
) -> Profile:
    """Parse the lists. Raises UsageError that names where the wrong rule stands."""
    plain: list[tuple[str, str]] = []
    texts: list[str] = []
    for text, where in always_deny:
        if any(character in ";&|<>`()" for character in text) and len(text) <= RULE_LIMIT:
            texts.append("".join(text.split()))
        else:
            plain.append((text, where))
    return Profile(
        name,
        _index(auto_approve, "auto_approve"),
        _index(plain, "always_deny"),
        _index(ask, "ask"),
        _index(confine, "confine"),
        tuple(texts),
    )


def profile_of(
    *,
    auto_approve: Iterable[str] = (),
    always_deny: Iterable[str] = (),
    ask: Iterable[str] = (),
    confine: Iterable[str] = (),
) -> Profile:
    """A profile of plain strings that stand nowhere. Raises UsageError."""
    return build_profile(
        auto_approve=((text, "a rule") for text in auto_approve),
        always_deny=((text, "a rule") for text in always_deny),
        ask=((text, "a rule") for text in ask),
        confine=((text, "a rule") for text in confine),
    )


def _index(texts: Texts, key: str) -> Index:
    index: dict[str, tuple[Rule, ...]] = {}
    for text, where in texts:
        if key == "auto_approve" and text.strip().startswith(EVERY):
            raise UsageError(f'{where}: "*" in auto_approve would allow everything; name programs')
        try:
            rule = Rule(text, (EVERY,)) if text == EVERY else parse_rule(text)
        except ValueError as error:
            raise UsageError(f"{where}: {key}: {error}")
        index[rule.name] = (*index.get(rule.name, ()), rule)
    return index
