"""The command device: requests of a hostile child, and the answers to those that are none."""

from __future__ import annotations

import fcntl
import os
import select
from collections.abc import Iterator, Sequence
from errno import E2BIG, EACCES, EAGAIN, EBADF, ECHILD, EINVAL, ENOENT, ENOTDIR, EPERM
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shannot.sandbox.kernel import children, command_device, files
from shannot.sandbox.kernel.device_request import REQUEST_MAX, Fields
from shannot.sandbox.kernel.processes import Execution
from shannot.sandbox.kernel.task import System, Task
from shannot.sandbox.spec import Answer, CommandRequest
from tests.fakes.world import World


class Gate:
    """Lets everything through, but what is called `denied`."""

    def __init__(self) -> None:
        self.asked: list[CommandRequest] = []

    def command(self, request: CommandRequest) -> Answer:
        self.asked.append(request)
        if request.argv[0] == b"denied":
            return Answer("refuse", errno=EPERM)
        return Answer("confine")


class Started:
    """Remembers what it was to start, and lets it end when the test says so."""

    def __init__(self) -> None:
        self.executions: list[Execution] = []
        self.started: list[tuple[tuple[bytes, ...], tuple[bytes, ...]]] = []
        self.ending: int | None = None  # status that each ends with at once
        self.contents: list[bytes] = []
        self.signals: list[int] = []
        self.children: list[children.Child] = []

    def __call__(
        self,
        _task: Task,
        execution: Execution,
        argv: Sequence[bytes],
        environment: Sequence[bytes],
        stdio: tuple[int, int, int],
    ) -> children.Child:
        self.started.append((tuple(argv), tuple(environment)))
        self.executions.append(execution)
        self.contents.append(os.pread(stdio[0], 100, 0))
        for host_fd in stdio:
            os.close(host_fd)
        child = children.Child(1000 + len(self.children), self.signals.append)
        self.children.append(child)
        if self.ending is not None:
            child.end(self.ending)
        return child


class Place:
    def __init__(self, root: Path) -> None:
        self.world = World(root / "private")
        self.project = root / "project"
        self.project.mkdir()
        (self.project / "below").mkdir()
        program = self.project / "program"
        program.write_bytes(Path("/bin/true").read_bytes())
        program.chmod(0o755)
        self.world.map(Path("/usr"), mode="ro")
        for name in ("/lib", "/lib64"):
            if os.path.lexists(name):
                self.world.map(Path(name), mode="ro")
        self.world.map(self.project)
        self.world.enter(self.project)
        self.system: System = self.world.system
        self.gate = self.system.gate = Gate()  # type: ignore[assignment]
        self.system.children = children.Children()
        self.system.children.turn.take()
        self.started = self.system.children.begin = Started()
        self.device = command_device.put(self.world.tree, self.system)

    def ask(self, data: bytes) -> list[bytes]:
        task = self.world.task
        request = files.openat(task, -100, command_device.PATH, os.O_WRONLY, 0)
        try:
            os.write(request, data)
        finally:
            os.close(request)
        answer = files.openat(task, -100, command_device.PATH, os.O_RDONLY, 0)
        try:
            return os.read(answer, 1 << 16).split(b"\0")[:-1]
        finally:
            os.close(answer)

    def request(self, *fields: bytes | int) -> list[bytes]:
        body = b"".join((b"%d" % f if isinstance(f, int) else f) + b"\0" for f in fields)
        return self.ask(b"%d\0%s" % (len(body), body))

    def start(
        self, *argv: bytes, directory: bytes = b"", paths: tuple[bytes, ...], stdin: int = -1
    ) -> int:
        fields = (b"start", directory, stdin, -1, -1, 1, len(paths), *paths)
        return int(self.request(*fields, len(argv), *argv, 1, b"A=1")[0])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    for child in place.started.children:
        if child._ending >= 0:
            child.end(0)
    assert place.system.children is not None
    place.system.children.close()
    place.device.close()
    place.world.close()


def errno_of(error: pytest.ExceptionInfo[OSError]) -> int | None:
    return error.value.errno


def test_a_request_names_the_program_its_words_and_its_environment(place: Place) -> None:
    pid = place.start(b"p", b"", b"a b", paths=(b"program",))
    asked = place.gate.asked[0]
    assert pid == 1000
    assert asked.argv == (b"p", b"", b"a b")
    assert place.started.started == [((b"p", b"", b"a b"), (b"A=1",))]
    assert asked.environment == {b"A": b"1"}
    assert asked.executable == os.fsencode(place.project / "program")
    assert asked.directory == os.fsencode(place.project)


def test_paths_are_tried_in_turn_and_relative_to_the_directory_of_the_command(
    place: Place,
) -> None:
    place.start(b"p", directory=b"below", paths=(b"program", b"../missing", b"../program"))
    assert place.gate.asked[0].directory == os.fsencode(place.project / "below")
    assert place.gate.asked[0].executable == os.fsencode(place.project / "program")


def test_the_failure_told_is_the_first_that_is_not_a_missing_file(place: Place) -> None:
    with pytest.raises(OSError) as denied:
        place.start(b"denied", paths=(b"missing", b"program", b"also/missing"))
    with pytest.raises(OSError) as missing:
        place.start(b"p", paths=(b"missing", b"program/below"))
    assert (errno_of(denied), errno_of(missing)) == (EPERM, ENOTDIR)


def test_a_directory_that_is_none_is_the_error_of_chdir(place: Place) -> None:
    for directory, expected in ((b"missing", ENOENT), (b"program", ENOTDIR)):
        with pytest.raises(OSError) as error:
            place.start(b"p", directory=directory, paths=(b"program",))
        assert errno_of(error) == expected


def test_a_word_that_the_kernel_would_not_take_is_too_long(place: Place) -> None:
    place.start(b"x" * 131071, paths=(b"program",))
    with pytest.raises(OSError) as error:
        place.start(b"x" * 131072, paths=(b"program",))
    assert errno_of(error) == E2BIG
    assert len(place.gate.asked) == 1


def test_the_command_gets_what_the_child_has_under_the_numbers(place: Place) -> None:
    host_fd = os.memfd_create("input")
    os.write(host_fd, b"something")
    place.start(b"p", paths=(b"program",), stdin=host_fd)
    os.close(host_fd)
    with pytest.raises(OSError) as error:
        place.start(b"p", paths=(b"program",), stdin=host_fd)
    assert place.started.contents == [b"something"]
    assert errno_of(error) == EBADF


def test_a_child_is_waited_for_once(place: Place) -> None:
    task = place.world.task
    pid = place.start(b"p", paths=(b"program",))
    assert children.wait(task, pid, os.WNOHANG) == (0, 0)
    place.started.children[0].end(7)
    assert children.wait(task, -1, 0) == (pid, 7 << 8)
    with pytest.raises(OSError) as error:
        children.wait(task, pid, 0)
    assert errno_of(error) == ECHILD


def test_a_child_that_a_signal_ended_says_so(place: Place) -> None:
    task = place.world.task
    pid = place.start(b"p", paths=(b"program",))
    assert children.kill(task, pid, 15)
    assert not children.kill(task, pid + 1, 15)
    place.started.children[0].end(-15)
    assert (children.wait(task, pid, 0), place.started.signals) == ((pid, 15), [15])


def test_a_signal_that_there_is_not_is_invalid(place: Place) -> None:
    pid = place.start(b"p", paths=(b"program",))
    for number in (-1, 65, 1 << 40):
        with pytest.raises(OSError) as error:
            children.kill(place.world.task, pid, number)
        assert errno_of(error) == EINVAL
    assert place.started.signals == []


def test_children_are_bounded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "CHILDREN_MAX", 2)
    for _ in range(2):
        place.start(b"p", paths=(b"program",))
    with pytest.raises(OSError) as error:
        place.start(b"p", paths=(b"program",))
    assert errno_of(error) == EAGAIN
    assert len(place.gate.asked) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"5",
        b"0\0",
        b"99999999999999999999\0start\0",
        b"-1\0start\0",
        b"6\0start",
        b"6\0start\0",
        b"5\0sing\0",
        b"%d\0start\0" % (1 << 33),
        b"9\0poll\0-2\0000",
    ],
)
def test_what_is_no_request_is_invalid(place: Place, data: bytes) -> None:
    with pytest.raises(OSError) as error:
        place.ask(data)
    assert errno_of(error) == EINVAL
    assert place.started.executions == []


@pytest.mark.parametrize(
    "fields",
    [
        (b"start", b"", 0, 0, 0, 1, 0, 1, b"a", 0),
        (b"start", b"", 0, 0, 0, 1, 1, b"program", 1, b"a", 0, b"more"),
        (b"start", b"", 0, 0, 0, 1, 1, b"program", 2, b"a", 0),
        (b"start", b"", b"x", 0, 0, 1, 1, b"program", 1, b"a", 0),
        (b"start", b"", b"--1", 0, 0, 1, 1, b"program", 1, b"a", 0),
        (b"start", b"", 1 << 30, 0, 0, 1, 1, b"program", 1, b"a", 0),
        (b"start", b"", 0, 0, 0, 2, 1, b"program", 1, b"a", 0),
        (b"start", b"", 0, 0, 0, b"yes", 1, b"program", 1, b"a", 0),
        (b"start", b"", 0, 0, 0, 1, 1000, b"program", 1, b"a", 0),
        (b"poll", -2, 0),
        (b"poll", 0, 1 << 20),
        (b"poll", 0, 1, 3),
        (b"perform", b"rm"),
        (b"flock", 0, 0),
        (b"flock", 0, 1, 1),
        (b"flags", b"x"),
    ],
)
def test_a_request_that_is_not_as_described_starts_nothing(
    place: Place, fields: tuple[bytes | int, ...]
) -> None:
    with pytest.raises(OSError) as error:
        place.request(*fields)
    assert errno_of(error) == EINVAL
    assert place.started.executions == []


def test_a_request_cannot_grow_beyond_its_bound(place: Place) -> None:
    task = place.world.task
    request = files.openat(task, -100, command_device.PATH, os.O_RDWR, 0)
    with pytest.raises(PermissionError):
        os.pwrite(request, b"x", REQUEST_MAX)
    with pytest.raises(PermissionError):
        os.ftruncate(request, 1 << 40)
    os.close(request)


def test_an_answer_is_given_once_for_a_request(place: Place) -> None:
    place.request(b"poll", 0, 0)
    with pytest.raises(OSError) as error:
        files.openat(place.world.task, -100, command_device.PATH, os.O_RDONLY, 0)
    assert errno_of(error) == EINVAL


def test_a_confined_command_cannot_ask(place: Place) -> None:
    ours = place.world.task
    other = System(
        ours.system.identity, place.world.overlay, place.world.tree.lookup, ours.system.limits,
        ours.system.gate,
    )  # fmt: skip
    task = Task(other, 1, 1, ours.cwd, 0, ours.memory, ours.descriptors)
    with pytest.raises(OSError) as error:
        files.openat(task, -100, command_device.PATH, os.O_RDWR, 0)
    assert errno_of(error) == EACCES


def test_poll_tells_what_is_ready(place: Place) -> None:
    reader, writer = os.pipe()
    try:
        wanted = (b"poll", 0, 3, reader, select.POLLIN, writer, select.POLLOUT, 1 << 19, 1)
        assert place.request(*wanted) == [
            b"%d" % (1 << 19), b"%d" % select.POLLNVAL, b"%d" % writer, b"%d" % select.POLLOUT
        ]  # fmt: skip
        os.write(writer, b"x")
        assert place.request(b"poll", -1, 1, reader, select.POLLIN) == [b"%d" % reader, b"1"]
    finally:
        os.close(reader)
        os.close(writer)


def test_the_ends_of_a_pair_lead_to_each_other(place: Place) -> None:
    ends = []
    for verb in (b"pair", b"other"):
        request = files.openat(place.world.task, -100, command_device.PATH, os.O_WRONLY, 0)
        os.write(request, b"%d\0%s\0" % (len(verb) + 1, verb))
        os.close(request)
        ends.append(files.openat(place.world.task, -100, command_device.PATH, os.O_RDONLY, 0))
    os.write(ends[0], b"across")
    assert os.read(ends[1], 10) == b"across"
    for end in ends:
        os.close(end)
    with pytest.raises(OSError) as error:
        place.request(b"other")
    assert errno_of(error) == EINVAL


def test_a_shell_line_is_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.world.map(Path("/bin"), mode="ro")
    place.started.ending = 3
    task = place.world.task
    assert command_device.run_line(task, b"exit 3", {b"A": b"1"}) == 3 << 8
    assert place.started.started == [((b"sh", b"-c", b"exit 3"), (b"A=1",))]
    monkeypatch.setattr(place.gate, "command", lambda _request: Answer("refuse", errno=EPERM))
    assert command_device.run_line(task, b"exit 3", {}) == 127 << 8


def test_a_socket_that_the_guest_has_refused_is_counted(place: Place) -> None:
    for family in (2, 2, 10, 0, 999):
        with pytest.raises(PermissionError):
            place.request(b"socket", family)
    assert place.system.sockets_refused == {
        "AF_INET": 2, "AF_INET6": 1, "family 0": 1, "family 999": 1
    }  # fmt: skip
    for fields in ((), (b"AF_INET",), (1 << 20,), (2, 2)):
        with pytest.raises(OSError) as error:
            place.request(b"socket", *fields)
        assert errno_of(error) == EINVAL


def test_a_lock_and_flags_are_those_of_the_open_file(place: Place) -> None:
    task = place.world.task
    path = os.fsencode(place.project / "locked")
    one = files.openat(task, -100, path, os.O_RDWR | os.O_CREAT, 0o644)
    other = files.openat(task, -100, path, os.O_WRONLY | os.O_APPEND, 0)
    try:
        assert place.request(b"flock", one, fcntl.LOCK_EX) == []
        with pytest.raises(BlockingIOError):
            place.request(b"flock", other, fcntl.LOCK_SH)
        assert place.request(b"flags", other) == [b"%d" % (os.O_WRONLY | os.O_APPEND)]
    finally:
        os.close(one)
        os.close(other)
    for verb, fields in ((b"flock", (one, fcntl.LOCK_EX)), (b"flags", (one,))):
        with pytest.raises(OSError) as error:
            place.request(verb, *fields)
        assert errno_of(error) == EBADF


@given(some.lists(some.binary(max_size=8) | some.integers(-3, 3000), max_size=12))
def test_no_request_gives_anything_but_an_errno(fields: list[bytes | int]) -> None:
    body = b"".join((b"%d" % f if isinstance(f, int) else f) + b"\0" for f in fields)
    assert told_by(body) in (None, EINVAL)


def told_by(body: bytes) -> int | None:
    try:
        read = Fields(body)
        read.number(10)
        read.several(20)
        read.end()
    except OSError as error:
        return error.errno
    return None


def test_of_a_command_that_ended_nothing_is_kept_but_how() -> None:
    """A script may leave a thousand of them without waiting."""
    heard: list[int] = []
    child = children.Child(1000, heard.append)
    child.end(3)
    child.send(9)
    child.close()
    assert heard == []
    assert child.status == 3 << 8
