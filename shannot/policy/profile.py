"""A profile: the rule lists of a configuration, parsed and indexed by program name.

Built once per run from what `config/` read, from `builtin.py`, or from plain strings; used by
`verdict.py` for every command.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shannot.policy.entries import Fixed, read_entry
from shannot.policy.names import plain_name
from shannot.policy.rules import RULE_LIMIT, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shannot.policy.entries import Entry

    Index = Mapping[str, tuple[Rule, ...]]

EVERY = "*"
"""In a list: every program."""
_SYNTAX = frozenset(";&|<>`()")


@dataclass(frozen=True, slots=True)
class Profile:
    """What may run. Rules by the name of the program; those of `"*"` hold for every program."""

    name: str = "default"
    auto_approve: Index = field(default_factory=dict)
    always_deny: Index = field(default_factory=dict)
    ask: Index = field(default_factory=dict)
    confine: Index | None = None
    """None: nobody has said anything, so the ordinary tools (`defaults.CONFINED`) are confined."""
    denied_texts: tuple[Rule, ...] = ()
    """Denied shell syntax such as the fork bomb, compared with the line without its blanks."""
    source: tuple[str, str] | None = None
    """The file that it was read from, where it has one of its own, and the file's SHA-256."""

    def rules(self) -> Iterator[tuple[str, Rule]]:
        """Each rule with the name of its list, the strictest list first."""
        for rule in self.denied_texts:
            yield "always_deny", rule
        lists = (("always_deny", self.always_deny), ("ask", self.ask))
        for key, index in (
            *lists,
            ("confine", self.confine or {}),
            ("auto_approve", self.auto_approve),
        ):
            for rules in index.values():
                for rule in rules:
                    yield key, rule


def build_profile(
    name: str = "default",
    *,
    auto_approve: Iterable[Entry] = (),
    always_deny: Iterable[Entry] = (),
    ask: Iterable[Entry] = (),
    confine: Iterable[Entry] | None = None,
    source: tuple[str, str] | None = None,
) -> Profile:
    """Read the lists. Raises UsageError that names where the wrong rule stands."""
    plain: list[Entry] = []
    texts: list[Rule] = []
    for entry in always_deny:
        text = entry.value
        if isinstance(text, str) and not _SYNTAX.isdisjoint(text) and len(text) <= RULE_LIMIT:
            texts.append(Rule(text, ("".join(text.split()),), entry.where()))
        else:
            plain.append(entry)
    return Profile(
        name,
        _index(auto_approve, "auto_approve"),
        _index(plain, "always_deny"),
        _index(ask, "ask"),
        None if confine is None else _index(confine, "confine"),
        tuple(texts),
        source,
    )


def profile_of(
    name: str = "default",
    where: str = "a rule",
    *,
    auto_approve: Iterable[object] = (),
    always_deny: Iterable[object] = (),
    ask: Iterable[object] = (),
    confine: Iterable[object] | None = None,
) -> Profile:
    """A profile of strings and tables that stand in no file. Raises UsageError."""
    return build_profile(
        name,
        auto_approve=(Fixed(value, where) for value in auto_approve),
        always_deny=(Fixed(value, where) for value in always_deny),
        ask=(Fixed(value, where) for value in ask),
        confine=None if confine is None else (Fixed(value, where) for value in confine),
    )


def _index(entries: Iterable[Entry], key: str) -> Index:
    return index_rules((read_entry(entry, key) for entry in entries), key)


def index_rules(rules: Iterable[Rule], key: str) -> Index:
    """The rules of the list `key` by the name under which they are looked up."""
    lists: dict[str, list[Rule]] = {}
    for rule in rules:
        # Denials and questions look for what a name comes down to: `python3` is `python`.
        name = plain_name(rule.name) if key in ("always_deny", "ask") else rule.name
        lists.setdefault(name, []).append(rule)
    return {name: tuple(found) for name, found in lists.items()}
