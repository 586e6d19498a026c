"""The configuration: what `/etc`, the user and the project say, checked and put together.

Read by `workflows/run.py`, and only where one of the files is there (`paths.exists`):
`Settings()` is what holds without any. Rules stay text here; `policy/profile.py` parses them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, cast

from shannot.config.amounts import LIMIT_UNITS, parse_duration, parse_limit
from shannot.config.document import Document, Listed, read_document
from shannot.config.profile_file import is_file
from shannot.config.rule_lists import LISTS, TIGHTENING, RuleLists, read_lists
from shannot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shannot.config.document import Table
    from shannot.config.groups import Group
    from shannot.config.remotes import Remote

_TOP = (
    "profile", "profiles", "limits", "files", "run", "approve", "sessions", "queue", "remotes",
    "groups",
)  # fmt: skip
_RUN = ("view", "python", "env", "on_ask", "runtime")
_NAME_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says; None and empty: nothing, so the built-in default holds."""

    profiles: Mapping[str, RuleLists] = field(default_factory=dict)
    """By name; `[profile]` is "default"."""
    profile: str = "default"
    """A name, or the path of a profile file."""
    profile_where: str = ""
    """Where that stands; empty where nobody chose one."""
    tightened: RuleLists = field(default_factory=RuleLists)
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
    on_ask: Literal["assume", "fail", "prompt", "wait"] | None = None
    runtime: Literal["cpython", "pypy"] | None = None
    allow_yes: bool = True
    expire: int | None = None
    """Seconds from an approval in which its execution must begin."""
    queue: str | None = None
    """The directory in which sessions are proposed to other users, and theirs are found."""
    remotes: Mapping[str, Remote] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    sources: tuple[tuple[str, str], ...] = ()
    """Each file that was read, and the SHA-256 of its contents: for the record."""

    def idle_ceilings(self, limits: Mapping[str, float]) -> tuple[str, ...]:
        """The limits of the project that are above those that hold without it."""
        return tuple(
            name for name, ceiling in self.ceilings.items() if ceiling > limits.get(name, ceiling)
        )

    def bounded(self, limits: Mapping[str, float]) -> dict[str, float]:
        """The limits that a run is about to have, none above what the project allows."""
        return {
            name: min(amount, self.ceilings.get(name, amount)) for name, amount in limits.items()
        }


def load(
    user_path: str | None, machine_path: str | None, project_path: str | None, uid: int
) -> Settings:
    """Read the files that are there. `uid`: whose files, besides root's, are trusted.

    Denials and questions add up; what allows or confines is the user's, where the user says any
    of it, else the machine's. Of single values the user's wins over the machine's, but what the
    machine takes away (`allow_yes = false`) stays away. Raises UsageError naming file and line.
    """
    settings = Settings()
    for path in (machine_path, user_path):
        document = read_document(path, uid) if path else None
        if document:
            settings = _noted(_merge(settings, document), document)
    document = read_document(project_path, uid) if project_path else None
    if document:
        settings = _noted(_tighten(settings, document), document)
    return settings


def _noted(settings: Settings, document: Document) -> Settings:
    return replace(settings, sources=(*settings.sources, (document.path, document.sha256)))


def _merge(settings: Settings, document: Document) -> Settings:
    table = document.tables((), document.table, _TOP)
    settings = _merge_profiles(settings, document, table)
    if "remotes" in table:
        settings = _merge_remotes(settings, document, table)
    if "groups" in table:
        settings = _merge_groups(settings, document, table)
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
            queue=_queue(document, table) or settings.queue,
        ),
        document,
        document.tables(("run",), table.get("run", {}), _RUN),
    )


def _merge_remotes(settings: Settings, document: Document, table: Table) -> Settings:
    from shannot.config.remotes import read_remotes  # where there are any

    return replace(settings, remotes={**settings.remotes, **read_remotes(document, table)})


def _merge_groups(settings: Settings, document: Document, table: Table) -> Settings:
    from shannot.config.groups import read_groups  # where there are any

    return replace(settings, groups={**settings.groups, **read_groups(document, table)})


def _queue(document: Document, table: Table) -> str | None:
    queue = document.tables(("queue",), table.get("queue", {}), ("directory",))
    if "directory" not in queue:
        return None
    key = ("queue", "directory")
    path = document.string(key, queue["directory"])
    if not path.startswith("/"):
        raise document.fail(key, "directory must be an absolute path")
    return os.path.normpath(path)


def _merge_profiles(settings: Settings, document: Document, table: Table) -> Settings:
    profiles = dict(settings.profiles)
    named = table.get("profiles", {})
    if not isinstance(named, dict):
        raise document.fail(("profiles",), "profiles must be tables such as [profiles.ops]")
    for name, value in named.items():
        key = ("profiles", name)
        if not name or len(name) > _NAME_LIMIT or not name.isprintable() or is_file(name):
            message = f"a profile's name is 1 to {_NAME_LIMIT} visible characters, and no path"
            raise document.fail(key, message)
        lists = read_lists(document, key, value, LISTS)
        profiles[name] = profiles.get(name, RuleLists()).below(lists)
    chosen, where = settings.profile, settings.profile_where
    value = table.get("profile", {})
    if isinstance(value, str):
        chosen = document.string(("profile",), value)
        where = document.where(("profile",))
    else:
        lists = read_lists(document, ("profile",), value, LISTS)
        profiles["default"] = profiles.get("default", RuleLists()).below(lists)
    return replace(settings, profiles=profiles, profile=chosen, profile_where=where)


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
        possible = ("assume", "fail", "prompt", "wait")
        on_ask = document.string(("run", "on_ask"), run["on_ask"], possible)
        literal = cast("Literal['assume', 'fail', 'prompt', 'wait']", on_ask)
        settings = replace(settings, on_ask=literal)
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
        table = document.tables((), document.table, ("profile", "limits"))
        lists = read_lists(document, ("profile",), table.get("profile", {}), TIGHTENING)
        limits = _limits(document, table)
    except UsageError as error:
        raise UsageError(f"{error}; a project's file can only tighten: always_deny, ask, [limits]")
    return replace(settings, tightened=lists, ceilings=limits)
