"""The start of a sandboxed PyPy: the dynamic loader brings in its libraries, seen by us.

Nothing of the script has reached the process yet, so what runs is the loader and the constructors
of known libraries. Even so only those libraries are opened, by us and for reading; the first
message on the pipe ends this phase for good (`syscalls/pypy_rules.py`).
"""

from __future__ import annotations

import os
import select
import stat
from errno import EACCES, EIO, ENOENT, ENOSYS

from shannot.errors import ShannotError
from shannot.sandbox.channel.seccomp_notify import Listener, ProcessMemory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SYSTEM = (b"/lib/", b"/lib64/", b"/usr/lib/", b"/usr/lib64/", b"/usr/local/lib/")
_CACHE = b"/etc/ld.so.cache"
_PATIENCE = 20_000  # milliseconds between two calls of the loader
_AT_EMPTY_PATH = 0x1000
_CALLS_MAX = 10_000
_PROGRAM = b"/proc/self/exe"


class Loader:
    """Answers one process until it says its first word."""

    __slots__ = ("_directory", "_listener", "_memory", "_names", "_program")

    def __init__(self, listener: int, pid: int, program: bytes, numbers: Mapping[str, int]) -> None:
        """`program`: host path of the binary; its libraries lie beside it."""
        self._listener = Listener(listener)
        self._memory = ProcessMemory(pid)
        self._program = program
        self._directory = os.path.dirname(program) + b"/"
        self._names = {number: name for name, number in numbers.items()}

    def serve(self, reader: int) -> None:
        """Until there is something to read, or the end of it. Errors: ShannotError."""
        poll = select.poll()
        poll.register(self._listener.host_fd, select.POLLIN)
        poll.register(reader, select.POLLIN)
        try:
            for _ in range(_CALLS_MAX):
                ready = [host_fd for host_fd, _ in poll.poll(_PATIENCE)]
                if reader in ready:
                    return
                if not ready:
                    break
                notification = self._listener.receive()
                if notification is not None:
                    self._answer(notification[0], notification[3], notification[6:])
            raise ShannotError("the sandboxed interpreter does not start")
        finally:
            self._memory.forget()

    def _answer(self, call: int, number: int, arguments: tuple[int, ...]) -> None:
        name = self._names.get(number, "")
        try:
            if name == "execveat":
                self._listener.resume(call)  # the launch's own, once: it has no other
                self._memory.forget()
            elif name in ("read", "pread64", "fstat", "mmap"):
                self._listener.resume(call)  # of what we have given it
            elif name in ("openat", "open"):
                at = 1 if name == "openat" else 0
                self._open(call, arguments[at], arguments[at + 1])
            elif name == "newfstatat" and arguments[3] & _AT_EMPTY_PATH:
                self._listener.resume(call)
            elif name in ("readlink", "readlinkat"):
                self._read_link(call, arguments[1 if name == "readlinkat" else 0 :])
            else:
                self._listener.fail(call, ENOENT if name else ENOSYS)
        except OSError as error:
            self._listener.fail(call, error.errno or EIO)

    def _open(self, call: int, address: int, flags: int) -> None:
        """A library, for reading. Errors: ENOENT for any other path, EACCES for writing."""
        path = self._memory.read_string(address, 4096)
        if flags & (os.O_ACCMODE | os.O_CREAT | os.O_TRUNC):
            raise OSError(EACCES, "only for reading")
        beside = path.startswith(self._directory) and b"/" not in path[len(self._directory) :]
        system = path == _CACHE or (path.startswith(_SYSTEM) and b".so" in path)
        if b"/../" in path or not (beside or system):
            raise OSError(ENOENT, "no library")
        host_fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            if not stat.S_ISREG(os.fstat(host_fd).st_mode):
                raise OSError(ENOENT, "no library")
            self._listener.give(call, host_fd, cloexec=True)
        finally:
            os.close(host_fd)

    def _read_link(self, call: int, arguments: tuple[int, ...]) -> None:
        """/proc/self/exe, by which the loader finds what lies beside the program."""
        if self._memory.read_string(arguments[0], 4096) != _PROGRAM:
            raise OSError(ENOENT, "no link")
        shown = self._program[: arguments[2]]
        self._memory.write(arguments[1], shown)
        self._listener.reply(call, len(shown))
