"""What a run is given and what it gives back: values between the sandbox and whoever starts it.

Plain classes with slots instead of dataclasses: this module is on the path of every start, and
`dataclasses` alone costs more than the child's own start (18 ms against 12 ms, `make bench`).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Literal, Protocol

    from shannot.effects.model import Effect

    class Gate(Protocol):
        """The one place effects pass while a script runs (`sessions/gate.py`)."""

        def attach(self, changes: Changes) -> None:
            """Name the overlay whose changes stand before each command. Called first."""

        def command(self, request: CommandRequest) -> Answer:
            """Decide about one command, before it starts. Never blocks for long, never raises."""

        def received(self, ticket: object, stdin: bytes) -> None:
            """What the script piped into a command that was only recorded."""

        def finished(self, ticket: object, exit_status: int) -> None:
            """An allowed command ended on the host with this status (a signal is 128+N)."""

        def decide(self, ticket: object, waiting: WaitingProcess) -> int:
            """Wait until a person has decided about a command; its exit status.

            Called on a thread of its own, for as long as that takes, after `received`.
            """

    class WaitingProcess(Protocol):
        """The script's process that waits for a command which a person decides about."""

        def is_gone(self, seconds: float) -> bool:
            """Has it ended, or does it within so many seconds? So it has when the script has."""

        def is_killed(self, seconds: float = 0) -> bool:
            """Has this process ended, or is everything to end? A script that ended leaves it."""

        def write(self, number: int, data: bytes) -> None:
            """To its stdout (1) or stderr (2). OSError where nobody reads it (any more)."""

    class Decider(Protocol):
        """Asks a person (`workflows/live.py`)."""

        def __call__(self, effects: Sequence[Effect], waiting: WaitingProcess) -> int | None:
            """Ask about the last of these effects, a command, and have it done, with all that has
            to be before it. Its exit status, -1 where the answer was no, None where there was none.
            """

        def settle(self) -> None:
            """The script has ended: let what is under way come to its end."""

    class Changes(Protocol):
        """The overlay, as the gate sees it."""

        def pending(self) -> bool:
            """Is there any file change since the last cut?"""

        def cut(self) -> Sequence[Effect]:
            """The file effects since the last cut, contents saved to blobs; starts the next cut."""

    class Blobs(Protocol):
        """Where contents go (`sessions/store.py`)."""

        def put_descriptor(self, host_fd: int) -> tuple[str, int]:
            """Save everything the open file holds, from offset 0. Returns (sha256, size)."""

        def put_bytes(self, data: bytes) -> str:
            """Save data, return its sha256."""

        def link_file(self, directory_fd: int, name: bytes, sha256: str) -> bool:
            """Save a file that nobody changes any more and that is unlinked soon, by a second name.

            sha256: of what it holds. False where that cannot be; then it must be put.
            """


class CommandRequest:
    """A program that the script wants to start: our own copy of what it passed to execve(2)."""

    __slots__ = (
        "argv", "confinable", "directory", "environment", "executable", "in_overlay", "in_private",
        "own",
    )  # fmt: skip

    def __init__(
        self,
        argv: tuple[bytes, ...],
        directory: bytes,
        environment: Mapping[bytes, bytes],
        executable: bytes,
        in_overlay: bool,
        own: bool = False,
        confinable: bool = True,
        in_private: bool = False,
    ) -> None:
        self.argv = argv
        self.confinable = confinable  # False: this host cannot run it in the sandbox
        self.directory = directory  # absolute path on the host
        self.environment = environment
        self.in_private = in_private  # its directory, or a word, is in the script's own /tmp
        self.executable = executable  # absolute path on the host, links resolved
        self.in_overlay = in_overlay  # the program is new or changed: it exists only in the layer
        self.own = own  # the runtime's own interpreter: it may as well run confined


class Answer:
    """What happens to a command. kind:

    refuse   the script's execve fails with `errno`
    assume   nothing runs; the script sees exit `status` and no output
    confine  the program runs in the sandbox, under the same mediation
    perform  `argv` runs on the host in `directory` with `environment`, with the script's own
             stdin, stdout and stderr; `ticket` comes back in `Gate.finished`
    decide   a person decides; `ticket` comes back in `Gate.decide`, which waits for that
    """

    __slots__ = (
        "argv",
        "directory",
        "environment",
        "errno",
        "executable",
        "kind",
        "status",
        "ticket",
    )

    def __init__(
        self,
        kind: Literal["refuse", "assume", "confine", "perform", "decide"],
        *,
        errno: int = 0,
        status: int = 0,
        executable: str = "",
        argv: tuple[str, ...] = (),
        directory: str = "/",
        environment: Mapping[str, str] | None = None,
        ticket: object = None,
    ) -> None:
        self.kind = kind
        self.errno = errno
        self.status = status
        self.executable = executable
        self.argv = argv
        self.directory = directory
        self.environment = environment or {}
        self.ticket = ticket


class Map:
    """One `--map HOST[:GUEST][:ro|cow|hide]`. Paths are absolute and normalised."""

    __slots__ = ("guest", "host", "mode", "named")

    def __init__(
        self, host: bytes, guest: bytes, mode: Literal["ro", "cow", "hide"], named: bool = False
    ) -> None:
        self.host = host
        self.guest = guest
        self.mode = mode
        self.named = named  # the user's own configuration names it: hidden names show if exact


def _whole(seconds: float) -> int:
    """Rounded up, since a limit of 0 seconds would be hit at once."""
    return max(1, -int(-seconds // 1))


class Limits:
    """Bounds on one run. Bytes and seconds; what is hit ends the child and is named."""

    __slots__ = ("cpu", "files", "memory", "output", "overlay", "processes", "timeout")

    def __init__(
        self,
        timeout: float = 300.0,
        cpu: int | None = None,
        memory: int = 4 << 30,
        processes: int = 256,
        output: int = 64 << 20,
        files: int = 100_000,
        overlay: int = 4 << 30,
    ) -> None:
        self.timeout = timeout  # seconds of wall clock
        # seconds of processor time, all processes together: where none are named, all there are
        self.cpu = cpu if cpu is not None else _whole(timeout * len(os.sched_getaffinity(0)))
        self.memory = memory  # bytes, all processes together
        self.processes = processes  # processes and threads alive at once
        self.output = output  # bytes of stdout and stderr together
        self.files = files  # names created in the layer
        self.overlay = overlay  # bytes written to the layer


class Spec:
    """Everything a run depends on. The sandbox reads no configuration and no environment."""

    __slots__ = (
        "argv", "blobs", "collecting", "compiling", "directory", "environment", "hidden", "home",
        "interpreter", "limits", "maps", "no_commands", "private", "runtime", "script", "state",
        "user", "view",
    )  # fmt: skip

    def __init__(
        self,
        *,
        interpreter: bytes,
        argv: Sequence[bytes],
        directory: bytes,
        environment: Mapping[bytes, bytes],
        home: bytes,
        user: bytes,
        view: Literal["project", "system"],
        state: bytes,
        private: bytes,
        maps: Sequence[Map] = (),
        script: bytes | None = None,
        limits: Limits | None = None,
        blobs: Callable[[], Blobs],
        no_commands: bool = False,
        hidden: Sequence[bytes] = (),
        runtime: Literal["cpython", "pypy"] = "cpython",
        collecting: Callable[[], None] | None = None,
        compiling: Callable[[], Callable[[], None]] | None = None,
    ) -> None:
        self.runtime = runtime
        # told when the child has ended and left changes, before these are saved
        self.collecting = collecting
        # told when a runtime's library is compiled first; what it returns is told of the end
        self.compiling = compiling
        self.interpreter = interpreter  # host path of the python to run
        self.argv = tuple(argv)  # the child's whole argv, argv[0] included
        self.directory = directory  # where it starts: absolute, links resolved
        self.environment = dict(environment)  # the child's whole environment
        self.home = home  # the user's home directory
        self.user = user  # login name
        self.view = view
        self.state = state  # shannot's own state directory: always hidden
        self.private = private  # a directory of this run's own, made by the caller, 0700
        self.maps = tuple(maps)
        self.script = script  # host path of the script file, None for -c, -m and -
        self.limits = limits or Limits()
        self.blobs = blobs  # made on the first change only
        self.no_commands = no_commands  # --dry-run: not one host command
        self.hidden = tuple(hidden)  # host paths that are never shown, as `state`


class Outcome:
    """How a run ended."""

    __slots__ = (
        "calls_refused", "complete", "effects", "faults", "hidden", "left_out", "limit",
        "missing", "sockets_refused", "status",
    )  # fmt: skip

    def __init__(
        self,
        status: int,
        limit: str | None,
        sockets_refused: Mapping[str, int],
        calls_refused: Mapping[str, int],
        missing: Sequence[bytes],
        effects: Sequence[Effect] = (),
        faults: Sequence[str] = (),
        hidden: Sequence[bytes] = (),
        left_out: Mapping[bytes, str] | None = None,
    ) -> None:
        self.left_out = left_out or {}  # host paths of changes that no plan can hold: why
        self.hidden = hidden  # host paths looked for that are never shown: keys and the like
        self.faults = tuple(faults)  # mistakes of ours: those calls failed with EIO
        self.effects = tuple(effects)  # the last cut: file effects after the last command
        self.status = status  # exit status; a signal is 128+N
        self.limit = limit  # the limit that ended it: "timeout", "cpu", "memory", …
        self.sockets_refused = sockets_refused  # call or family: how often
        self.calls_refused = calls_refused  # system calls outside the table: how often
        self.missing = missing  # host paths looked for that exist but are not mapped
        self.complete = limit is None and not faults and not left_out
