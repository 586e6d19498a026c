"""One approved command on the host: as recorded, with a time limit, its output passed on and kept.

Called by `apply.py` only.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import IO, Protocol

from shannot.effects.model import RunCommand
from shannot.errors import NOT_FOUND, REFUSED, TIME_LIMIT
from shannot.sessions import files
from shannot.sessions.blobs import BlobDirectory, hash_descriptor
from shannot.sessions.model import EffectResult
from shannot.sessions.place import ConflictError, open_directory

MAX_KEPT = 1 << 20  # bytes kept of each stream; what came in all is counted
_CHUNK = 1 << 16
_TICK = 0.05  # seconds between looks at whether the command has ended
_LINGER = 0.2  # seconds to drain the pipes of what a command left running
_GRACE = 2.0  # seconds between SIGTERM and SIGKILL


UNKNOWN_PROGRAM = "the program was neither on this host nor in the plan, so it cannot be compared"


class Sink(Protocol):
    """Where a command's output goes while it runs."""

    def write(self, data: bytes, /) -> object:
        """Take all of data. An OSError ends the passing on, not the command."""


@dataclass(frozen=True, slots=True)
class Sinks:
    """Where a command's output goes."""

    stdout: Sink
    stderr: Sink
    stopped: Callable[[], bool] | None = None
    """Asked while a command runs: is it to end at once, as if by Ctrl-C?"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    exit_status: int
    """A signal is 128+N, the time limit 124, as for timeout(1)."""
    stdout: bytes
    """The first MAX_KEPT bytes."""
    stderr: bytes
    stdout_size: int
    stderr_size: int
    timed_out: bool = False
    error: str = ""
    """Why it could not be started at all."""


class _Stream:
    """One output: passed on, its beginning kept, all of it counted."""

    __slots__ = ("_sink", "kept", "size")

    def __init__(self, sink: Sink) -> None:
        self._sink: Sink | None = sink
        self.kept = bytearray()
        self.size = 0

    def feed(self, data: bytes) -> None:
        self.size += len(data)
        self.kept += data[: MAX_KEPT - len(self.kept)]
        if self._sink is not None:
            try:
                self._sink.write(data)
            except OSError:  # the reader has gone: the command was approved all the same
                self._sink = None


def check_program(command: RunCommand) -> None:
    """Raise ConflictError unless the program is the one that was recorded."""
    if not command.executable_sha256:
        raise ConflictError(command.executable, UNKNOWN_PROGRAM)
    try:
        fd = os.open(command.executable, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConflictError(command.executable, f"the program cannot be read: {error.strerror}")
    try:
        found, _ = hash_descriptor(fd)
    except OSError as error:
        raise ConflictError(command.executable, f"the program cannot be read: {error.strerror}")
    finally:
        os.close(fd)
    if found != command.executable_sha256:
        raise ConflictError(command.executable, "the program has changed since the script ran")


def run(command: RunCommand, blobs: BlobDirectory, timeout: float, sinks: Sinks) -> Ended:
    """Run it to its end, or for timeout seconds; then its whole process group is killed.

    What it leaves running in the background when it ends by itself stays, but unheard.
    """
    streams = _Stream(sinks.stdout), _Stream(sinks.stderr)
    with ExitStack() as opened:
        directory_fd = open_directory(command.directory)
        opened.callback(os.close, directory_fd)
        stdin_fd = _open_stdin(command, blobs)
        opened.callback(os.close, stdin_fd)
        try:
            process = _start(command, directory_fd, stdin_fd)
        except OSError as error:
            status = NOT_FOUND if isinstance(error, FileNotFoundError) else REFUSED
            return Ended(status, b"", b"", 0, 0, error=f"it cannot be started: {error.strerror}")
    try:
        timed_out = _listen(process, streams, time.monotonic() + timeout, sinks.stopped)
    except BaseException:  # the user's signal, above all: nothing of it may go on unheard
        try:
            _end(process)
        finally:
            _kill(process, signal.SIGKILL)
            process.wait()
        raise
    if timed_out:
        _end(process)
    code = process.wait()
    status = TIME_LIMIT if timed_out else code if code >= 0 else 128 - code
    out, err = streams
    return Ended(status, bytes(out.kept), bytes(err.kept), out.size, err.size, timed_out)


def _start(command: RunCommand, directory_fd: int, stdin_fd: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command.argv,
        executable=command.executable,
        cwd=f"/proc/self/fd/{directory_fd}",  # no link in the path can lead elsewhere
        env=dict(command.environment),
        stdin=stdin_fd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        close_fds=True,
        start_new_session=True,
    )


def result(directory_fd: int, number: int, ended: Ended, timeout: float) -> EffectResult:
    """What a command that was started has come to; its output is kept."""
    unkept = ""
    try:
        keep(directory_fd, number, ended)
    except OSError as error:  # which is no fault of the command
        unkept = f"its output could not be kept: {error.strerror}"
    found = EffectResult(
        number, "done", unkept, ended.exit_status, ended.stdout_size, ended.stderr_size
    )
    if ended.error:
        return replace(found, state="failed", message=ended.error)
    if ended.timed_out:
        message = f"it did not end within {timeout:g} seconds"
        return replace(found, state="failed", message=message)
    if ended.exit_status:
        message = f"it ended with exit status {ended.exit_status}"
        return replace(found, state="failed", message=message)
    return found


def keep(directory_fd: int, number: int, ended: Ended) -> None:
    """Save what was kept of the output as `output/N.stdout` and `output/N.stderr`."""
    try:
        os.mkdir("output", 0o700, dir_fd=directory_fd)
    except FileExistsError:
        pass
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open("output", flags, dir_fd=directory_fd)
    try:
        files.replace(f"{number}.stdout", fd, ended.stdout)
        files.replace(f"{number}.stderr", fd, ended.stderr)
    finally:
        os.close(fd)


def _open_stdin(command: RunCommand, blobs: BlobDirectory) -> int:
    if command.stdin_sha256 is None:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    fd = blobs.open(command.stdin_sha256)
    if hash_descriptor(fd)[0] != command.stdin_sha256:
        os.close(fd)
        raise blobs.changed(command.stdin_sha256)
    return fd


def _listen(
    process: subprocess.Popen[bytes],
    streams: tuple[_Stream, _Stream],
    end: float,
    stopped: Callable[[], bool] | None,
) -> bool:
    """Pass the output on until the command has ended. True where it had no more time."""
    pipes: Mapping[IO[bytes] | None, _Stream] = dict(
        zip((process.stdout, process.stderr), streams, strict=True)
    )
    quiet_until: float | None = None
    with selectors.DefaultSelector() as selector:
        for pipe, stream in pipes.items():
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, stream)
        while True:
            now = time.monotonic()
            if process.poll() is not None:
                # All that it wrote is in the pipes; only a background process keeps them open.
                quiet_until = quiet_until or now + _LINGER
                if not selector.get_map() or now >= quiet_until:
                    break
            elif now >= end:
                return True
            else:
                _check_stopped(stopped)
            for key, _ in selector.select(_TICK):
                data = os.read(key.fd, _CHUNK)
                if data:
                    key.data.feed(data)
                else:
                    selector.unregister(key.fileobj)
            if not selector.get_map() and process.returncode is None:
                _wait(process, end if stopped is None else min(end, now + _TICK))
    for pipe in pipes:
        if pipe is not None:
            pipe.close()
    return False


def _check_stopped(stopped: Callable[[], bool] | None) -> None:
    if stopped is not None and stopped():
        raise KeyboardInterrupt


def _wait(process: subprocess.Popen[bytes], end: float) -> None:
    try:
        process.wait(max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        pass


def _end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and SIGKILL for what has not ended of the group by then."""
    _kill(process, signal.SIGTERM)
    _wait(process, time.monotonic() + _GRACE)
    _kill(process, signal.SIGKILL)


def _kill(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)  # its own session: the group has the number of the process
    except (ProcessLookupError, PermissionError):
        pass  # gone, or another user's by now (setuid)
