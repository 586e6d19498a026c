"""The verbs `profile list`, `show` and `check`: which profiles there are, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass

from shannot.config.settings import Settings
from shannot.policy.builtin import PROFILES, SUMMARIES
from shannot.workflows.configuration import load_settings
from shannot.workflows.profiles import check_file, make_profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.policy.profile import Profile
    from shannot.workflows.request import Caller


@dataclass(frozen=True, slots=True)
class Named:
    """One line of the list."""

    name: str
    origin: str
    """`built-in` or `configuration`."""
    summary: str
    is_chosen: bool
    """It holds where nobody says otherwise."""


def list_profiles(caller: Caller) -> tuple[Named, ...]:
    """Every profile that has a name. Raises UsageError for a wrong configuration."""
    settings = load_settings(caller) or Settings()
    make_profile(settings, caller)  # so that a wrong rule is told here as well
    own = set(settings.profiles)
    found = [
        Named(
            name,
            "configuration" if name in own else "built-in",
            "" if name in own else SUMMARIES[name],
            name == settings.profile,
        )
        for name in sorted({*PROFILES, *own})
    ]
    if settings.profile not in {named.name for named in found}:
        found.append(Named(settings.profile, "file", "", True))
    return tuple(found)


def show_profile(caller: Caller, name: str | None) -> Profile:
    """The rules of a name or a file, None for those that hold here; the project's included.

    Raises UsageError for a wrong configuration or profile.
    """
    return make_profile(load_settings(caller), caller, name)


def check_profile(caller: Caller, path: str) -> tuple[int, tuple[str, ...]]:
    """How many rules there are in a profile file or a configuration, all of them right, and notes
    on those that have no effect.

    Raises UsageError naming file and line.
    """
    return check_file(path, caller)
