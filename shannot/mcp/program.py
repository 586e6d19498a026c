"""Every tool's work is done by the program itself, in a process of its own, with `--json`.

So nothing that a script prints can reach the protocol's stream, a crash ends one call and not the
server, and a tool can do nothing that the command line cannot. The process is ended with its call.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from shannot.workflows.itself import command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .revisions import Json, Object

_GRACE = 5.0  # seconds between SIGTERM and SIGKILL
_STEP = 0.1  # seconds between looks
_DOCUMENT_MAX = 256 << 20
"""Bytes of a document: a run's output is bounded by its own limit, well below this."""
_ERRORS_KEPT = 4096


class CancelledError(Exception):
    """The client has taken its request back, or is gone."""


class CommandError(Exception):
    """The program's own one-line error, for the agent to read."""


class Call:
    """One request under way: whether it was taken back, and whom to tell how it goes."""

    def __init__(self, progress: Callable[[float, str], None] | None) -> None:
        self.cancelled = threading.Event()
        self._progress = progress
        self._started = time.monotonic()
        self._next = self._started + 1.0

    def tick(self, message: str) -> None:
        """Tell the client, once a second at most, that it goes on. Raises CancelledError."""
        if self.cancelled.is_set():
            raise CancelledError
        now = time.monotonic()
        if self._progress is not None and now >= self._next:
            self._next = now + 1.0
            self._progress(round(now - self._started, 1), message)

    def wait(self, seconds: float, message: str) -> None:
        """Pause. Raises CancelledError."""
        self.tick(message)
        if self.cancelled.wait(seconds):
            raise CancelledError


def document(
    call: Call,
    words: Sequence[str],
    *,
    data: bytes = b"",
    directory: str | None = None,
    message: str = "",
) -> Object:
    """Run `shannot WORDS…`, which ends with `--json`'s document. Returns its `result`.

    `data` is its standard input, `message` what the client is told meanwhile. Raises
    CommandError with the program's own words, CancelledError.
    """
    try:
        process = subprocess.Popen(
            command(words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=directory,
            start_new_session=True,
        )
    except OSError as error:
        raise CommandError(f"cannot start: {error.strerror}") from None
    except UnicodeEncodeError:
        raise CommandError("an argument holds half a character (a lone surrogate)") from None
    except ValueError:
        raise CommandError("an argument holds a null character") from None
    pipes = _Pipes(process, data)
    try:
        while process.poll() is None or pipes.are_open():
            call.wait(_STEP, message or f"running: shannot {words[0]}")
    finally:
        _end(process)
        pipes.finish()
    return _result(pipes.output, pipes.errors)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()  # it ends the script, and keeps the plan so far
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _result(output: bytes, errors: bytes) -> Object:
    try:
        found: Json = json.loads(output)
    except ValueError:
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        raise CommandError(last[0] if last else "it ended without an answer") from None
    if isinstance(found, dict):
        result = found.get("result")
        if isinstance(result, dict):
            return result
        error = found.get("error")
        if isinstance(error, dict):
            raise CommandError(str(error.get("message")))
    raise CommandError("it ended without an answer")


class _Pipes:
    """Feeds and empties the process's pipes, each on a thread of its own."""

    def __init__(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        self.output = self.errors = b""
        self._process = process
        self._threads = [
            threading.Thread(target=self._feed, args=(data,), daemon=True),
            threading.Thread(target=self._read_output, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def are_open(self) -> bool:
        """Is there still something to come?"""
        return any(thread.is_alive() for thread in self._threads)

    def finish(self) -> None:
        """Wait for what the ended process left in them."""
        for thread in self._threads:
            thread.join(_GRACE)

    def _feed(self, data: bytes) -> None:
        pipe = self._process.stdin
        if pipe is None:
            return
        try:
            with pipe:
                pipe.write(data)
        except OSError:
            pass  # it did not want to read all of it

    def _read_output(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as pipe:
                self.output = pipe.read(_DOCUMENT_MAX)

    def _read_errors(self) -> None:
        if self._process.stderr is not None:
            with self._process.stderr as pipe:
                while data := os.read(pipe.fileno(), _ERRORS_KEPT):
                    self.errors = (self.errors + data)[-_ERRORS_KEPT:]
