"""The server's side of the protocol: reads requests, starts the program for each, passes on.

Each request is done by the program itself in a process of its own, forked for it: what a script
does can neither reach the connection nor outlive it. The caller decides what that process does.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shannot.effects.document import Document, MalformedError
from shannot.errors import RefusedError, ShannotError

from .frames import VERSIONS, FrameError, FrameWriter, read_frame
from .verbs import job
from .work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from .frames import Json

HELLO_WITHIN = 30.0
"""Seconds in which a connection must begin."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What this server does at most, whoever asks."""

    allowed: tuple[str, ...]
    """Verbs."""
    profile: str | None
    """The policy of every run and execution; None: the configured one."""


@dataclass(frozen=True, slots=True)
class Host:
    """What the server is told by the face that starts it."""

    version: str
    name: str
    user: str
    work: Callable[[Sequence[str], str], int]
    """Called in a new process with WORDS and a directory: does `shannot WORDS…`, and removes the
    directory where the server is gone. Returns the exit status."""
    record: Callable[[str, str, str], None]
    """Called with (verb, session or "", "began" or why it was refused), for the audit."""


class Server:
    """One connection. `run` returns when it ends."""

    def __init__(self, ceiling: Ceiling, host: Host, reader: BinaryIO, writer: BinaryIO) -> None:
        self._ceiling = ceiling
        self._host = host
        self._reader = reader
        self._frames = FrameWriter(writer)
        self._work: Work | None = None

    def run(self) -> None:
        """Serve until the client is gone. Raises FrameError where it breaks the protocol."""
        timer = threading.Timer(HELLO_WITHIN, self._too_late)
        timer.daemon = True
        timer.start()
        try:
            if not self._greet():
                return
            timer.cancel()
            timer.join()
            while True:
                message = read_frame(self._reader)
                if message is None:
                    return
                self._take(message)
        except FrameError as error:
            self._complain(error)
            raise
        except OSError:
            return  # the connection is lost
        finally:
            timer.cancel()
            if self._work is not None:
                self._work.cancel()

    def _too_late(self) -> None:
        self._complain(FrameError("nothing was said in time"))
        os._exit(FrameError.exit_code)

    def _complain(self, error: ShannotError) -> None:
        try:
            self._frames.write({"error": described(error)})
        except OSError:
            pass  # nobody reads any more

    def _greet(self) -> bool:
        message = read_frame(self._reader)
        if message is None:
            return False
        offered = _hello(message)
        known = [version for version in VERSIONS if version in offered]
        if not known:
            raise FrameError(
                f"the client speaks versions {offered[:10]} of the protocol, this server"
                f" {list(VERSIONS)}: install the same shannot on both"
            )
        hello: dict[str, Json] = {
            "version": known[-1],
            "shannot": self._host.version,
            "host": self._host.name,
            "user": self._host.user,
            "allowed": list(self._ceiling.allowed),
            "profile": self._ceiling.profile,
            "time": int(time.time()),
        }
        self._frames.write({"hello": hello})
        return True

    def _take(self, message: dict[str, object]) -> None:
        number = message.get("request")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 1 << 53:
            raise FrameError("a request without a number")
        work = self._work
        if "verb" not in message:
            if work is not None and work.number == number:
                work.hear(message)
            return  # late words about what has ended
        if work is not None and not work.is_over():
            raise FrameError("a request while another one is under way")
        try:
            self._begin(number, message)
        except ShannotError as error:
            self._frames.write({"request": number, "error": described(error)})

    def _begin(self, number: int, message: dict[str, object]) -> None:
        fields = Document(message, "request")
        try:
            fields.take("request")
            verb = fields.text("verb", 20)
        except MalformedError as error:
            raise FrameError(str(error)) from None
        named = message.get("id")
        session = named if isinstance(named, str) else ""
        try:
            if verb not in self._ceiling.allowed:
                raise RefusedError(f"this key does not allow {verb!r}")
            asked = job(verb, fields)
        except (RefusedError, FrameError) as error:
            self._host.record(verb, session[:100], str(error))
            raise
        self._host.record(verb, session, "began")
        if self._work is not None:
            self._work.finish()
        self._work = Work(number, asked, self._frames, self._do)
        self._work.start()

    def _do(self, verb: str, words: Sequence[str], place: str) -> int:
        """A job in its process, with the ceiling's profile, which no client chooses."""
        if self._ceiling.profile is not None and verb in ("run", "resume", "execute"):
            words = [words[0], f"--profile={self._ceiling.profile}", *words[1:]]
        return self._host.work(words, place)


def described(error: ShannotError) -> Json:
    """An error as it stands in a frame."""
    return {"kind": type(error).__name__, "message": str(error), "exit_code": error.exit_code}


def _hello(message: dict[str, object]) -> list[int]:
    """The versions that a client speaks. Raises FrameError."""
    hello = message.get("hello")
    if len(message) != 1 or not isinstance(hello, dict):
        raise FrameError("the first frame is no hello")
    versions = hello.get("versions")
    if not isinstance(versions, list) or not all(
        isinstance(version, int) and not isinstance(version, bool) for version in versions[:100]
    ):
        raise FrameError("hello: versions is not a list of numbers")
    return versions[:100]
