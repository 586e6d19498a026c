"""What a face asks `run.py` for, and who asks: values only."""

from __future__ import annotations

import os

from shannot.config.paths import MACHINE_CONFIG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shannot.sessions.recall import Recall
    from shannot.workflows.face import Face
    from shannot.workflows.program import Program


class Caller:
    """Who asks: a process's environment, directory and user, and the python it runs on."""

    __slots__ = ("directory", "environment", "home", "machine_config", "python", "uid", "user")

    def __init__(
        self,
        environment: Mapping[str, str],
        directory: str,
        python: str,
        uid: int,
        machine_config: str = MACHINE_CONFIG,
    ) -> None:
        self.environment = environment
        self.directory = directory  # links resolved
        self.python = python
        self.uid = uid
        self.machine_config = machine_config
        self.user, self.home = _account(uid, environment.get("HOME", ""))


class Request:
    """What to run and how. None leaves a choice to the configuration."""

    __slots__ = (
        "collecting", "compiling", "dry_run", "environment", "face", "keep", "limits", "maps",
        "on_ask", "parent", "profile", "program", "python", "recall", "runtime", "streams", "view",
    )  # fmt: skip

    def __init__(
        self,
        program: Program,
        *,
        view: str | None = None,
        maps: Sequence[str] = (),
        environment: Sequence[str] = (),
        python: str | None = None,
        runtime: str | None = None,
        dry_run: bool = False,
        on_ask: str | None = None,
        face: Callable[[], Face] | None = None,
        profile: str | None = None,
        keep: bool = False,
        limits: Mapping[str, float] | None = None,
        streams: tuple[int, int | None, int | None] = (0, 1, 2),
        parent: str | None = None,
        recall: Recall | None = None,
    ) -> None:
        self.program = program
        # told when the script has ended and its changes are about to be saved
        self.collecting: Callable[[], None] | None = None
        # told when the runtime's library is compiled first; what it returns is told of the end
        self.compiling: Callable[[], Callable[[], None]] | None = None
        self.view = view  # project, system
        self.maps = maps  # `HOST[:GUEST][:ro|cow|hide]`
        self.environment = environment  # `NAME[=VALUE]`
        self.python = python
        self.runtime = runtime  # cpython, pypy
        self.dry_run = dry_run
        self.on_ask = on_ask  # assume, fail, prompt, wait
        self.face = face  # the person who is asked while the script waits; made when needed
        self.profile = profile  # a name or a file
        self.keep = keep
        self.limits = limits or {}  # by the names of `Limits`: bytes, seconds, numbers
        self.parent = parent  # the session that this run goes on from
        self.recall = recall  # what was executed of it
        self.streams = streams  # stdin, stdout, stderr of the script; None: only kept


def _account(uid: int, home: str) -> tuple[str, str]:
    """(login name, home directory): the account's, but a HOME that is set goes before."""
    import pwd  # a built-in module of most pythons, and of no use to those who import this one

    try:
        entry = pwd.getpwuid(uid)
    except KeyError:  # a container's user without an account
        return str(uid), home if home.startswith("/") else "/"
    return entry.pw_name, os.path.normpath(home if home.startswith("/") else entry.pw_dir or "/")
