"""One request under way on the server: a process, its pipes, and the frames they become."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from .forked import fork
from .frames import PIECE, FrameError, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .forked import Forked
    from .frames import FrameWriter
    from .verbs import Job

CREDIT = 256 << 10
"""Bytes of stdin that may be on their way at once."""
_GRACE = 10.0  # seconds between SIGTERM and SIGKILL
PULSE = 15.0
"""Seconds between two words of a process that says nothing: where the client's machine is gone
without a word, only what is sent to it finds out (tcp(7): minutes instead of hours)."""


class Work:
    """One job. `hear` takes what the client says of it, on the connection's thread."""

    def __init__(
        self,
        number: int,
        asked: Job,
        frames: FrameWriter,
        do: Callable[[str, Sequence[str], str], int],
        pulse: float = PULSE,
        grace: float = _GRACE,
    ) -> None:
        """do: called in a process of its own with a verb, the words of its command line, and a
        directory of the request's own ("" where it needs none), which is removed by whoever of the
        two lives longer; returns the exit status. grace: seconds for the last words of what it left
        behind."""
        self.number = number
        self._job = asked
        self._frames = frames
        self._do = do
        self._pulse = pulse
        self._grace = grace
        self._ended = threading.Event()
        self._process: Forked | None = None
        self._cancelled = self._over = False
        self._credit = 0
        self._waiting: list[bytes | None] = []  # of stdin
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the frames come from other threads. On the connection's thread, while it is the
        only one: what another one holds at a fork is held for ever in the new process."""
        try:
            self._start()
        except OSError as error:
            self._over = True
            shown = {"kind": "OSError", "message": f"cannot start: {error.strerror}"}
            self._frames.write({"request": self.number, "error": {**shown, "exit_code": 125}})

    def is_over(self) -> bool:
        """Is its last frame on its way?"""
        return self._over

    def cancel(self) -> None:
        """End the process and wait for that. The plan so far is kept by it."""
        self._stop()
        self.finish(2 * _GRACE)

    def finish(self, patience: float = _GRACE) -> None:
        """Wait for its threads, once it is over: at most so many seconds."""
        if self._thread is not None:
            self._thread.join(patience)

    def hear(self, message: dict[str, object]) -> None:
        """Something of stdin, or that it is to end. Raises FrameError."""
        if message.get("cancel") is True and len(message) == 2:
            self._stop()
            return
        if "stdin" not in message or len(message) != 2:
            raise FrameError("neither stdin nor cancel")
        data = message["stdin"]
        piece = None if data is None else unpacked(data, CREDIT)
        with self._changed:
            self._credit -= len(piece or b"")
            if not self._job.takes_stdin or self._credit < 0:
                raise FrameError("more of stdin than was asked for")
            self._waiting.append(piece)
            self._changed.notify()

    def _stop(self) -> None:
        with self._changed:
            self._cancelled = True
            self._changed.notify()
            if self._process is not None:
                self._process.terminate()

    def _start(self) -> None:
        """Make its pipes, its directory and the process; then the threads between them."""
        # stdin, stdout, stderr, and the document where that is none of them: (reader, writer)
        pipes = [list(os.pipe2(os.O_CLOEXEC)) for _ in range(3 if self._job.document_only else 4)]
        place = ""
        try:
            if not self._job.takes_stdin:
                os.close(pipes[0].pop())  # it reads an end at once
            if self._job.script is not None:
                place = make_place()
            process = self._process = self._spawn(pipes, place)
        except BaseException:
            for host_fd in (host_fd for pipe in pipes for host_fd in pipe):
                os.close(host_fd)
            remove_place(place)
            raise
        for pipe in (pipes[0][:1], *(pipe[1:] for pipe in pipes[1:])):
            os.close(pipe[0])
        ours = [pipes[0][-1], *(pipe[0] for pipe in pipes[1:])]
        self._thread = threading.Thread(
            target=self._see_to, args=(process, ours, place), daemon=True
        )
        self._thread.start()

    def _spawn(self, pipes: Sequence[Sequence[int]], place: str) -> Forked:
        job, kept = self._job, None
        words = list(job.words)
        if not job.document_only:
            kept = pipes[3][1]
            words.insert(1, f"--json-fd={kept}")
        if job.script is not None:
            script = os.path.join(place, job.script[0])
            with open(script, "xb") as file:
                file.write(job.script[1])
            words[words.index("{}")] = script
        directory = None
        if job.directory is not None:
            directory = os.open(job.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            ends = (pipes[0][0], pipes[1][1], pipes[2][1])
            return fork(lambda: self._do(job.verb, words, place), ends, kept, directory)
        finally:
            if directory is not None:
                os.close(directory)

    # -- on the request's own threads --------------------------------------------------------------

    def _see_to(self, process: Forked, ours: list[int], place: str) -> None:
        """Pass on what it writes, and give it what it reads, until its end, which is told."""
        threads = self._passing(process, ours)
        for thread in threads:
            thread.start()
        status = process.wait()
        self._ended.set()
        for thread in threads:
            thread.join(self._grace)
        remove_place(place)
        self._over = True
        try:
            self._frames.write({"request": self.number, "exit": status})
        except OSError:
            pass  # the connection is lost

    def _passing(self, process: Forked, ours: list[int]) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._beat, daemon=True)]
        for host_fd, name in zip(ours[1:], ("stdout", "stderr", "document"), strict=False):
            given = (host_fd, name)
            threads.append(threading.Thread(target=self._pass_on, args=given, daemon=True))
        if self._job.takes_stdin:
            given_in = (process, ours[0])
            threads.append(threading.Thread(target=self._feed, args=given_in, daemon=True))
        return threads

    def _pass_on(self, host_fd: int, name: str) -> None:
        """Until its end. `--json` writes ASCII alone, which may be cut anywhere.

        The descriptor is closed by this thread alone: one that a process left behind keeps waiting
        for must not read what gets the same number for the next request.
        """
        is_document = name == "document" or (name == "stdout" and self._job.document_only)
        try:
            while data := _read(host_fd):
                piece = data.decode("ascii", "replace") if is_document else packed(data)
                if self._over or not self._send({"document" if is_document else name: piece}):
                    return
        finally:
            os.close(host_fd)

    def _beat(self) -> None:
        while not self._ended.wait(self._pulse):
            if not self._send({"stderr": ""}):
                return

    def _send(self, message: dict[str, str]) -> bool:
        try:
            self._frames.write({"request": self.number, **message})
        except OSError:
            self._stop()  # the connection is lost
            return False
        return True

    def _feed(self, process: Forked, host_fd: int) -> None:
        """Give it what came of stdin, and the client credit for more."""
        with open(host_fd, "wb", buffering=0) as pipe:
            self._grant(CREDIT)
            while True:
                with self._changed:
                    while not self._waiting and not self._cancelled and not process.is_over():
                        self._changed.wait(0.2)
                    piece = self._waiting.pop(0) if self._waiting else None
                if piece is None:
                    return
                try:
                    rest = memoryview(piece)
                    while rest:
                        rest = rest[pipe.write(rest) :]
                except OSError:
                    return  # it did not want to read all of it
                self._grant(len(piece))

    def _grant(self, count: int) -> None:
        with self._changed:
            self._credit += count
        try:
            self._frames.write({"request": self.number, "credit": count})
        except OSError:
            self._stop()


def _read(host_fd: int) -> bytes:
    try:
        return os.read(host_fd, PIECE)
    except OSError:
        return b""


def make_place() -> str:
    """A new directory of this user's alone, for the script of a request. Raises OSError."""
    failure = OSError()
    for base in (os.environ.get("TMPDIR", ""), "/tmp", "/var/tmp"):
        path = f"{base}/shannot-{os.urandom(8).hex()}"
        if base.startswith("/"):
            try:
                os.mkdir(path, 0o700)
            except OSError as error:
                failure = error
            else:
                return path
    raise failure


def remove_place(place: str) -> None:
    """Remove it with the script in it, if there is one."""
    try:
        for name in os.listdir(place) if place else ():
            os.unlink(os.path.join(place, name))
        if place:
            os.rmdir(place)
    except OSError:
        pass  # the other process has
