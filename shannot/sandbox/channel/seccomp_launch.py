"""Launch: fork, confine, execute. What the child gives up, in the order it must be given up.

The filter and everything else that can fail is made before the fork. Between fork and exec the
child only makes system calls; what goes wrong there comes back through a pipe as one line.
"""

from __future__ import annotations

import os
import resource
import struct

from shannot.errors import ShannotError

from . import kernel_calls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTENER = struct.Struct("=i")
_KILL = 9


class Child:
    """The first process: its number, its pidfd, the listener of its filter."""

    __slots__ = ("listener", "pid", "pidfd")

    def __init__(self, pid: int, pidfd: int, listener: int) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self.listener = listener


class Launch:
    """What to start and how to confine it. Descriptors are host descriptors of ours."""

    __slots__ = (
        "argv", "directory", "drop_to", "environment", "filter", "interpreter", "limits", "ruleset",
        "stdio",
    )  # fmt: skip

    def __init__(
        self,
        *,
        interpreter: int,
        argv: Sequence[bytes],
        environment: Sequence[bytes],
        directory: int,
        stdio: tuple[int, int, int],
        filter_program: bytes,
        ruleset: int,
        limits: Sequence[tuple[int, int]],
        drop_to: int | None,
    ) -> None:
        self.interpreter = interpreter  # to execute; close-on-exec
        self.argv = argv
        self.environment = environment
        self.directory = directory  # the real working directory: holds the stub alone
        self.stdio = stdio
        self.filter = filter_program
        self.ruleset = ruleset  # of Landlock
        self.limits = limits  # (RLIMIT_*, value)
        self.drop_to = drop_to  # the user and group number to become; None: stay


def start(launch: Launch) -> Child:
    """Start the child. It waits in its exec until the listener answers. Errors: ShannotError."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(launch, writer, parent)
    os.close(writer)
    try:
        pidfd = os.pidfd_open(pid)
        message = os.read(reader, 512)
        if len(message) != _LISTENER.size:
            raise ShannotError(f"cannot start the sandbox: {os.fsdecode(message) or 'it died'}")
        try:
            listener = kernel_calls.pidfd_getfd(pidfd, _LISTENER.unpack(message)[0])
        except OSError as error:
            raise ShannotError(f"cannot take over the child's calls: {error.strerror}") from None
        return Child(pid, pidfd, listener)
    except BaseException:
        os.kill(pid, _KILL)
        os.waitpid(pid, 0)
        raise
    finally:
        os.close(reader)


def _become(launch: Launch, writer: int, parent: int) -> None:
    """In the forked child: never returns."""
    step = "start"
    try:
        step = "PR_SET_PDEATHSIG"
        kernel_calls.prctl(kernel_calls.PR_SET_PDEATHSIG, _KILL)
        if os.getppid() != parent:
            os._exit(125)
        step = "setsid"
        os.setsid()
        step = "chdir"
        os.fchdir(launch.directory)
        step = "descriptors"
        _take_descriptors(launch, writer)
        step = "limits"
        for kind, value in launch.limits:
            _limit(kind, value)
        if launch.drop_to is not None:
            step = "dropping root"
            os.setgroups([])
            os.setresgid(launch.drop_to, launch.drop_to, launch.drop_to)
            os.setresuid(launch.drop_to, launch.drop_to, launch.drop_to)
            kernel_calls.prctl(kernel_calls.PR_SET_PDEATHSIG, _KILL)
        step = "PR_SET_NO_NEW_PRIVS"
        kernel_calls.prctl(kernel_calls.PR_SET_NO_NEW_PRIVS, 1)
        step = "landlock_restrict_self"
        kernel_calls.landlock_restrict_self(launch.ruleset)
        step = "seccomp"
        listener = kernel_calls.seccomp_listener(launch.filter)
        os.write(writer, _LISTENER.pack(listener))
        kernel_calls.execveat(
            launch.interpreter, b"", launch.argv, launch.environment, kernel_calls.AT_EMPTY_PATH
        )
    except BaseException as error:  # noqa: BLE001 - nothing may return into the mediator's code
        reason = getattr(error, "strerror", None) or type(error).__name__
        os.write(writer, os.fsencode(f"{step}: {reason}."))
    finally:
        os._exit(125)


def _take_descriptors(launch: Launch, writer: int) -> None:
    """0, 1, 2 are the script's; all else closes at the exec."""
    moved = [os.dup(number) if number < 3 else number for number in launch.stdio]
    for target, number in enumerate(moved):
        os.dup2(number, target)
    keep = sorted((launch.interpreter, launch.ruleset, writer))
    first = 3
    for number in keep:
        if number > first:
            os.closerange(first, number)
        first = number + 1
    kernel_calls.close_range(first, (1 << 32) - 1)


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    # at the soft limit of processor time comes SIGXCPU, which tells what happened
    soft = value - 1 if kind == resource.RLIMIT_CPU and value > 1 else value
    resource.setrlimit(kind, (soft, value))
