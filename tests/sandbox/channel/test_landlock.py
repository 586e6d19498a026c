"""The second wall, tried from inside, as the caller and as an ordinary user."""

from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from errno import EACCES, EBADF, EPERM, EXDEV
from pathlib import Path

import pytest

from shannot.sandbox.channel import kernel_calls as kernel
from shannot.sandbox.channel.landlock import restrict, rights, ruleset
from tests.fakes.children import USERS, errno_of, in_child

pytestmark = pytest.mark.skipif(
    kernel.landlock_version() == 0, reason="this kernel has no Landlock enabled"
)
SYSTEM = [path for path in ("/usr", "/bin", "/lib", "/lib64") if os.path.isdir(path)]


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that anybody may use, holding a program, a file and a link to a hidden one."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o777)
    for name in ("file", "other"):
        (path / name).write_text("text")
        (path / name).chmod(0o666)
    (path / "program").write_bytes(Path("/bin/true").read_bytes())
    (path / "program").chmod(0o755)
    yield path
    shutil.rmtree(path)


def confined(body: Callable[[], object], user: int | None, *paths: str) -> object:
    def child() -> object:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        restrict([os.open(path, os.O_PATH | os.O_CLOEXEC) for path in (*SYSTEM, *paths)])
        return body()

    return in_child(child, user)


def execute(path: str | int) -> int:
    """The errno of an exec in a child of its own, 0 where it ran and ended with 0."""
    pid = os.fork()
    if pid == 0:
        os._exit(errno_of(lambda: os.execve(path, ["x"], {})))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@USERS
def test_only_what_is_beneath_can_be_read_and_executed(
    user: int | None, open_directory: Path
) -> None:
    program, file = str(open_directory / "program"), str(open_directory / "file")

    def body() -> list[object]:
        return [
            execute("/bin/true"),
            errno_of(lambda: os.open("/bin/true", os.O_RDONLY)),
            errno_of(lambda: os.listdir("/usr")),
            execute(program),
            errno_of(lambda: os.open(file, os.O_RDONLY)),
            errno_of(lambda: os.open("/etc/passwd", os.O_RDONLY)),
            errno_of(lambda: os.open("/proc/self/status", os.O_RDONLY)),
            errno_of(lambda: os.listdir(open_directory)),
            errno_of(lambda: os.listdir("/")),
        ]

    assert confined(body, user) == [0, 0, 0, EACCES, EACCES, EACCES, EACCES, EACCES, EACCES]


@USERS
def test_a_single_file_can_be_given(user: int | None, open_directory: Path) -> None:
    program, file = str(open_directory / "program"), str(open_directory / "file")

    def body() -> list[int]:
        return [execute(program), errno_of(lambda: os.open(file, os.O_RDONLY))]

    assert confined(body, user, program) == [0, EACCES]


@USERS
def test_nothing_can_be_changed_even_beneath(user: int | None, open_directory: Path) -> None:
    def at(name: str) -> str:
        return str(open_directory / name)

    def body() -> list[int]:
        return [
            errno_of(attempt)
            for attempt in (
                lambda: os.open(at("file"), os.O_WRONLY),
                lambda: os.open(at("file"), os.O_RDWR),
                lambda: os.truncate(at("file"), 0),
                lambda: os.open(at("new"), os.O_CREAT | os.O_RDONLY),
                lambda: os.mkdir(at("new")),
                lambda: os.symlink("x", at("new")),
                lambda: os.mkfifo(at("new")),
                lambda: os.unlink(at("file")),
                lambda: os.rename(at("file"), at("new")),
                lambda: os.link(at("file"), at("new")),
                lambda: socket.socket(socket.AF_UNIX).bind(at("new")),
            )
        ]

    errors = confined(body, user, str(open_directory))
    assert isinstance(errors, list)
    assert set(errors) <= {EACCES, EXDEV}
    assert sorted(os.listdir(open_directory)) == ["file", "other", "program"]
    assert (open_directory / "file").read_text() == "text"


@USERS
def test_what_was_handed_over_keeps_its_rights(user: int | None, open_directory: Path) -> None:
    memfd = os.memfd_create("layer")
    host_fd = os.open(open_directory / "file", os.O_RDWR)

    def body() -> int:
        os.write(memfd, b"contents")
        os.ftruncate(memfd, 3)
        os.ftruncate(host_fd, 2)
        return os.write(host_fd, b"TEXT")

    assert confined(body, user) == 4
    assert os.pread(memfd, 10, 0) == b"con"
    assert (open_directory / "file").read_text() == "TEXT"


@USERS
def test_a_program_in_memory_is_not_bound(user: int | None) -> None:
    """As the module's head says: such a file has no place in a tree that a rule could name."""
    memfd = os.memfd_create("program", 0)
    os.write(memfd, Path("/bin/true").read_bytes())
    assert confined(lambda: execute(memfd), user) == 0


@pytest.mark.skipif(kernel.landlock_version() < 4, reason="TCP is handled from ABI 4 on")
@USERS
def test_no_tcp(user: int | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()

        def body() -> list[int]:
            return [
                errno_of(lambda: socket.socket().connect(address)),
                errno_of(lambda: socket.socket().bind(("127.0.0.1", 0))),
            ]

        assert confined(body, user) == [EACCES, EACCES]


@pytest.mark.skipif(kernel.landlock_version() < 6, reason="scopes exist from ABI 6 on")
@USERS
def test_no_signal_and_no_abstract_socket_outside(user: int | None) -> None:
    def outside() -> object:
        parent = os.getpid()
        name = b"\0shannot-test-%d" % parent
        server = socket.socket(socket.AF_UNIX)
        server.bind(name)
        server.listen()

        def body() -> list[int]:
            return [
                errno_of(lambda: os.kill(parent, 0)),
                errno_of(lambda: os.kill(os.getpid(), 0)),
                errno_of(lambda: socket.socket(socket.AF_UNIX).connect(name)),
            ]

        return confined(body, None)

    assert in_child(outside, user) == [EPERM, 0, EPERM]


@USERS
def test_the_mediator_still_reaches_the_child(user: int | None) -> None:
    """The domain binds the child towards us, not us towards the child."""

    def outside() -> list[object]:
        ready, done = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
            restrict([])
            os.write(ready[1], b"!")
            os.read(done[0], 1)
            os._exit(0)
        os.read(ready[0], 1)
        pidfd = kernel.pidfd_open(pid)
        copy = kernel.pidfd_getfd(pidfd, ready[1])
        mem = os.open(f"/proc/{pid}/mem", os.O_RDWR)
        with open(f"/proc/{pid}/maps") as maps:
            start = int(maps.readline().split("-")[0], 16)
        found = os.pread(mem, 4, start)
        os.kill(pid, 0)
        os.write(done[1], b"!")
        return [copy > 0, found, os.waitpid(pid, 0)[1]]

    assert in_child(outside, user) == [True, b"\x7fELF", 0]


def test_a_bad_descriptor_is_refused_and_nothing_leaks() -> None:
    before = len(os.listdir("/proc/self/fd"))
    assert errno_of(lambda: ruleset([99999])) == EBADF
    assert len(os.listdir("/proc/self/fd")) == before


def test_rights_grow_with_the_version() -> None:
    assert rights(1) == (0x1FFF, 0, 0)
    assert rights(2) == (0x3FFF, 0, 0)
    assert rights(3) == (0x7FFF, 0, 0)
    assert rights(4) == (0x7FFF, 3, 0)
    assert rights(5) == (0xFFFF, 3, 0)
    assert rights(6) == rights(7) == rights(99) == (0xFFFF, 3, 3)


def test_rights_agree_with_the_header() -> None:
    header = Path("/usr/include/linux/landlock.h")
    if not header.exists():
        pytest.skip(f"no {header} on this machine")
    bits = re.findall(r"#define LANDLOCK_ACCESS_FS_\w+\s+\(1ULL << (\d+)\)", header.read_text())
    known = sum(1 << int(bit) for bit in bits)
    assert known & ~rights(99)[0] == 0
