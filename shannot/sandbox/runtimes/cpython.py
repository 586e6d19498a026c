"""The `cpython` runtime: an ordinary CPython under seccomp user notification."""

from __future__ import annotations

import os
import resource
from errno import EMFILE, ENFILE

from shannot.errors import ShannotError
from shannot.sandbox.channel import landlock
from shannot.sandbox.channel.seccomp_filter import compile_filter
from shannot.sandbox.channel.seccomp_launch import Child, Launch, start
from shannot.sandbox.syscalls.rules import rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.sandbox.spec import Spec
    from shannot.sandbox.streams import Streams
    from shannot.sandbox.syscalls.numbers import Architecture

_FIRST_UID = 0x6000_0000
"""Where the numbers begin that a run started by root drops to: no system hands them out."""

_DESCRIPTORS = 4096

_FILE_SIZE = 1 << 20
"""Bytes that a file of the mediator's own may need: the list of a directory of 20,000 names."""


def libraries(interpreter: bytes) -> list[bytes]:
    """Host directories that an interpreter needs beside the system's own: its prefixes.

    A virtual environment's python brings the environment and the installation below it.
    """
    found: list[bytes] = []
    directory = os.path.dirname(os.path.dirname(interpreter))
    if os.path.isfile(directory + b"/pyvenv.cfg"):
        found.append(directory)
    real = os.path.realpath(interpreter)
    prefix = os.path.dirname(os.path.dirname(real))
    if prefix not in (b"/", b"/usr"):
        found.append(prefix)
    return found


def launch(
    spec: Spec, architecture: Architecture, streams: Streams, executable: Sequence[bytes]
) -> Child:
    """Start the child; it waits for its first answer. Errors: ShannotError."""
    try:
        return _launch(spec, architecture, streams, executable)
    except (ShannotError, OSError) as error:
        if isinstance(error, OSError) and error.errno in (EMFILE, ENFILE):
            raise
        # Only now: where everything is there, nobody pays for asking.
        from shannot.sandbox.channel.probe import probe

        try:
            probe()
        except OSError:
            pass  # not even that: the first error says why
        if isinstance(error, ShannotError):
            raise
        raise ShannotError(f"cannot start the sandbox: {error.strerror}") from error


def _launch(
    spec: Spec, architecture: Architecture, streams: Streams, executable: Sequence[bytes]
) -> Child:
    _check_own_files()
    interpreter = _open_interpreter(spec.interpreter)
    try:
        return launch_program(
            spec,
            interpreter,
            spec.argv,
            [name + b"=" + value for name, value in spec.environment.items()],
            streams.child_descriptors(),
            compile_filter(rules(), architecture, terminal=any(streams.is_terminal)),
            executable,
        )
    finally:
        os.close(interpreter)


def launch_program(
    spec: Spec,
    program: int,
    argv: Sequence[bytes],
    environment: Sequence[bytes],
    stdio: tuple[int, int, int],
    filter_program: bytes,
    executable: Sequence[bytes],
    restore_signals: bool = False,
) -> Child:
    """Start a program, open as `program`, under this filter. Errors: ShannotError, OSError.

    `executable`: host directories with everything that it, or what it starts, may execute;
    `restore_signals`: as `Launch` has it.
    """
    directory = _stub_directory(spec.private)
    opened = [os.open(path, os.O_PATH | os.O_CLOEXEC) for path in executable]
    spool = os.open(spec.private, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    ruleset = -1
    try:
        ruleset = landlock.ruleset([*opened, spool])
        return start(
            Launch(
                interpreter=program,
                argv=argv,
                environment=environment,
                directory=directory,
                stdio=stdio,
                filter_program=filter_program,
                ruleset=ruleset,
                limits=_limits(spec),
                drop_to=number_to_drop_to(),
                restore_signals=restore_signals,
            )
        )
    finally:
        for host_fd in (*opened, spool, directory, ruleset):
            if host_fd >= 0:
                os.close(host_fd)


def _check_own_files() -> None:
    """What the mediator makes for the script, directories above all, lies in files in memory.

    Errors: ShannotError, OSError.
    """
    soft = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if 0 <= soft < _FILE_SIZE:
        raise ShannotError(
            f"files of more than {soft} bytes cannot be written: `ulimit -f` of this process"
            f" must be {_FILE_SIZE >> 10} at least"
        )
    os.close(os.memfd_create("trial", os.MFD_CLOEXEC))


def _open_interpreter(path: bytes) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        shown = os.fsdecode(path)
        raise ShannotError(f"cannot open the interpreter {shown}: {error.strerror}") from None


def _stub_directory(private: bytes) -> int:
    """The child's real working directory, with the stub alone in it. One serves all of a run."""
    from shannot.sandbox.channel.stub import stub

    path = private + b"/run"
    try:
        os.mkdir(path, 0o711)
    except FileExistsError:
        return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    host_fd = os.open(path + b"/s", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o755)
    try:
        os.write(host_fd, stub(os.uname().machine))
        os.fchmod(host_fd, 0o755)
    finally:
        os.close(host_fd)
    os.chmod(path, 0o711)  # noqa: S103 - whatever the umask: the dropped user must enter it
    return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def number_to_drop_to() -> int | None:
    """A user number of this run's own, where root starts it."""
    if os.geteuid() != 0:
        return None
    return _FIRST_UID + int.from_bytes(os.urandom(3), "little")


def _limits(spec: Spec) -> list[tuple[int, int]]:
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, max(1, int(spec.limits.cpu)) + 1),
        (resource.RLIMIT_FSIZE, spec.limits.overlay),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 64 << 20),
    ]
    if os.geteuid() == 0:
        limits.append((resource.RLIMIT_NPROC, spec.limits.processes + 16))
    return limits
