"""What `Popen.communicate` does with two or three pipes: feeds one, reads the others, in turn."""

import os
from time import monotonic

import _shannot

_IN, _OUT, _PRIORITY = 1, 4, 2  # POLLIN, POLLOUT, POLLPRI
_PIECE = 4096  # PIPE_BUF: what a pipe that is ready for writing takes without waiting
_READ = 32768
_LONGEST = 0x7FFFFFFE / 1000  # seconds: poll(2) takes a number of 32 bits


class Talk:
    """One conversation with a command. It may be gone on with after a time limit."""

    def __init__(self, process, data):
        """data: the bytes for its stdin, or None."""
        self._stdin = process.stdin
        self._data = memoryview(b"" if data is None else data).cast("B")
        self._sources = {}
        self._parts = {}
        for source in (process.stdout, process.stderr):
            if source is not None:
                self._parts[source] = []
                if not source.closed:
                    self._sources[source.fileno()] = source
        if self._stdin is not None:
            self._begin()

    def _begin(self):
        try:
            self._stdin.flush()
        except BrokenPipeError:
            pass
        if not self._data:
            self._end()

    def _end(self):
        try:
            self._stdin.close()
        except BrokenPipeError:
            pass
        self._stdin = None

    def go_on(self, deadline):
        """Until all pipes are at their end. Returns False where the deadline came first."""
        while self._stdin is not None or self._sources:
            wait = -1
            if deadline is not None:
                left = deadline - monotonic()
                if left < 0:
                    return False
                if left > _LONGEST:
                    raise OverflowError("timeout is too large")
                wait = int(left * 1000) + 1
            wanted = [(number, _IN | _PRIORITY) for number in self._sources]
            if self._stdin is not None:
                wanted.append((self._stdin.fileno(), _OUT))
            for number, _ in _shannot.poll(wait, wanted):
                if number in self._sources:
                    self._read(number)
                else:
                    self._write(number)
        return True

    def _read(self, number):
        data = os.read(number, _READ)
        source = self._sources[number]
        if data:
            self._parts[source].append(data)
        else:
            del self._sources[number]
            source.close()

    def _write(self, number):
        try:
            self._data = self._data[os.write(number, self._data[:_PIECE]) :]
        except BrokenPipeError:
            self._data = self._data[:0]
        if not self._data:
            self._end()

    def so_far(self, source):
        """The bytes that came out of a pipe; None where there is no such pipe."""
        return b"".join(self._parts[source]) if source in self._parts else None
