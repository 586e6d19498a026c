"""One request under way on the server: a process, its pipes, and the frames they become."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from typing import TYPE_CHECKING

from .frames import PIECE, FrameError, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
        command: Callable[[str, Sequence[str], str], list[str]],
        pulse: float = PULSE,
    ) -> None:
        """command: the argv for a verb, the words of its command line, and a directory of the
        request's own, which is removed by whoever of the two lives longer."""
        self.number = number
        self._job = asked
        self._frames = frames
        self._command = command
        self._pulse = pulse
        self._ended = threading.Event()
        self._place = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = self._over = False
        self._credit = 0
        self._waiting: list[bytes | None] = []  # of stdin
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._do, daemon=True)

    def start(self) -> None:
        """Begin; the frames come from other threads."""
        self._thread.start()

    def is_over(self) -> bool:
        """Is its last frame on its way?"""
        return self._over

    def cancel(self) -> None:
        """End the process and wait for that. The plan so far is kept by it."""
        self._stop()
        self._thread.join(2 * _GRACE)

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
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()

    # -- on the request's own threads --------------------------------------------------------------

    def _do(self) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="shannot-") as place:
                self._place = place
                status = self._run(self._words(place))
            self._over = True
            self._frames.write({"request": self.number, "exit": status})
        except OSError as error:
            self._over = True
            try:
                shown = {"kind": "OSError", "message": f"cannot start: {error.strerror}"}
                self._frames.write({"request": self.number, "error": {**shown, "exit_code": 125}})
            except OSError:
                pass  # the connection is lost

    def _words(self, place: str) -> list[str]:
        words = list(self._job.words)
        if self._job.script is not None:
            name, source = self._job.script
            path = os.path.join(place, name)
            with open(path, "xb") as file:
                file.write(source)
            words[words.index("{}")] = path
        return words

    def _run(self, words: list[str]) -> int:
        reader, writer = os.pipe2(os.O_CLOEXEC)
        try:
            if not self._job.document_only:
                words.insert(1, f"--json-fd={writer}")
            process = self._spawn(words, () if self._job.document_only else (writer,))
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        try:
            threads = self._passing(process, reader)
            for thread in threads:
                thread.start()
            status = process.wait()
            self._ended.set()
            for thread in threads:
                thread.join(_GRACE)
        finally:
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
            os.close(reader)
        return status if status >= 0 else 128 - status

    def _spawn(self, words: list[str], kept: tuple[int, ...]) -> subprocess.Popen[bytes]:
        with self._changed:
            process = subprocess.Popen(
                self._command(self._job.verb, words, self._place),
                stdin=subprocess.PIPE if self._job.takes_stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self._job.directory,
                pass_fds=kept,
                start_new_session=True,
            )
            self._process = process
            if self._cancelled:
                process.terminate()
        return process

    def _passing(self, process: subprocess.Popen[bytes], reader: int) -> list[threading.Thread]:
        """The threads that pass on what it writes, and give it what it reads."""
        threads = [threading.Thread(target=self._beat, daemon=True)]
        for pipe, name in ((process.stdout, "stdout"), (process.stderr, "stderr")):
            if pipe is not None:
                given = (pipe.fileno(), name)
                threads.append(threading.Thread(target=self._pass_on, args=given, daemon=True))
        if not self._job.document_only:
            given = (reader, "document")
            threads.append(threading.Thread(target=self._pass_on, args=given, daemon=True))
        if self._job.takes_stdin:
            threads.append(threading.Thread(target=self._feed, args=(process,), daemon=True))
        return threads

    def _pass_on(self, host_fd: int, name: str) -> None:
        """Until its end. `--json` writes ASCII alone, which may be cut anywhere."""
        is_document = name == "document" or (name == "stdout" and self._job.document_only)
        while data := _read(host_fd):
            piece = data.decode("ascii", "replace") if is_document else packed(data)
            if not self._send({"document" if is_document else name: piece}):
                return

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

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        """Give it what came of stdin, and the client credit for more."""
        pipe = process.stdin
        if pipe is None:
            return
        with pipe:
            self._grant(CREDIT)
            while True:
                with self._changed:
                    while not self._waiting and not self._cancelled and process.poll() is None:
                        self._changed.wait(0.2)
                    piece = self._waiting.pop(0) if self._waiting else None
                if piece is None:
                    return
                try:
                    pipe.write(piece)
                    pipe.flush()
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
