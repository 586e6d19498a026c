"""`shannot status`: what is installed here, and what waits. Nothing is tried: that is `doctor`."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from shannot import __version__
from shannot.config.paths import exists, project_config, state_directory, user_config
from shannot.errors import ShannotError
from shannot.sandbox.runtimes import installed_note
from shannot.sandbox.runtimes.installed import missing_parts, pypy_directory
from shannot.sessions.model import Summary
from shannot.sessions.store import Store
from shannot.workflows.configuration import load_settings
from shannot.workflows.profiles import make_profile
from shannot.workflows.queue import collect
from shannot.workflows.request import Caller
from shannot.workflows.review import WAITING, list_sessions
from shannot.workflows.setup import describe


@dataclass(frozen=True, slots=True)
class Runtime:
    """One runtime, and whether it is there."""

    name: str
    installed: bool
    detail: str
    """What it is, or why it is not there."""


@dataclass(frozen=True, slots=True)
class Status:
    """What there is."""

    version: str
    python: str
    """The interpreter that shannot runs on, and its version."""
    system: str
    runtimes: tuple[Runtime, ...]
    default: str
    """The runtime of a run that names none."""
    configuration: tuple[str, ...]
    """The files that are there."""
    state: str
    """The state directory; "" where there is no place for one."""
    problems: tuple[str, ...]
    """One line each: what could not be read."""
    sessions: Mapping[str, int]
    """How many there are, by state."""
    waiting: tuple[Summary, ...]
    """Those that wait for a decision or an execution, oldest first."""


def status(caller: Caller) -> Status:
    """Look everything up. What cannot be read is told in `problems`."""
    problems: list[str] = []
    default, python = "cpython", caller.python
    queue = None
    try:
        settings = load_settings(caller)
        if settings is not None:
            default = settings.runtime or default
            python = settings.python or python
            queue = settings.queue
        make_profile(settings, caller)  # last: a wrong rule hides none of the above
    except ShannotError as error:
        problems.append(str(error))
    state = ""
    sessions: tuple[Summary, ...] = ()
    try:
        state = state_directory(caller.environment, caller.uid)
        store = Store(state, caller.uid)
        if queue is not None:
            problems += collect(store, caller)
        listing = list_sessions(store)
        sessions = listing.sessions
        problems += listing.broken
    except ShannotError as error:
        problems.append(str(error))
    system = os.uname()
    return Status(
        version=__version__,
        python=f"{platform.python_version()}, {caller.python}",
        system=f"{system.sysname} {system.release}, {system.machine}",
        runtimes=(Runtime("cpython", True, python), _pypy(state)),
        default=default,
        configuration=_configuration(caller),
        state=state,
        problems=tuple(problems),
        sessions=dict(sorted(Counter(session.state for session in sessions).items())),
        waiting=tuple(session for session in sessions if session.state in WAITING),
    )


def _pypy(state: str) -> Runtime:
    directory = pypy_directory(state)
    if not state or missing_parts(directory):
        return Runtime("pypy", False, "not installed")
    try:
        note = installed_note.read(directory)
    except ShannotError as error:
        return Runtime("pypy", True, str(error))
    return Runtime("pypy", True, directory if note is None else f"{directory} ({describe(note)})")


def _configuration(caller: Caller) -> tuple[str, ...]:
    paths = (
        caller.machine_config,
        user_config(caller.environment),
        project_config(caller.directory, caller.uid),
    )
    return tuple(path for path in paths if path is not None and exists(path))
