"""`shannot run`: a script in the sandbox, and a session of what it wanted to change.

Values in, a `Report` out; the faces print it. Counterparts: `sandbox/supervise.py`, which runs,
and `workflows/approve.py`, which goes on with the session.
"""

from __future__ import annotations

import os

from shannot.errors import UsageError
from shannot.sandbox.spec import Limits, Spec
from shannot.sandbox.streams import Streams
from shannot.sandbox.supervise import run as supervise
from shannot.workflows.maps import covers, project_map, read_map
from shannot.workflows.program import PATH, check_script, find_interpreter, read_stdin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shannot.effects.model import Effect
    from shannot.sandbox.spec import Map, Outcome
    from shannot.sandbox.streams import Output
    from shannot.workflows.program import Program

_PASSED = ("HOME", "USER", "LANG", "TZ", "TERM")


class Caller:
    """Who asks: the environment and directory of the process, and the python it runs on."""

    __slots__ = ("directory", "environment", "python")

    def __init__(self, environment: Mapping[str, str], directory: str, python: str) -> None:
        self.environment = environment
        self.directory = directory
        self.python = python


class Request:
    """What to run and how. None leaves a choice to the configuration."""

    __slots__ = (
        "dry_run", "environment", "keep", "limits", "maps", "on_ask", "program", "python",
        "streams", "view",
    )  # fmt: skip

    def __init__(
        self,
        program: Program,
        *,
        view: str | None = None,
        maps: Sequence[str] = (),
        environment: Sequence[str] = (),
        python: str | None = None,
        dry_run: bool = False,
        on_ask: str | None = None,
        keep: bool = False,
        limits: Mapping[str, float] | None = None,
        streams: tuple[int, int | None, int | None] = (0, 1, 2),
    ) -> None:
        self.program = program
        self.view = view  # project, system
        self.maps = maps  # `HOST[:GUEST][:ro|cow|hide]`
        self.environment = environment  # `NAME[=VALUE]`
        self.python = python
        self.dry_run = dry_run
        self.on_ask = on_ask  # assume, fail
        self.keep = keep
        self.limits = limits or {}  # by the names of `Limits`: bytes, seconds, numbers
        self.streams = streams  # stdin, stdout, stderr of the script; None: only kept


class Report:
    """What a run came to."""

    __slots__ = ("denied", "effects", "notes", "outcome", "output", "session", "status", "waiting")

    def __init__(
        self,
        outcome: Outcome,
        output: Output,
        effects: Sequence[Effect],
        denied: Sequence[tuple[tuple[str, ...], str]],
        notes: Sequence[str],
        session: str | None,
        waiting: int,
    ) -> None:
        self.status = outcome.status
        self.outcome = outcome
        self.output = output
        self.effects = effects
        self.denied = denied  # (argv, reason) of each refused command
        self.notes = notes  # what else the caller must know, one line each
        self.session = session  # None where nothing waits and none was to be kept
        self.waiting = waiting  # effects that are for `execute`

    def is_silent(self) -> bool:
        """Is there nothing at all to say about this run?"""
        outcome = self.outcome
        return not (
            self.effects
            or self.denied
            or self.notes
            or self.session
            or outcome.limit
            or outcome.sockets_refused
            or outcome.calls_refused
            or outcome.missing
            or self.output.failures
        )


def child_environment(caller: Mapping[str, str], added: Sequence[str]) -> dict[bytes, bytes]:
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


def make_limits(configured: Limits, asked: Mapping[str, float]) -> Limits:
    """The configuration's limits, with what the command line asked for in their place."""
    values = {name: getattr(configured, name) for name in Limits.__slots__}
    return Limits(**{**values, **asked})


def visible(
    request: Request, configured: Sequence[Map], view: str, directory: str, home: str
) -> tuple[list[Map], list[str]]:
    """(what the script sees beside the interpreter and itself, what to tell about that).

    Later maps lie above earlier ones. Raises UsageError.
    """
    asked = [read_map(text, directory, home) for text in request.maps]
    if view == "system":
        return [*configured, *asked], []
    project = project_map(directory, os.path.realpath(home))
    if project is not None:
        return [project, *configured, *asked], []
    maps = [*configured, *asked]
    if covers(maps, directory):
        return maps, []
    return maps, [f"{directory} is not shown to the script: `--map {directory}` shows it"]


def make_private(state: str) -> str:
    """A directory of this run's own below the state directory. Raises UsageError."""
    place = os.path.join(state, "runtime")
    path = os.path.join(place, f"{os.getpid()}-{os.urandom(4).hex()}")
    try:
        os.makedirs(place, 0o700, exist_ok=True)
        os.mkdir(path, 0o700)
    except OSError as error:
        raise UsageError(
            f"cannot write the state directory {state}: {error.strerror}"
            " (XDG_STATE_HOME names another place for it)"
        )
    return path


def remove_private(path: str) -> None:
    """Remove the directory with everything in it; what cannot be removed stays for `prune`."""
    try:
        for parent, directories, names in os.walk(path, topdown=False):
            for name in names:
                os.unlink(os.path.join(parent, name))
            for name in directories:
                place = os.path.join(parent, name)
                (os.unlink if os.path.islink(place) else os.rmdir)(place)
        os.rmdir(path)
    except OSError:
        pass
