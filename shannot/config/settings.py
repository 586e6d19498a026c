"""The configuration: what `/etc`, the user and the project say, checked and put together.

Read by `workflows/run.py`, and only where one of the files is there (`paths.exists`):
`Settings()` is what holds without any. Rules stay text here; `policy/profile.py` parses them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, cast

from shannot.config.amounts import LIMIT_UNITS, parse_duration, parse_limit
from shannot.config.document import Document, Listed, read_document
from shannot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shannot.config.document import Table

_LISTS = ("auto_approve", "always_deny", "ask", "confine")
_TIGHTENING = ("always_deny", "ask")
_TOP = ("profile", "profiles", "limits", "files", "run", "approve", "sessions")
_RUN = ("view", "python", "env", "on_ask", "runtime")
_NAME_LIMIT = 64


@dataclass(frozen=True, slots=True)
class RuleLists:
    """A profile as it was written."""

    auto_approve: tuple[Listed, ...] = ()
    always_deny: tuple[Listed, ...] = ()
    ask: tuple[Listed, ...] = ()
    confine: tuple[Listed, ...] = ()

    def with_added(self, other: RuleLists) -> RuleLists:
        """Both, list by list."""
        return RuleLists(
            self.auto_approve + other.auto_approve,
            self.always_deny + other.always_deny,
            self.ask + other.ask,
            self.confine + other.confine,
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says; None and empty: nothing, so the built-in default holds."""

    profiles: Mapping[str, RuleLists] = field(default_factory=dict)
    """By name; `[profile]` is "default"."""
    profile: str = "default"
    tightened: RuleLists = RuleLists()
    """What the project adds to whichever profile is chosen."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """By the names of `sandbox.spec.Limits`: bytes, seconds, pieces."""
    ceilings: Mapping[str, int] = field(default_factory=dict)
    """The project's limits, which only lower: see `bounded`."""
    maps: tuple[Listed, ...] = ()
    environment: tuple[Listed, ...] = ()
    """`NAME` or `NAME=VALUE`."""
    view: Literal["project", "system"] | None = None
    python: str | None = None
    on_ask: Literal["assume", "fail"] | None = None
    runtime: Literal["cpython", "pypy"] | None = None
    allow_yes: bool = True
    expire: int | None = None
    """Seconds from an approval in which its execution must begin."""
    sources: tuple[tuple[str, str], ...] = ()
    """Each file that was read, and the SHA-256 of its contents: for the record."""

    def rules(self, name: str | None = None) -> RuleLists:
        """The lists of the profile of that name, or of the chosen one. Raises UsageError."""
        name = self.profile if name is None else name
        lists = self.profiles.get(name, RuleLists() if name == "default" else None)
        if lists is None:
            known = ", ".join(sorted({"default", *self.profiles}))
            raise UsageError(f"no profile named {name[:_NAME_LIMIT]!a} (there are: {known})")
        return lists.with_added(self.tightened)

    def bounded(self, limits: Mapping[str, float]) -> dict[str, float]:
        """The limits that a run is about to have, none above what the project allows."""
        return {
            name: min(amount, self.ceilings.get(name, amount)) for name, amount in limits.items()
        }


def load(
    user_path: str | None, machine_path: str | None, project_path: str | None, uid: int
) -> Settings:
    """Read the files that are there. `uid`: whose files, besides root's, are trusted.

    Lists add up; of single values the user's wins over the machine's, but what the machine
    takes away (`allow_yes = false`) stays away. Raises UsageError naming file and line.
    """
    settings = Settings()
    for path in (machine_path, user_path):
        document = read_document(path, uid) if path else None
        if document:
            settings = _noted(_merge(settings, document), document)
    document = read_document(project_path, uid) if project_path else None
    if document:
        settings = _noted(_tighten(settings, document), document)
    settings.rules()
    return settings


def _noted(settings: Settings, document: Document) -> Settings:
    return replace(settings, sources=(*settings.sources, (document.path, document.sha256)))


def _merge(settings: Settings, document: Document) -> Settings:
    table = document.tables(("",), document.table, _TOP)
    settings = _merge_profiles(settings, document, table)
    limits = _limits(document, table)
    files = document.tables(("files",), table.get("files", {}), ("map",))
    maps = document.strings(("files", "map"), files.get("map", []))
    approve = document.tables(("approve",), table.get("approve", {}), ("allow_yes",))
    allow_yes = document.boolean(("approve", "allow_yes"), approve.get("allow_yes", True))
    sessions = document.tables(("sessions",), table.get("sessions", {}), ("expire",))
    expire = settings.expire
    if "expire" in sessions:
        expire = _duration(document, ("sessions", "expire"), sessions["expire"])
    return _merge_run(
        replace(
            settings,
            expire=expire,
            limits={**settings.limits, **limits},
            maps=settings.maps + maps,
            allow_yes=settings.allow_yes and allow_yes,
        ),
        document,
        document.tables(("run",), table.get("run", {}), _RUN),
    )


def _merge_profiles(settings: Settings, document: Document, table: Table) -> Settings:
    profiles = dict(settings.profiles)
    named = table.get("profiles", {})
    if not isinstance(named, dict):
        raise document.fail(("profiles",), "profiles must be tables such as [profiles.ops]")
    for name, value in named.items():
        key = ("profiles", name)
        if not name or len(name) > _NAME_LIMIT or not name.isprintable():
            raise document.fail(key, f"a profile's name is 1 to {_NAME_LIMIT} visible characters")
        lists = _rule_lists(document, key, value, _LISTS)
        profiles[name] = profiles.get(name, RuleLists()).with_added(lists)
    chosen = settings.profile
    value = table.get("profile", {})
    if isinstance(value, str):
        chosen = value
        if chosen not in profiles and chosen != "default":
            raise document.fail(("profile",), "profile names no [profiles.NAME] that is there")
    else:
        lists = _rule_lists(document, ("profile",), value, _LISTS)
        profiles["default"] = profiles.get("default", RuleLists()).with_added(lists)
    return replace(settings, profiles=profiles, profile=chosen)


def _rule_lists(
    document: Document, key: tuple[str, ...], value: object, known: tuple[str, ...]
) -> RuleLists:
    table = document.tables(key, value, known)
    found = {name: document.strings((*key, name), table.get(name, [])) for name in known}
    for listed in found.get("auto_approve", ()):
        if listed.text.strip().startswith("*"):
            raise UsageError(
                f'{listed.where}: "*" in auto_approve would allow everything; name programs'
            )
    return RuleLists(**found)


def _limits(document: Document, table: Table) -> dict[str, int]:
    limits: dict[str, int] = {}
    values = document.tables(("limits",), table.get("limits", {}), tuple(LIMIT_UNITS))
    for name, value in values.items():
        key = ("limits", name)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise document.fail(key, f'{name} must be a number or a string such as "2G"')
        try:
            limits[name] = parse_limit(name, value)
        except (ValueError, OverflowError) as error:
            raise document.fail(key, f"{name}: {error}")
    return limits


def _duration(document: Document, key: tuple[str, ...], value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise document.fail(key, f'{key[-1]} must be a number or a string such as "24h"')
    try:
        return parse_duration(key[-1], value)
    except (ValueError, OverflowError) as error:
        raise document.fail(key, f"{key[-1]}: {error}")


def _merge_run(settings: Settings, document: Document, run: Table) -> Settings:
    if "view" in run:
        view = document.string(("run", "view"), run["view"], ("project", "system"))
        settings = replace(settings, view=cast("Literal['project', 'system']", view))
    if "on_ask" in run:
        on_ask = document.string(("run", "on_ask"), run["on_ask"], ("assume", "fail"))
        settings = replace(settings, on_ask=cast("Literal['assume', 'fail']", on_ask))
    if "runtime" in run:
        runtime = document.string(("run", "runtime"), run["runtime"], ("cpython", "pypy"))
        settings = replace(settings, runtime=cast("Literal['cpython', 'pypy']", runtime))
    if "python" in run:
        settings = replace(settings, python=document.string(("run", "python"), run["python"]))
    environment = document.strings(("run", "env"), run.get("env", []))
    for listed in environment:
        if not listed.text.partition("=")[0]:
            raise UsageError(f"{listed.where}: env: expected NAME or NAME=VALUE")
    return replace(settings, environment=settings.environment + environment)


def _tighten(settings: Settings, document: Document) -> Settings:
    """A project's file: it came with the project, so it can only make things stricter."""
    try:
        table = document.tables(("",), document.table, ("profile", "limits"))
        lists = _rule_lists(document, ("profile",), table.get("profile", {}), _TIGHTENING)
        limits = _limits(document, table)
    except UsageError as error:
        raise UsageError(f"{error}; a project's file can only tighten: always_deny, ask, [limits]")
    return replace(settings, tightened=lists, ceilings=limits)
