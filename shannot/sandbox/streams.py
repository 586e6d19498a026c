"""The child's stdin, stdout and stderr: what they are, and the thread that passes output on.

Made by `workflows/run.py`, used by `supervise.py`: it gives `child_descriptors()` to the child,
calls `close_child_side()` and `start()` after the fork, and `finish()` when every child is dead.

The child never holds a descriptor of the caller's that could be written: its output goes into a
pipe, and from there to the caller's file byte for byte, to a terminal through the sanitiser.
Where the caller's stdout and stderr are one file the child gets one pipe for both, so that the
order of its writes is kept.
"""

from __future__ import annotations

import fcntl
import os
import select
from _thread import allocate_lock, start_new_thread

from .stdin import Stdin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.escape import Sanitiser

_CHUNK = 1 << 16  # bytes a read: what a pipe holds
_PIPE_SIZE = 1 << 18  # bytes a pipe may hold, so that a fast writer waits less for us
KEPT = 1 << 20  # bytes kept of the beginning, and as many of the end


class Captured:
    """One output stream as the session keeps it: its beginning, its end, its length in bytes."""

    __slots__ = ("head", "tail", "total")

    def __init__(self) -> None:
        self.head = bytearray()
        self.tail = bytearray()
        self.total = 0

    @property
    def omitted(self) -> int:
        """How many bytes between head and tail were not kept."""
        return self.total - len(self.head) - len(self.tail)

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = KEPT - len(self.head)
        self.head += data[:room]
        self.tail += data[max(room, 0) :]
        if len(self.tail) > 2 * KEPT:  # cut seldom: cutting moves a megabyte
            del self.tail[:-KEPT]

    def close(self) -> None:
        """Cut the end to its bound: no more will be added."""
        del self.tail[:-KEPT]


class Output:
    """What the child wrote. Where `merged`, all of it is in `stdout`, in the order written."""

    __slots__ = ("at_line_start", "failures", "merged", "stderr", "stdout")

    def __init__(self, merged: bool) -> None:
        self.stdout = Captured()
        self.stderr = Captured()
        self.merged = merged
        self.at_line_start = True  # of the terminal, where there is one
        self.failures: list[str] = []  # what the caller's own files refused, one line each


class _Pump:
    """One pipe from the child to one file of the caller's (None: only kept)."""

    __slots__ = ("captured", "reader", "sanitiser", "target", "writer")

    def __init__(self, target: int | None, captured: Captured) -> None:
        self.reader, self.writer = os.pipe2(os.O_CLOEXEC)
        try:
            fcntl.fcntl(self.reader, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
        except OSError:
            pass  # a user over the soft limit of pipe pages keeps the usual size
        os.set_blocking(self.reader, False)
        self.target = target
        self.captured = captured
        self.sanitiser: Sanitiser | None = None
        if target is not None and os.isatty(target):
            # Only a terminal needs it.
            from shannot.escape import Sanitiser

            self.sanitiser = Sanitiser()

    def close_reader(self) -> None:
        if self.reader >= 0:
            os.close(self.reader)
            self.reader = -1

    def close_writer(self) -> None:
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1


class Streams:
    """stdin, stdout, stderr of the caller, as descriptors; None for an output that is only kept.

    `is_terminal` says for 0, 1, 2 whether the child may believe it has a terminal there. Numbers
    0 to 2 are open when this is made (`cli/main.py` sees to it): no pipe may land on them.
    """

    __slots__ = (
        "_done", "_failure", "_limit", "_over_limit", "_pumps", "_started", "_stdin", "_wake",
        "is_terminal", "output", "terminals",
    )  # fmt: skip

    def __init__(self, stdin: int = 0, stdout: int | None = 1, stderr: int | None = 2) -> None:
        self._stdin = Stdin(stdin)  # first: a closed number must not be taken by a pipe
        merged = stdout is not None and stderr is not None and _same_file(stdout, stderr)
        self.output = Output(merged)
        self._pumps = [_Pump(stdout, self.output.stdout)]
        if not merged:
            self._pumps.append(_Pump(stderr, self.output.stderr))
        self.terminals = tuple(
            fd if fd is not None and os.isatty(fd) else None for fd in (stdin, stdout, stderr)
        )  # the caller's descriptors, to ask for attributes and size (TCGETS, TIOCGWINSZ)
        self.is_terminal = (
            os.isatty(self._stdin.host_fd),
            self.terminals[1] is not None,
            self.terminals[2] is not None,
        )
        self._done = allocate_lock()
        self._wake: tuple[int, ...] = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._limit = 0
        self._over_limit: Callable[[], None] | None = None
        self._failure: BaseException | None = None
        self._started = False

    def child_descriptors(self) -> tuple[int, int, int]:
        """What becomes 0, 1 and 2 of the child (dup2, which clears close-on-exec)."""
        return (self._stdin.host_fd, self._pumps[0].writer, self._pumps[-1].writer)

    def stdin_key(self) -> tuple[int, int]:
        """(st_dev, st_ino) of the script's own stdin."""
        found = os.fstat(self._stdin.host_fd)
        return found.st_dev, found.st_ino

    def terminal_keys(self) -> frozenset[tuple[int, int]]:
        """(st_dev, st_ino) of each child descriptor that stands for a terminal."""
        shown = zip(self.child_descriptors(), self.is_terminal, strict=True)
        found = [os.fstat(host_fd) for host_fd, is_terminal in shown if is_terminal]
        return frozenset((each.st_dev, each.st_ino) for each in found)

    def close_child_side(self) -> None:
        """In the parent, after the fork: only the child holds its ends from now on."""
        for pump in self._pumps:
            pump.close_writer()
        self._stdin.close()

    def start(self, limit: int, over_limit: Callable[[], None]) -> None:
        """Pass output on. At `limit` bytes of both together the rest is dropped, and
        `over_limit` is called once, on the pump's thread: it ends the child.

        After the fork, never before: a fork copies only the thread that called it.
        """
        self._limit = limit
        self._over_limit = over_limit
        self._started = True
        self._done.acquire()
        start_new_thread(self._run, ())
        self._stdin.start()

    def finish(self, timeout: float = -1) -> Output:
        """When all children are dead: pass on what is left, and give back what was kept.

        Waits `timeout` seconds (-1: for ever) for a caller that reads slowly. Does not wait for
        host processes that were started with the script's output and live on.
        """
        self.close_child_side()
        if self._started:
            os.write(self._wake[1], b"x")
            if self._done.acquire(timeout=timeout):
                self._started = False
                self._done.release()
        if not self._started:
            self._close()
        for pump in self._pumps:
            pump.captured.close()
        self.output.at_line_start = all(
            pump.sanitiser is None or pump.sanitiser.at_line_start for pump in self._pumps
        )
        if self._failure is not None:
            raise self._failure
        return self.output

    def _close(self) -> None:
        for pump in self._pumps:
            pump.close_reader()
        for host_fd in self._wake:
            os.close(host_fd)
        self._wake = ()

    def _run(self) -> None:
        try:
            self._pump_all()
            for pump in self._pumps:
                if pump.sanitiser is not None:
                    self._write(pump, pump.sanitiser.close())
        except BaseException as failure:  # noqa: BLE001 - a thread ends here; `finish` raises it
            self._failure = failure
        finally:
            for pump in self._pumps:
                pump.close_reader()  # a child that still writes gets EPIPE, and does not hang
            self._done.release()

    def _pump_all(self) -> None:
        poll = select.poll()
        poll.register(self._wake[0], select.POLLIN)
        waiting = {pump.reader: pump for pump in self._pumps}
        for reader in waiting:
            poll.register(reader, select.POLLIN)
        ending = False
        while waiting:
            ready = [fd for fd, _ in poll.poll(0 if ending else None)]
            if self._wake[0] in ready:
                poll.unregister(self._wake[0])
                ending = True
                continue
            if ending and not ready:
                return
            for fd in ready:
                if not self._pass_on(waiting[fd]):
                    poll.unregister(fd)
                    waiting.pop(fd).close_reader()

    def _pass_on(self, pump: _Pump) -> bool:
        """One chunk. False when no more can come, or no more can be taken."""
        try:
            data = os.read(pump.reader, _CHUNK)
        except BlockingIOError:
            return True
        if not data:
            return False
        room = self._limit - self.output.stdout.total - self.output.stderr.total
        pump.captured.add(data[:room])
        shown = data[:room] if pump.sanitiser is None else pump.sanitiser.feed(data[:room])
        open_still = self._write(pump, shown)
        if len(data) > room and self._over_limit is not None:
            self._over_limit()
            self._over_limit = None
        return open_still and len(data) <= room

    def _write(self, pump: _Pump, data: bytes) -> bool:
        """All of data to the caller. False where the caller takes no more."""
        target = pump.target
        view = memoryview(data)
        while target is not None and view:
            try:
                view = view[os.write(target, view) :]
            except BlockingIOError:  # the caller's own file is in non-blocking mode
                writable = select.poll()
                writable.register(target, select.POLLOUT)
                writable.poll()
            except BrokenPipeError:
                return False
            except OSError as error:
                self.output.failures.append(f"cannot write output: {error.strerror}")
                return False
        return True


def _same_file(one: int, other: int) -> bool:
    first, second = os.fstat(one), os.fstat(other)
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
