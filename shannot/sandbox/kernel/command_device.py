"""/dev/shannot: how a script that cannot fork asks for a command, and waits on several pipes.

Opened for writing it takes one request; the next opening for reading carries that out and holds
the answer, or fails with the errno that execve(2) would have given. Only the guest's `subprocess`
and `select` know it. Counterparts: `guest/_shannot.py`, which writes requests; `children.py`.

A request is its length in bytes, decimal, and fields, each ended by a NUL byte. The length is that
of the fields after it. All of it is the child's, so it is bounded, and whatever is wrong with it
is EINVAL:

    start, directory ("" is the present one), the numbers of stdin, stdout and stderr,
        1 where signals that Python ignores are restored, else 0,
        count, that many paths to try in turn, count, argv, count, NAME=value …
        answer: the number of the child
    flock, a number, an operation of flock(2), which never waits
    flags, a number
        answer: O_ACCMODE, O_APPEND and O_NONBLOCK of F_GETFL
    pair (and then: other)
        answer: one end of a connection that leads to the other, instead of a file
    socket, an address family: tells of one that the guest's `_socket` has not made; EACCES
    poll, milliseconds (-1: for ever), count, then a number and events (poll(2)'s) for each
        answer: a number and events for each that is ready
"""

from __future__ import annotations

import fcntl
import os
import select
from errno import E2BIG, EACCES, EINVAL, ENOENT, ENOTDIR

from shannot.sandbox.vfs.node import Directory, Mount

from . import locks, processes, sockets
from .children import wait
from .device_request import FIELDS_MAX, REQUEST_MAX, Fields, read
from .files import Answering, sealed
from .task import AT_FDCWD, Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from shannot.sandbox.vfs.tree import Tree

    from .task import System

PATH = b"/dev/shannot"
_CANDIDATES_MAX = 256
_STRING_MAX = 131072  # bytes of a word with its NUL, MAX_ARG_STRLEN of linux/binfmts.h
_POLLED_MAX = 1024
_EVENTS = select.POLLIN | select.POLLPRI | select.POLLOUT
_FLAGS = os.O_ACCMODE | os.O_APPEND | os.O_NONBLOCK
_SEALS = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


def put(tree: Tree, system: System) -> CommandDevice:
    """Mount it in the tree of a run whose `system.children` is set. `close` it afterwards."""
    device = CommandDevice(system)
    tree.put(PATH, Answering(Mount("ro", None), device.open, 0x7003))
    return device


class CommandDevice:
    """One request at a time: the child has one thread."""

    __slots__ = ("_end", "_request", "_system")

    def __init__(self, system: System) -> None:
        self._system = system
        self._end = -1  # of a pair, until it is asked for
        self._request = -1

    def open(self, task: Task, flags: int) -> int:
        """Returns a host descriptor: to write a request, or to read the answer.

        Errors: those of execve(2) and fork(2); EINVAL for what is no request, EACCES for others.
        """
        if task.system is not self._system:
            raise OSError(EACCES, "only the script itself")
        if flags & os.O_ACCMODE != os.O_RDONLY:
            return self._begin()
        request, self._request = self._request, -1
        if request < 0:
            raise OSError(EINVAL, "no request")
        try:
            fields = Fields(read(request))
        finally:
            os.close(request)
        verb = fields.take()
        if verb == b"start":
            return sealed(b"%d\0" % _start(task, fields))
        if verb == b"pair":
            return self._pair(fields)
        if verb == b"other":
            return self._other(fields)
        if verb == b"poll":
            return sealed(_poll(task, fields))
        if verb == b"flock":
            return sealed(_flock(task, fields))
        if verb == b"flags":
            return sealed(_flags(task, fields))
        if verb == b"socket":
            return _refuse(task, fields)
        raise OSError(EINVAL, "no such verb")

    def _begin(self) -> int:
        """A file of a fixed size that takes no memory until it is written, and never grows."""
        if self._request >= 0:
            os.close(self._request)
        self._request = os.memfd_create("request", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self._request, REQUEST_MAX)
        fcntl.fcntl(self._request, fcntl.F_ADD_SEALS, _SEALS)
        return os.dup(self._request)

    def _pair(self, fields: Fields) -> int:
        """An unnamed socketpair(2), whose other end is asked for next."""
        fields.end()
        self.close()
        from _socket import socketpair  # asyncio alone needs one

        ours, theirs = socketpair()
        self._end = theirs.detach()
        return ours.detach()

    def _other(self, fields: Fields) -> int:
        fields.end()
        if self._end < 0:
            raise OSError(EINVAL, "no pair")
        end, self._end = self._end, -1
        return end

    def close(self) -> None:
        """Drop what was begun and not asked for."""
        for host_fd in (self._request, self._end):
            if host_fd >= 0:
                os.close(host_fd)
        self._request = self._end = -1


def _start(task: Task, fields: Fields) -> int:
    directory = fields.take()
    numbers = fields.number(1 << 20), fields.number(1 << 20), fields.number(1 << 20)
    restore_signals = fields.number(1) == 1
    candidates = fields.several(_CANDIDATES_MAX)
    argv = fields.several(FIELDS_MAX)
    environment = fields.several(FIELDS_MAX)
    fields.end()
    children = task.system.children
    if not candidates or children is None:
        raise OSError(EINVAL, "no program")
    caller = in_directory(task, directory)
    children.check_room()
    execution = first_of(caller, candidates, argv, environment)
    execution.restore_signals = restore_signals
    stdio = duplicates(task, numbers)
    return children.add(children.begin(caller, execution, argv, environment, stdio))


def in_directory(task: Task, directory: bytes) -> Task:
    """The script as it would be after chdir(2). Errors: chdir(2)'s."""
    cwd = task.cwd
    if directory:
        node = task.existing(AT_FDCWD, directory)
        if not isinstance(node, Directory):
            raise OSError(ENOTDIR, "not a directory")
        if not task.system.identity.permits(node, 1):
            raise OSError(EACCES, "may not be entered")
        cwd = node
    pid, above = task.pid, task.parent_pid
    return Task(task.system, pid, above, cwd, task.umask, task.memory, task.descriptors)


def first_of(
    task: Task, candidates: list[bytes], argv: list[bytes], environment: list[bytes]
) -> processes.Execution:
    """Try one path after the other. What is told of is the first failure that is not a missing
    file, as `_posixsubprocess` of CPython has it. Errors: execve(2)'s."""
    if any(len(word) >= _STRING_MAX for word in (*argv, *environment)):
        raise OSError(E2BIG, "a word that is too long")
    failure: OSError | None = None
    for path in candidates:
        try:
            return processes.prepare(task, path, argv, environment)
        except OSError as error:
            if failure is None or failure.errno in (ENOENT, ENOTDIR):
                failure = error
    raise failure or OSError(ENOENT, "no program")


def duplicates(task: Task, numbers: tuple[int, int, int]) -> tuple[int, int, int]:
    """Host descriptors of what the child has under these numbers; -1 is closed, and so nothing.

    Errors: EBADF, EMFILE.
    """
    found: list[int] = []
    try:
        for number in numbers:
            found.append(_duplicate(task, number))  # noqa: PERF401 - closed where the next fails
    except OSError:
        for host_fd in found:
            os.close(host_fd)
        raise
    stdin, stdout, stderr = found
    return stdin, stdout, stderr


def _duplicate(task: Task, number: int) -> int:
    try:
        return task.descriptors.duplicate(number)
    except OSError:
        if number > 2:
            raise
        return os.open(b"/dev/null", os.O_RDWR | os.O_CLOEXEC)


def run_line(task: Task, line: bytes, variables: Mapping[bytes, bytes]) -> int:
    """system(3): start a shell for it, and wait. Returns the wait status, 127 where none starts."""
    children = task.system.children
    if children is None:
        return 127 << 8
    argv = [b"sh", b"-c", line]
    environment = [b"%s=%s" % pair for pair in variables.items()]
    try:
        children.check_room()
        execution = first_of(task, [b"/bin/sh"], argv, environment)
        child = children.begin(task, execution, argv, environment, duplicates(task, (0, 1, 2)))
    except OSError:
        return 127 << 8  # as where the child of system(3) could not execute the shell
    return wait(task, children.add(child), 0)[1]


def _flock(task: Task, fields: Fields) -> bytes:
    number, operation = fields.number(1 << 20), fields.number(0xFF)
    fields.end()
    locks.flock(task, number, operation | fcntl.LOCK_NB)
    return b""


def _flags(task: Task, fields: Fields) -> bytes:
    number = fields.number(1 << 20)
    fields.end()
    host_fd = task.descriptors.duplicate(number)
    try:
        return b"%d\0" % (fcntl.fcntl(host_fd, fcntl.F_GETFL) & _FLAGS)
    finally:
        os.close(host_fd)


def _refuse(task: Task, fields: Fields) -> int:
    family = fields.number(0xFFFF)
    fields.end()
    return sockets.socket(task, family, 0, 0)


def _poll(task: Task, fields: Fields) -> bytes:
    timeout = fields.number(1 << 31)
    wanted = [
        (fields.number(1 << 20), fields.number(0xFFFF)) for _ in range(fields.number(_POLLED_MAX))
    ]
    fields.end()
    children = task.system.children
    if children is None:
        raise OSError(EINVAL, "no request")
    held: dict[int, int] = {}  # host descriptor: the child's number
    answer = b""
    try:
        poll = select.poll()
        for number, events in wanted:
            try:
                host_fd = task.descriptors.duplicate(number)
            except OSError:
                answer += b"%d\0%d\0" % (number, select.POLLNVAL)
                continue
            held[host_fd] = number
            poll.register(host_fd, events & _EVENTS)
        ready = poll.poll(0)
        if not ready and not answer and timeout:
            ready = children.until(poll, None if timeout < 0 else timeout)
        return answer + b"".join(b"%d\0%d\0" % (held[fd], events) for fd, events in ready)
    finally:
        for host_fd in held:
            os.close(host_fd)
