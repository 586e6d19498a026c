"""The configuration: what `/etc`, the user and the project say, checked and put together.

Read by `workflows/run.py`, and only where one of the files is there (`paths.exists`):
`Settings()` is what holds without any. Rules stay text here; `policy/profile.py` parses them.
"""

from __future__ import annotations

import os
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


class Settings:
    """What the configuration says; None and empty: nothing, so the built-in default holds."""

    __slots__ = (
        "allow_yes", "ceilings", "environment", "expire", "groups", "limits", "maps", "on_ask",
        "profile", "profile_where", "profiles", "python", "queue", "remotes", "runtime", "sources",
        "tightened", "view",
    )  # fmt: skip

    def __init__(self) -> None:
        self.profiles: dict[str, RuleLists] = {}
        """By name; `[profile]` is "default"."""
        self.profile = "default"
        """A name, or the path of a profile file."""
        self.profile_where = ""
        """Where that stands; empty where nobody chose one."""
        self.tightened = RuleLists()
        """What the project adds to whichever profile is chosen."""
        self.limits: dict[str, int] = {}
        """By the names of `sandbox.spec.Limits`: bytes, seconds, pieces."""
        self.ceilings: Mapping[str, int] = {}
        """The project's limits, which only lower: see `bounded`."""
        self.maps: tuple[Listed, ...] = ()
        self.environment: tuple[Listed, ...] = ()
        """`NAME` or `NAME=VALUE`."""
        self.view: Literal["project", "system"] | None = None
        self.python: str | None = None
        self.on_ask: Literal["assume", "fail", "prompt", "wait"] | None = None
        self.runtime: Literal["cpython", "pypy"] | None = None
        self.allow_yes = True
        self.expire: int | None = None
        """Seconds from an approval in which its execution must begin."""
        self.queue: str | None = None
        """The directory in which sessions are proposed to other users, and theirs are found."""
        self.remotes: dict[str, Remote] = {}
        self.groups: dict[str, Group] = {}
        self.sources: tuple[tuple[str, str], ...] = ()
        """Each file that was read, and the SHA-256 of its contents: for the record."""

    def names_no_rule(self) -> bool:
        """Is there neither a rule nor the choice of a profile?"""
        return not self.profiles and not self.profile_where and self.tightened.is_silent()

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
            _merge(settings, document)
            _note(settings, document)
    document = read_document(project_path, uid) if project_path else None
    if document:
        _tighten(settings, document)
        _note(settings, document)
    return settings


def _note(settings: Settings, document: Document) -> None:
    settings.sources = (*settings.sources, (document.path, document.sha256))


def _merge(settings: Settings, document: Document) -> None:
    table = document.tables((), document.table, _TOP)
    _merge_profiles(settings, document, table)
    if "remotes" in table:
        from shannot.config.remotes import read_remotes  # where there are any

        settings.remotes |= read_remotes(document, table)
    if "groups" in table:
        from shannot.config.groups import read_groups  # where there are any

        settings.groups |= read_groups(document, table)
    settings.limits |= _limits(document, table)
    files = document.tables(("files",), table.get("files", {}), ("map",))
    settings.maps += document.strings(("files", "map"), files.get("map", []))
    approve = document.tables(("approve",), table.get("approve", {}), ("allow_yes",))
    allow_yes = document.boolean(("approve", "allow_yes"), approve.get("allow_yes", True))
    settings.allow_yes = settings.allow_yes and allow_yes
    sessions = document.tables(("sessions",), table.get("sessions", {}), ("expire",))
    if "expire" in sessions:
        settings.expire = _duration(document, ("sessions", "expire"), sessions["expire"])
    settings.queue = _queue(document, table) or settings.queue
    _merge_run(settings, document, document.tables(("run",), table.get("run", {}), _RUN))


def _queue(document: Document, table: Table) -> str | None:
    queue = document.tables(("queue",), table.get("queue", {}), ("directory",))
    if "directory" not in queue:
        return None
    key = ("queue", "directory")
    path = document.string(key, queue["directory"])
    if not path.startswith("/"):
        raise document.fail(key, "directory must be an absolute path")
    return os.path.normpath(path)


def _merge_profiles(settings: Settings, document: Document, table: Table) -> None:
    profiles = settings.profiles
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
    if "profile" not in table:
        return
    value = table["profile"]
    if isinstance(value, str):
        settings.profile = document.string(("profile",), value)
        settings.profile_where = document.where(("profile",))
    else:
        lists = read_lists(document, ("profile",), value, LISTS)
        profiles["default"] = profiles.get("default", RuleLists()).below(lists)


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


def _merge_run(settings: Settings, document: Document, run: Table) -> None:
    if "view" in run:
        view = document.string(("run", "view"), run["view"], ("project", "system"))
        settings.view = cast("Literal['project', 'system']", view)
    if "on_ask" in run:
        possible = ("assume", "fail", "prompt", "wait")
        on_ask = document.string(("run", "on_ask"), run["on_ask"], possible)
        settings.on_ask = cast("Literal['assume', 'fail', 'prompt', 'wait']", on_ask)
    if "runtime" in run:
        runtime = document.string(("run", "runtime"), run["runtime"], ("cpython", "pypy"))
        settings.runtime = cast("Literal['cpython', 'pypy']", runtime)
    if "python" in run:
        settings.python = document.string(("run", "python"), run["python"])
    environment = document.strings(("run", "env"), run.get("env", []))
    for listed in environment:
        if not listed.text.partition("=")[0]:
            raise UsageError(f"{listed.where}: env: expected NAME or NAME=VALUE")
    settings.environment += environment


def _tighten(settings: Settings, document: Document) -> None:
    """A project's file: it came with the project, so it can only make things stricter."""
    try:
        table = document.tables((), document.table, ("profile", "limits"))
        settings.tightened = read_lists(
            document, ("profile",), table.get("profile", {}), TIGHTENING
        )
        settings.ceilings = _limits(document, table)
    except UsageError as error:
        raise UsageError(f"{error}; a project's file can only tighten: always_deny, ask, [limits]")
