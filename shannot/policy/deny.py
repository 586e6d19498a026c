"""Find what must be denied, however deep it is wrapped. Called by `verdict.py` before all else.

The walk through the command is `walk.py`'s; what is catastrophic without any rule stands in
`catastrophes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from shannot.policy.budget import WIDTH, Budget
from shannot.policy.catastrophes import CHECKS, catastrophe
from shannot.policy.command_line import shown
from shannot.policy.fork_bomb import is_fork_bomb
from shannot.policy.matching import Subject, holds
from shannot.policy.paths import Paths
from shannot.policy.profile import EVERY, Profile
from shannot.policy.walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from shannot.policy.walk import Found

BUILT_IN = "built-in"
"""The rule of a denial that no list of the user's names."""


@dataclass(frozen=True, slots=True)
class Denial:
    """Which rule denies, and why, as a sentence."""

    rule: str
    reason: str
    where: str = ""
    """Where the rule stands."""


def find_denied(
    argv: tuple[str, ...], directory: str, profile: Profile, budget: Budget
) -> Denial | None:
    """The first denial in the command or in anything it would run. Raises UnreadableError."""
    search = _Search(profile, Paths(budget), budget)
    if not search.texts(argv):
        Walk(search, budget).start(argv, directory)
    return search.denial


@dataclass(slots=True)
class _Search:
    """A visitor that stops at the first denial."""

    profile: Profile
    paths: Paths
    budget: Budget
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
            self.budget.step(1 + len(whole) // WIDTH // WIDTH)
            if rule.words[0] and rule.words[0] in whole:
                return self.deny(rule.text, "The profile denies this line.", rule.where)
        return False

    def line(self, squeezed: str) -> bool:
        if "(){" in squeezed and is_fork_bomb(squeezed):
            return self.deny(
                BUILT_IN, "It would start copies of itself until nothing else can run."
            )
        return False

    def command(self, found: Found) -> bool:
        always_deny, name = self.profile.always_deny, found.name
        if name not in CHECKS and name not in always_deny and EVERY not in always_deny:
            return False
        subject = Subject(name, found.words[1:], found.directory, self.paths)
        for key in (name, EVERY):
            for rule in always_deny.get(key, ()):
                if key == EVERY or holds(subject, rule.wanted):
                    reason = rule.reason or f"The profile denies {shown(rule.words)}."
                    return self.deny(rule.text, reason, rule.where)
        harm = catastrophe(subject)
        return self.deny(BUILT_IN, f"It would {harm}.") if harm else False

    def target(self, path: str, directory: str) -> bool:  # noqa: ARG002 - the visitor's signature
        device = self.paths.device(path)
        return self.deny(BUILT_IN, f"It would overwrite the device {device}.") if device else False

    def runs_input(self, name: str, downloads: bool) -> bool:  # noqa: ARG002
        return downloads and self.deny(BUILT_IN, "It would run what it downloads, unseen.")

    def deny(self, rule: str, reason: str, where: str = "") -> bool:
        self.denial = Denial(rule, reason, where)
        return True
