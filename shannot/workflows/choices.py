"""How a run is to be: the command line over the configuration over what is built in.

For `run.py`. The configuration is only loaded where there is one: reading it brings modules that
cost more than a whole start.
"""

from __future__ import annotations

import os

from shannot.errors import UsageError
from shannot.sandbox.spec import Limits
from shannot.sandbox.vfs.tree import is_project
from shannot.workflows.configuration import load_settings
from shannot.workflows.maps import covers, read_map
from shannot.workflows.program import PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Literal

    from shannot.config.settings import Settings
    from shannot.policy.profile import Profile
    from shannot.sandbox.spec import Map
    from shannot.workflows.request import Caller, Request

_PASSED = ("HOME", "USER", "LANG", "TZ", "TERM")


class Choices:
    """Everything that the command line and the configuration decide about one run."""

    __slots__ = (
        "configuration", "environment", "limits", "maps", "notes", "on_ask", "profile",
        "profile_name", "python", "queue", "runtime", "view",
    )  # fmt: skip

    def __init__(
        self,
        *,
        view: Literal["project", "system"],
        on_ask: Literal["assume", "fail", "prompt", "wait"],
        python: str | None,
        runtime: Literal["cpython", "pypy"],
        environment: Mapping[bytes, bytes],
        limits: Limits,
        maps: Sequence[Map],
        profile: Profile | None,
        notes: Sequence[str],
        profile_name: str = "default",
        configuration: Sequence[tuple[str, str]] = (),
        queue: str | None = None,
    ) -> None:
        self.view = view
        self.on_ask = on_ask
        self.python = python
        self.runtime = runtime
        self.environment = environment
        self.limits = limits
        self.maps = maps
        self.profile = profile  # None: nothing names any rule or profile
        self.notes = notes
        self.profile_name = profile_name
        self.queue = queue  # the directory where other users decide about sessions
        self.configuration = configuration  # (path, SHA-256) of each file that was read


def choose(request: Request, caller: Caller) -> Choices:
    """Raises UsageError for whatever is wrong in a configuration or an option."""
    settings = load_settings(caller)
    view: Literal["project", "system"] = "project"
    if (request.view or (settings and settings.view)) == "system":
        view = "system"
    on_ask = _on_ask(request, settings)
    runtime: Literal["cpython", "pypy"] = "cpython"
    if (request.runtime or (settings and settings.runtime)) == "pypy":
        runtime = "pypy"
    maps = _configured_maps(settings, caller.home)
    maps += [read_map(text, caller.directory, caller.home) for text in request.maps]
    profile = _profile(settings, caller, request.profile)
    sources = settings.sources if settings else ()
    if profile is not None and profile.source is not None:
        sources = (*sources, profile.source)
    added = [listed.text for listed in settings.environment] if settings else []
    return Choices(
        view=view,
        on_ask=on_ask,
        python=request.python or (settings.python if settings and runtime == "cpython" else None),
        runtime=runtime,
        environment=child_environment(
            {"HOME": caller.home, "USER": caller.user, **caller.environment},
            [*added, *request.environment],
        ),
        limits=make_limits(settings, request.limits),
        maps=maps,
        profile=profile,
        notes=[
            *_idle_limits(settings, request.limits),
            *([] if view == "system" else unseen(maps, caller.directory, caller.home)),
        ],
        profile_name=request.profile or (settings.profile if settings else "default"),
        configuration=sources,
        queue=settings.queue if settings else None,
    )


def _on_ask(
    request: Request, settings: Settings | None
) -> Literal["assume", "fail", "prompt", "wait"]:
    """A dry run starts nothing, so that nobody has to be asked; and some callers have no person to
    ask. UsageError where that was said on the command line; else commands fail in that case."""
    wanted = request.on_ask or (settings and settings.on_ask) or "assume"
    if wanted == "fail":
        return "fail"
    if wanted not in ("prompt", "wait"):
        return "assume"
    if request.dry_run:
        if request.on_ask is None:
            return "assume"
        raise UsageError("a dry run starts no command, so there is nothing to ask about")
    if request.face is None:
        if request.on_ask is None:
            return "fail"
        raise UsageError("nobody can be asked here; use `assume` or `fail`")
    return "prompt" if wanted == "prompt" else "wait"


def _profile(settings: Settings | None, caller: Caller, asked: str | None) -> Profile | None:
    if asked is None and (settings is None or settings.names_no_rule()):
        return None
    # To start faster where there is none.
    from shannot.workflows.profiles import make_profile

    return make_profile(settings, caller, asked)


def child_environment(caller: Mapping[str, str], added: Iterable[str]) -> dict[bytes, bytes]:
    """The script's whole environment. `NAME` alone is taken from the caller, if it is there.

    Raises UsageError for what is no name.
    """
    found = {name: caller[name] for name in _PASSED if name in caller}
    found["PATH"] = PATH
    for item in added:
        name, equals, value = item.partition("=")
        if not name or "\0" in item:
            raise UsageError("--env: expected NAME or NAME=VALUE")
        if equals:
            found[name] = value
        elif name in caller:
            found[name] = caller[name]
    found["SHANNOT_SANDBOX"] = "1"
    return {os.fsencode(name): os.fsencode(value) for name, value in found.items()}


def make_limits(settings: Settings | None, asked: Mapping[str, float]) -> Limits:
    """The built-in limits, over them the configuration's, then the command line's; none above
    what the project's own file allows."""
    limits = _wanted_limits(settings, asked)
    if settings is not None:
        limits = settings.bounded(limits)
    return Limits(
        timeout=limits["timeout"],
        cpu=int(limits["cpu"]),
        memory=int(limits["memory"]),
        processes=int(limits["processes"]),
        output=int(limits["output"]),
        files=int(limits["files"]),
        overlay=int(limits["overlay"]),
    )


def _wanted_limits(settings: Settings | None, asked: Mapping[str, float]) -> dict[str, float]:
    """Whatever the project's own file allows."""
    built_in = Limits()
    limits: dict[str, float] = {name: getattr(built_in, name) for name in Limits.__slots__}
    if settings is not None:
        limits |= settings.limits
    limits |= asked
    if "cpu" not in asked and (settings is None or "cpu" not in settings.limits):
        limits["cpu"] = Limits(timeout=limits["timeout"]).cpu
    return limits


def _idle_limits(settings: Settings | None, asked: Mapping[str, float]) -> list[str]:
    """What to tell about a project's file that would raise a limit."""
    if settings is None or not settings.ceilings:
        return []
    idle = settings.idle_ceilings(_wanted_limits(settings, asked))
    return [
        f"the project's limit of {name} is above the one that holds here, and changes nothing"
        for name in idle
    ]


def unseen(maps: Sequence[Map], directory: str, home: str) -> list[str]:
    """What to tell about a current directory that the script does not see."""
    if is_project(os.fsencode(directory), os.fsencode(home)) or covers(maps, directory):
        return []
    # Seldom needed.
    from shannot.escape import escape, quote

    shown, word = escape(directory), quote(directory)
    return [f"{shown} is not shown to the script (`--map {word}` shows it)"]


def _configured_maps(settings: Settings | None, home: str) -> list[Map]:
    if settings is None:
        return []
    return [read_map(listed.text, home, home, f"{listed.where}: map") for listed in settings.maps]
