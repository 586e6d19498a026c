"""The rules as they are now, for verbs that need them only where a plan holds commands.

A plan of files asks no policy, which need not even be imported then. But where there is any
configuration it is read at once: what is wrong with it is told, whatever is looked at.
"""

from __future__ import annotations

from shannot.errors import UsageError
from shannot.workflows.configuration import is_configured

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.policy.profile import Profile
    from shannot.workflows.request import Caller


def present_rules(caller: Caller) -> Callable[[], Profile]:
    """What gives the present profile. Raises UsageError that names file and line."""
    if not is_configured(caller):
        return lambda: _profile(caller)
    profile = _profile(caller)
    return lambda: profile


def reviewing_rules(caller: Caller, tell: Callable[[str], None]) -> Callable[[], Profile] | None:
    """The same for who only looks; None where the configuration is wrong, which is told."""
    try:
        return present_rules(caller)
    except UsageError as error:
        tell(f"whether a command is denied by now cannot be said: {error}")
        return None


def _profile(caller: Caller) -> Profile:
    from shannot.workflows.profiles import present_profile  # the policy with all its rules

    return present_profile(caller)
