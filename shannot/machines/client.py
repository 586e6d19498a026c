"""The client's side of the protocol: one connection to a server that is not trusted either."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shannot.errors import NotFoundError, RefusedError, ShannotError, UnsuccessfulError, UsageError

from .frames import VERSIONS, CutError, FrameError, FrameWriter, read_frame, unpacked
from .ssh import explained
from .streams import Complaint, Feeder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import IO

    from .frames import Json

PATIENCE = 60.0
DOCUMENT_MAX = 64 << 20
"""Characters of a document that are taken from a server."""
ITEMS_MAX = 8_000_000
"""Values in it, counted generously before it is parsed: each costs up to 70 bytes of memory."""
ANSWER_WITHIN = 300.0
"""Seconds in which a request that starts nothing must be answered, and to its end."""
_LONG = ("run", "resume", "execute", "rollback", "put")
"""Those that start something, which takes as long as it takes."""
_ERRORS: Mapping[str, type[ShannotError]] = {
    kind.__name__: kind
    for kind in (NotFoundError, RefusedError, UnsuccessfulError, UsageError, ShannotError)
}
_GRACE = 10.0  # seconds that a connection gets to close
_MESSAGE_MAX = 2000


@dataclass(frozen=True, slots=True)
class Hello:
    """What a server says of itself. Its words, not facts."""

    version: int
    shannot: str
    host: str
    user: str
    allowed: tuple[str, ...]
    time: int | None
    """Its clock: seconds since 1970, where it tells."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request ended: the program's exit status there, and its document if it made one."""

    status: int
    document: object


class LostError(ShannotError):
    """The connection is gone: what was asked may have been done or not."""


class Connection:
    """A process whose pipes lead to a server: ssh, or the program itself in tests."""

    def __init__(self, argv: Sequence[str], name: str) -> None:
        self.name = name
        try:
            # A session of its own: Ctrl-C is ours to pass on, and nothing may ask at the terminal.
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise ShannotError(f"{name}: cannot start {argv[0]}: {error.strerror}") from None
        if self._process.stdin is None or self._process.stdout is None:
            raise ShannotError(f"{name}: no pipes")
        self._writer: IO[bytes] = self._process.stdin
        self._frames = FrameWriter(self._process.stdin)
        self._reader: IO[bytes] = self._process.stdout
        self._number = 0
        self._is_late = False
        self._complaint = Complaint(self._process.stderr)

    def exchange(
        self, message: Mapping[str, Json] | bytes, patience: float = PATIENCE
    ) -> dict[str, object]:
        """Say one thing, and hear the answer, before there are requests.

        patience: seconds in which it must come. Raises ShannotError where the other side tells an
        error, or is lost.
        """
        timer = threading.Timer(patience, self._give_up)
        timer.start()
        try:
            if isinstance(message, bytes):
                self._writer.write(message)
                self._writer.flush()
            else:
                self._frames.write(message)
            answer = read_frame(self._reader)
        except OSError:
            raise self._lost("it closed the connection") from None
        except FrameError as error:
            raise self._lost(str(error)) from None
        finally:
            timer.cancel()
        if answer is None:
            raise self._lost("it closed the connection")
        if "error" in answer:
            raise error_of(answer["error"], self.name)
        return answer

    def greet(self, patience: float = PATIENCE) -> Hello:
        """Begin. Raises ShannotError where the other side is no server, or another version.

        patience: seconds in which it must answer.
        """
        message = self.exchange({"hello": {"versions": list(VERSIONS)}}, patience)
        try:
            return _hello(message)
        except (KeyError, TypeError, ValueError):
            raise FrameError(f"{self.name}: no shannot answers there") from None

    def ask(
        self,
        verb: str,
        fields: Mapping[str, Json],
        *,
        output: Callable[[str, bytes], None] | None = None,
        stdin: Callable[[int], bytes] | None = None,
        patience: float | None = None,
    ) -> Answer:
        """One request, to its end.

        output: called with ("stdout" or "stderr", bytes) as they come. stdin: called with a number
        of bytes for at most so many, b"" for the end, when the server wants some; on a thread of
        its own, which may still wait in it when the request is over. patience: seconds in which it
        must be over; None: ANSWER_WITHIN, or no end for what works at a script or a plan.
        Raises ShannotError where the server refuses, or the connection is lost.
        """
        if patience is None and verb not in _LONG:
            patience = ANSWER_WITHIN
        self._number += 1
        feeder = Feeder(self._frames, self._number, stdin)
        timer = threading.Timer(patience or 0, self._give_up)
        if patience is not None:
            timer.start()
        try:
            self._frames.write({"request": self._number, "verb": verb, **fields})
            return self._hear(self._number, feeder, output)
        except (OSError, ValueError, CutError):  # ValueError: closed by another thread meanwhile
            raise self._lost("the connection is lost") from None
        finally:
            timer.cancel()
            feeder.stop()

    def _hear(
        self, number: int, feeder: Feeder, output: Callable[[str, bytes], None] | None
    ) -> Answer:
        pieces: list[str] = []
        size = 0
        while True:
            message = read_frame(self._reader)
            if message is None:
                raise self._lost("the connection is lost")
            if "error" in message:
                raise error_of(message["error"], self.name)
            if message.get("request") != number:
                raise FrameError(f"{self.name}: an answer to another request")
            if "exit" in message:
                return Answer(_status(message["exit"]), _document(pieces, self.name))
            piece = message.get("document")
            if isinstance(piece, str):
                size += len(piece)
                if size > DOCUMENT_MAX:
                    raise FrameError(f"{self.name}: an endless document")
                pieces.append(piece)
            elif "credit" in message:
                feeder.grant(_credit(message["credit"], self.name))
            else:
                _pass_on(message, output)

    def cancel(self) -> None:
        """Ask for the end of what is under way; its answer still comes."""
        try:
            self._frames.write({"request": self._number, "cancel": True})
        except OSError:
            pass  # then it ends anyway

    def _give_up(self) -> None:
        self._is_late = True
        self._process.kill()

    def _lost(self, why: str) -> LostError:
        """What to say, with the last words of whoever carried the connection."""
        self.close()
        if self._is_late:
            return LostError(f"{self.name}: no answer in time")
        return LostError(f"{self.name}: {explained(self._complaint.text()) or why}")

    def close(self) -> None:
        """End the connection; a request under way is cancelled by that."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _credit(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= 1 << 24:
        raise FrameError(f"{name}: wants a wrong amount of stdin")
    return value


def _hello(message: Mapping[str, object]) -> Hello:
    """Raises KeyError, TypeError, ValueError."""
    found = message["hello"]
    if not isinstance(found, dict) or found["version"] not in VERSIONS:
        raise ValueError("no hello")
    allowed = found["allowed"]
    if not isinstance(allowed, list) or len(allowed) > 100:
        raise ValueError("no list of verbs")
    time = found.get("time")
    if time is not None and (type(time) is not int or not 0 <= time < 1 << 53):
        raise ValueError("no time")
    texts = [found["shannot"], found["host"], found["user"], *allowed]
    if not all(isinstance(text, str) and len(text) <= 300 for text in texts):
        raise ValueError("not texts")
    return Hello(found["version"], texts[0], texts[1], texts[2], tuple(texts[3:]), time)


def error_of(value: object, name: str) -> ShannotError:
    """The server's error as ours: only its kind, its words and no code of its choosing."""
    if not isinstance(value, dict):
        return FrameError(f"{name}: an error that says nothing")
    kind = _ERRORS.get(str(value.get("kind")), ShannotError)
    return kind(f"{name}: {str(value.get('message'))[:_MESSAGE_MAX]}")


def _status(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 255:
        raise FrameError("an exit status that is none")
    return value


def _document(pieces: Sequence[str], name: str) -> object:
    text = "".join(pieces)
    if not text.strip():
        return None
    if sum(map(text.count, ",[{")) > ITEMS_MAX:
        raise FrameError(f"{name}: a document of too many parts")
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameError(f"{name}: a document that is not JSON") from None
    return document


def _pass_on(message: Mapping[str, object], output: Callable[[str, bytes], None] | None) -> None:
    for name in ("stdout", "stderr"):
        if name in message:
            data = unpacked(message[name], 1 << 20)
            if output is not None:
                output(name, data)
            return
    raise FrameError("an answer that is none")
