"""The `pypy` runtime: a sandboxed PyPy, which has nothing but its pipes, and is held to that.

Counterparts: `supervise_pypy.py`, which runs it; `installed.py`, which says where it is.
"""

from __future__ import annotations

import os
import resource

from shannot.errors import ShannotError
from shannot.sandbox import guest
from shannot.sandbox.channel import landlock
from shannot.sandbox.channel.seccomp_filter import compile_filter
from shannot.sandbox.channel.seccomp_launch import Child, Launch, start
from shannot.sandbox.syscalls.pypy_rules import OTHERWISE, REPORT, rules

from .cpython import number_to_drop_to
from .pypy_loader import Loader
from .time_zone import rule_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shannot.sandbox.spec import Limits, Spec
    from shannot.sandbox.syscalls.numbers import Architecture

HOME = b"/usr/lib/shannot"
"""Where the script sees the interpreter: its own directory of the host is hidden."""
PROGRAM = HOME + b"/pypy3-c"

_LOADERS = (
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
)
"""PT_INTERP of a program, by the platforms' ABI."""
_DESCRIPTORS = 64  # what the loader needs at once, and more
_COMPLAINT_MAX = 4096


class PypyProcess:
    """A sandboxed interpreter that has said its first word. Host descriptors of ours."""

    __slots__ = ("_stderr", "pid", "pidfd", "reader", "writer")

    def __init__(self, pid: int, pidfd: int, reader: int, writer: int, stderr: int) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self.reader = reader  # its calls
        self.writer = writer  # their answers
        self._stderr = stderr

    def complaint(self) -> str:
        """Once it has ended: the last line of what its C code had to say; "" for nothing."""
        try:
            data = os.read(self._stderr, _COMPLAINT_MAX)
        except BlockingIOError:
            return ""
        lines = data.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else ""

    def close(self) -> None:
        for host_fd in (self.pidfd, self.reader, self.writer, self._stderr):
            os.close(host_fd)


def guest_modules(host: bytes) -> list[tuple[bytes, Callable[[int], bytes]]]:
    """Our own modules: where the script sees each, before the standard library's, and its source
    for whoever opens it. `host`: the installation's lib_pypy, where a package may have its name."""
    found = []
    for name in guest.names():
        package = os.fsencode(name.removesuffix(".py"))
        path = (
            package + b"/__init__.py" if os.path.isdir(host + b"/" + package) else package + b".py"
        )
        found.append((HOME + b"/lib_pypy/" + path, _source(name)))
    return found


def guest_identity() -> str:
    """Changes with our modules."""
    return guest.identity()


def _source(name: str) -> Callable[[int], bytes]:
    return lambda _pid: guest.source(name)


def launch(spec: Spec, architecture: Architecture) -> PypyProcess:
    """Start the interpreter, and see it through its loading. Errors: ShannotError."""
    program = os.path.realpath(spec.interpreter)
    directory = os.open(spec.private, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    argv = [PROGRAM, b"-S", *_in_ascii(spec.argv[1:], os.path.dirname(program))]
    zone = rule_of(spec.environment.get(b"TZ"))
    environment = [] if zone is None else [b"TZ=" + zone]
    try:
        return start_binary(program, argv, environment, architecture, directory, spec.limits)
    except OSError as error:
        raise ShannotError(f"cannot start {os.fsdecode(program)}: {error.strerror}") from None
    finally:
        os.close(directory)


def _in_ascii(words: Sequence[bytes], installation: bytes) -> Sequence[bytes]:
    """The same command line, with code that PyPy 3.6 takes: it refuses `-c` with anything else.

    What is no UTF-8 stays as it is, and is refused as by CPython. A traceback has a line more.
    """
    if len(words) < 3 or words[1] != b"-c" or words[2].isascii():  # after the -B
        return words
    if os.path.exists(installation + b"/lib-python/3/dataclasses.py"):  # 3.7 and later
        return words
    try:
        code = words[2].decode("utf-8")
    except UnicodeDecodeError:
        return words
    wrapped = f"exec(compile({code!a}, '<string>', 'exec'))"
    return [words[0], b"-c", wrapped.encode("ascii"), *words[3:]]


def start_binary(
    program: bytes,
    argv: Sequence[bytes],
    environment: Sequence[bytes],
    architecture: Architecture,
    directory: int,
    limits: Limits,
) -> PypyProcess:
    """Any binary at the host path `program`, confined; it has said something, or has ended.

    `directory`: a descriptor of the one it stands in. Errors: ShannotError, OSError.
    """
    (stdin, writer), (reader, stdout), (errors, stderr) = (os.pipe2(os.O_CLOEXEC) for _ in "012")
    ours, theirs = [reader, writer, errors], [stdin, stdout, stderr]
    try:
        os.set_blocking(errors, False)
        os.set_blocking(stderr, False)
        child = _start(program, argv, environment, architecture, directory, limits, theirs)
        while theirs:  # so that its end is seen on ours
            os.close(theirs.pop())
        _see_through(child, reader, program, architecture)
        ours.clear()
        return PypyProcess(child.pid, child.pidfd, reader, writer, errors)
    finally:
        for host_fd in (*ours, *theirs):
            os.close(host_fd)


def _start(
    program: bytes,
    argv: Sequence[bytes],
    environment: Sequence[bytes],
    architecture: Architecture,
    directory: int,
    limits: Limits,
    stdio: Sequence[int],
) -> Child:
    opened = [os.open(program, os.O_RDONLY | os.O_CLOEXEC)]
    try:
        opened.append(_ruleset(opened[0]))
        stdin, stdout, stderr = stdio
        return start(
            Launch(
                interpreter=opened[0],
                argv=argv,
                environment=environment,
                directory=directory,
                stdio=(stdin, stdout, stderr),
                filter_program=compile_filter(rules(), architecture, otherwise=OTHERWISE),
                ruleset=opened[1],
                limits=_limits(limits),
                drop_to=number_to_drop_to(),
                report=REPORT,
            )
        )
    finally:
        for host_fd in opened:
            os.close(host_fd)


def _see_through(child: Child, reader: int, program: bytes, architecture: Architecture) -> None:
    """Until its first word; then the kernel answers what we do not hear any more."""
    try:
        Loader(child.listener, child.pid, program, architecture.numbers()).serve(reader)
        complaint = child.complaint()
        if complaint:
            raise ShannotError(f"cannot run {os.fsdecode(program)}: {complaint}")
    except BaseException:
        os.kill(child.pid, 9)
        os.waitpid(child.pid, 0)
        os.close(child.pidfd)
        raise
    finally:
        child.close_launch()


def _ruleset(interpreter: int) -> int:
    """Landlock: nothing but the exec itself, which the kernel does with these two files."""
    loaders = [os.open(path, os.O_PATH | os.O_CLOEXEC) for path in _LOADERS if os.path.exists(path)]
    try:
        return landlock.ruleset([interpreter, *loaders])
    finally:
        for host_fd in loaders:
            os.close(host_fd)


def _limits(limits: Limits) -> list[tuple[int, int]]:
    return [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, max(1, int(limits.cpu)) + 1),
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ]
