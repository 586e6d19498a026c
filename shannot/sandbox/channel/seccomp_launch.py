"""Launch: fork, confine, execute. What the child gives up, in the order it must be given up.

The filter and everything else that can fail is made before the fork. Between fork and exec the
child only makes system calls; what goes wrong there comes back through a pipe as one line.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # no stub; `signal` costs a start 4 ms
import ctypes
import os
import resource
import select
import struct

from shannot.errors import ShannotError

from . import kernel_calls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTENER = struct.Struct("=ci")
"""What the child says first: a zero byte and the number of its listener. Anything else is the one
line that tells what failed; what fails after that may come in the same read."""
_KILL = 9
_ENDING = 300  # milliseconds that a process may take to end
_AS_ROOT = (
    " (root needs CAP_SYS_PTRACE, which containers take away; an ordinary user needs nothing)"
)


class Child:
    """The first process: its number, its pidfd, the listener of its filter."""

    __slots__ = ("_reader", "listener", "pid", "pidfd")

    def __init__(self, pid: int, pidfd: int, listener: int, reader: int) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self.listener = listener
        self._reader = reader  # of the pipe that closes when the interpreter is executed

    def complaint(self) -> str:
        """Once it has ended: why the interpreter could not be executed; "" where it was."""
        return os.fsdecode(os.read(self._reader, 512))

    def close(self) -> None:
        """Close every descriptor."""
        os.close(self.pidfd)
        self.close_launch()

    def close_launch(self) -> None:
        """Close what served the start alone: calls that are notified fail from now on."""
        os.close(self.listener)
        os.close(self._reader)


class Launch:
    """What to start and how to confine it. Descriptors are host descriptors of ours."""

    __slots__ = (
        "argv", "directory", "drop_to", "environment", "filter", "interpreter", "limits", "report",
        "restore_signals", "ruleset", "stdio",
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
        report: int | None = None,
        restore_signals: bool = False,
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
        self.report = report  # the number to report under until the exec, for a strict filter
        self.restore_signals = restore_signals  # it is to die of a pipe that nobody reads


def start(launch: Launch) -> Child:
    """Start the child. It waits in its exec until the listener answers.

    Errors: ShannotError, OSError.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    mark = ctypes.create_string_buffer(b"m")
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(launch, writer, parent)
    os.close(writer)
    try:
        pidfd = os.pidfd_open(pid)
        first = os.read(reader, _LISTENER.size)
        if first[:1] != b"\0":
            reason = os.fsdecode(first + os.read(reader, 512)) or "it died"
            raise ShannotError(f"cannot start the sandbox: {reason}")
        try:
            listener = _take_over(pid, pidfd, _LISTENER.unpack(first)[1], ctypes.addressof(mark))
        except ShannotError:
            if _ended(pidfd):  # its own words tell more than that it is gone
                complaint = os.fsdecode(os.read(reader, 512))
                raise ShannotError(f"cannot start the interpreter: {complaint}") from None
            raise
        return Child(pid, pidfd, listener, reader)
    except BaseException:
        os.close(reader)
        os.kill(pid, _KILL)
        os.waitpid(pid, 0)
        raise


def _take_over(pid: int, pidfd: int, number: int, address: int) -> int:
    """The child's listener, as a descriptor of ours. Errors: ShannotError."""
    try:
        listener = kernel_calls.pidfd_getfd(pidfd, number)
    except OSError as error:
        raise ShannotError(
            f"cannot take over the child's calls: {error.strerror}{_AS_ROOT}"
        ) from None
    try:
        _check_memory(f"/proc/{pid}/mem", address)
    except OSError as error:
        os.close(listener)
        raise ShannotError(
            f"cannot use the child's memory, /proc/{pid}/mem: {error.strerror}{_AS_ROOT}"
        ) from None
    return listener


def _check_memory(path: str, address: int) -> None:
    """Read and write a byte of the child, which is a copy of ours until its exec."""
    host_fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.pwrite(host_fd, os.pread(host_fd, 1, address), address)
    finally:
        os.close(host_fd)


def _ended(pidfd: int) -> bool:
    """Has it, or does it right now? Its descriptors and memory are gone a little sooner."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(_ENDING))


def _become(launch: Launch, writer: int, parent: int) -> None:
    """In the forked child: never returns."""
    step = "start"
    try:
        _set_signals(launch.restore_signals)
        step = "PR_SET_PDEATHSIG"
        kernel_calls.prctl(kernel_calls.PR_SET_PDEATHSIG, _KILL)
        if os.getppid() != parent:
            os._exit(125)
        step = "setsid"
        os.setsid()
        step = "chdir"
        os.fchdir(launch.directory)
        step = "descriptors"
        writer = _take_descriptors(launch, writer)
        step = "limits"
        for kind, value in launch.limits:
            _limit(kind, value)
        _volunteer()
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
        os.write(writer, _LISTENER.pack(b"\0", listener))
        step = "execveat"
        kernel_calls.execveat(
            launch.interpreter, b"", launch.argv, launch.environment, kernel_calls.AT_EMPTY_PATH
        )
    except BaseException as error:  # noqa: BLE001 - nothing may return into the mediator's code
        reason = getattr(error, "strerror", None) or type(error).__name__
        os.write(writer, os.fsencode(f"{step}: {reason}"))
    finally:
        os._exit(125)


def _set_signals(restore: bool) -> None:
    """A signal that comes before the exec ends this process as it would end the program: it must
    not run what the mediator has for it. What Python ignores for itself is restored, as
    `subprocess` has it for a command, where `restore`."""
    for number in (1, 2, 3, 15):  # HUP, INT, QUIT, TERM
        if _signal.getsignal(number) not in (_signal.SIG_IGN, _signal.SIG_DFL):
            _signal.signal(number, _signal.SIG_DFL)
    for number in (13, 25) if restore else ():  # PIPE, XFSZ
        _signal.signal(number, _signal.SIG_DFL)


def _take_descriptors(launch: Launch, writer: int) -> int:
    """0, 1, 2 are the script's; all else closes at the exec. Returns where to report."""
    moved = [os.dup(number) if number < 3 else number for number in launch.stdio]
    for target, number in enumerate(moved):
        os.dup2(number, target)
    if launch.report is not None and writer != launch.report:
        if launch.interpreter == launch.report:
            launch.interpreter = os.dup(launch.interpreter)
        if launch.ruleset == launch.report:
            launch.ruleset = os.dup(launch.ruleset)
        writer = os.dup2(writer, launch.report, inheritable=False)
    keep = sorted((launch.interpreter, launch.ruleset, writer))
    first = 3
    for number in keep:
        if number > first:
            os.closerange(first, number)
        first = number + 1
    kernel_calls.close_range(first, (1 << 32) - 1)
    return writer


def _volunteer() -> None:
    """Where the machine runs out of memory, its kernel is to end this process before any other."""
    try:
        host_fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(host_fd, b"1000")
        os.close(host_fd)
    except OSError:
        pass  # a container may forbid it


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    # at the soft limit of processor time comes SIGXCPU, which tells what happened
    soft = value - 1 if kind == resource.RLIMIT_CPU and value > 1 else value
    resource.setrlimit(kind, (soft, value))
