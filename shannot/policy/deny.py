"""Find what must be denied, however deep it is wrapped. Called by `verdict.py` before all else.

The walk through the command is `walk.py`'s; what is catastrophic without any rule stands in
`catastrophes.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shannot.policy.budget import Budget
from shannot.policy.catastrophes import catastrophe, raw_device
from shannot.policy.command_line import shown
from shannot.policy.profile import EVERY, Profile
from shannot.policy.rules import matches_anyhow
from shannot.policy.walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from shannot.policy.walk import Found

BUILT_IN = "built-in"
"""The rule of a denial that no list of the user's names."""

_FORK_BOMB = re.compile(r"([\w:.]{1,64})\(\)\{[^{}]{0,256}?\1[|&]\1[^{}]{0,256}\}")


@dataclass(frozen=True, slots=True)
class Denial:
    """Which rule denies, and why, as a sentence."""

    rule: str
    reason: str
    where: str = ""
    """Where the rule stands."""


def find_denied(argv: tuple[str, ...], directory: str, profile: Profile) -> Denial | None:
    """The first denial in the command or in anything it would run. Raises UnreadableError."""
    search = _Search(profile)
    if not search.texts(argv):
        Walk(search, Budget()).start(argv, directory)
    return search.denial


@dataclass(slots=True)
class _Search:
    """A visitor that stops at the first denial."""

    profile: Profile
    denial: Denial | None = None

    @property
    def names(self) -> Collection[str]:
        return self.profile.always_deny

    def texts(self, argv: tuple[str, ...]) -> bool:
        """Denied shell syntax, compared without blanks in every word and in all of them."""
        if not self.profile.denied_texts:
            return False
        whole = "".join("".join(argv).split())
        for rule in self.profile.denied_texts:
            if rule.words[0] and rule.words[0] in whole:
                return self.deny(rule.text, "The profile denies this line.", rule.where)
        return False

    def line(self, squeezed: str) -> bool:
        if "(){" in squeezed and _FORK_BOMB.search(squeezed):
            return self.deny(
                BUILT_IN, "It would start copies of itself until nothing else can run."
            )
        return False

    def command(self, found: Found) -> bool:
        for key in (found.name, EVERY):
            for rule in self.profile.always_deny.get(key, ()):
                if key == EVERY or matches_anyhow(rule, found.words):
                    reason = rule.reason or f"The profile denies {shown(rule.words)}."
                    return self.deny(rule.text, reason, rule.where)
        harm = catastrophe(found.name, found.words, found.directory)
        return self.deny(BUILT_IN, f"It would {harm}.") if harm else False

    def target(self, path: str, directory: str) -> bool:  # noqa: ARG002 - the visitor's signature
        device = raw_device(path)
        return self.deny(BUILT_IN, f"It would overwrite the device {device}.") if device else False

    def runs_input(self, name: str, downloads: bool) -> bool:  # noqa: ARG002
        return downloads and self.deny(BUILT_IN, "It would run what it downloads, unseen.")

    def deny(self, rule: str, reason: str, where: str = "") -> bool:
        self.denial = Denial(rule, reason, where)
        return True
