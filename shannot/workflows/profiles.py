"""Which profile holds: by name or file, over the machine's, the user's and the project's files.

Called by `choices.py` for a run, and by the verbs that ask the policy about a command.
"""

from __future__ import annotations

import os

from shannot.config.profile_file import is_configuration, is_file, read_profile_file
from shannot.config.rule_lists import RuleLists
from shannot.config.settings import Settings, load
from shannot.errors import UsageError
from shannot.policy.builtin import PROFILES
from shannot.policy.entries import Fixed
from shannot.policy.profile import Profile, build_profile
from shannot.workflows.configuration import load_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.workflows.request import Caller


def make_profile(settings: Settings | None, caller: Caller, asked: str | None = None) -> Profile:
    """The rules of the chosen profile. asked: the name or file of `--profile`.

    Every profile of the configuration is read, and every example in it tried, whichever is
    chosen. Raises UsageError that names file and line.
    """
    settings = settings or Settings()
    own = {name: _checked(name, lists) for name, lists in settings.profiles.items()}
    name = settings.profile if asked is None else asked
    if not is_file(name) and name in own:
        if settings.tightened.is_silent():
            return own[name]
        return _checked(name, settings.profiles[name], settings.tightened)
    if is_file(name):
        path = _path(name, settings if asked is None else None, caller)
        return _checked(name, read_profile_file(path, caller.uid), settings.tightened)
    if name in PROFILES:
        return built_in(name, settings.tightened)
    where = f"{settings.profile_where}: " if asked is None and settings.profile_where else ""
    known = ", ".join(sorted({*PROFILES, *settings.profiles}))
    raise UsageError(f"{where}no profile named {name[:64]!a} (there are: {known}; or a file)")


def present_profile(caller: Caller, asked: str | None = None) -> Profile:
    """The rules as they are at this moment, for the verb that is about to act on them."""
    return make_profile(load_settings(caller), caller, asked)


def built_in(name: str, tightened: RuleLists | None = None) -> Profile:
    """A built-in profile, and what the project adds to it. KeyError where there is none."""
    where = f"built-in profile {name}"
    lists = {
        key: tuple(Fixed(value, where) for value in values)
        for key, values in PROFILES[name].items()
    }
    added = tightened or RuleLists()
    profile = build_profile(
        name,
        auto_approve=lists.get("auto_approve", ()),
        always_deny=(*lists.get("always_deny", ()), *added.always_deny),
        ask=(*lists.get("ask", ()), *added.ask),
        confine=lists.get("confine"),
    )
    if not added.is_silent():
        _try_examples(profile)
    return profile


def check_file(path: str, caller: Caller) -> tuple[int, tuple[str, ...]]:
    """Read a profile file, or a configuration with all its profiles: how many rules they have,
    and what is odd about some, a line each.

    Raises UsageError naming file and line.
    """
    from shannot.policy.self_check import idle_rules  # only for this verb

    full = os.path.join(caller.directory, path)
    if is_configuration(full, caller.uid):
        settings = load(full, None, None, caller.uid)
        make_profile(settings, caller)
        profiles = [_checked(name, lists) for name, lists in settings.profiles.items()]
    else:
        profiles = [_checked(path, read_profile_file(full, caller.uid))]
    notes = [
        f"{rule.where}: {rule.text} allows nothing: {reason}"
        for profile in profiles
        for rule, reason in idle_rules(profile)
    ]
    return sum(1 for profile in profiles for _ in profile.rules()), tuple(notes)


def _checked(name: str, lists: RuleLists, tightened: RuleLists | None = None) -> Profile:
    """The profile of these lists, its examples tried."""
    added = tightened or RuleLists()
    profile = build_profile(
        name,
        auto_approve=lists.auto_approve or (),
        always_deny=(*lists.always_deny, *added.always_deny),
        ask=(*lists.ask, *added.ask),
        confine=lists.confine,
        source=lists.source,
    )
    _try_examples(profile)
    return profile


def _try_examples(profile: Profile) -> None:
    """Raises UsageError for the first that is not as its rule says."""
    if any(rule.examples for _, rule in profile.rules()):
        from shannot.policy.self_check import check_examples  # all that decides: most have none

        check_examples(profile)


def _path(name: str, settings: Settings | None, caller: Caller) -> str:
    """Of a profile file: relative to the current directory, or to the file that names it."""
    if name.startswith("~/"):
        return f"{caller.home}/{name[2:]}"
    if settings is not None and settings.profile_where:
        base = os.path.dirname(settings.profile_where.rpartition(":")[0])
        return os.path.join(base, name)
    return os.path.join(caller.directory, name)
