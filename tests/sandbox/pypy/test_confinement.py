"""What the kernel still lets a taken-over interpreter do: its pipes, memory, and an end."""

from __future__ import annotations

import os
import subprocess
from errno import EBADF, EPERM
from pathlib import Path

import pytest

from shannot.sandbox.runtimes.pypy import PypyProcess, start_binary
from shannot.sandbox.spec import Limits
from shannot.sandbox.syscalls.numbers import of_machine
from shannot.sandbox.syscalls.pypy_rules import REPORT
from tests.fakes.intruder import Attempt, results, write_intruder

pytestmark = pytest.mark.skipif(
    os.uname().machine != "x86_64", reason="the intruder is machine code of x86_64"
)
NUMBERS = of_machine("x86_64").numbers()
AT_FDCWD = -100
PASSWD, PROGRAM, BESIDE = b"/etc/passwd\0", b"/bin/true\0", b"/proc/self/exe\0"
LIBC = b"/usr/lib/x86_64-linux-gnu/libc.so.6\0"
UNIX_ADDRESS = b"\1\0/run/some.socket\0"


def call(name: str, *arguments: int | bytes) -> Attempt:
    return (NUMBERS[name], *arguments)


FORBIDDEN = [
    call("open", PASSWD, 0),
    call("open", LIBC, 0),
    call("openat", AT_FDCWD, PASSWD, 0),
    call("openat", AT_FDCWD, LIBC, 0),
    call("openat", AT_FDCWD, b"/tmp/new\0", 0o101, 0o644),
    call("openat2", AT_FDCWD, PASSWD, bytes(24), 24),
    call("creat", b"/tmp/new\0", 0o644),
    call("stat", PASSWD, bytes(144)),
    call("newfstatat", AT_FDCWD, PASSWD, bytes(144), 0),
    call("readlink", BESIDE, bytes(64), 64),
    call("access", PASSWD, 4),
    call("execve", PROGRAM, 0, 0),
    call("execveat", AT_FDCWD, PROGRAM, 0, 0, 0),
    call("execveat", 0, b"\0", 0, 0, 0x1000),
    call("socket", 1, 1, 0),
    call("socket", 2, 1, 0),
    call("socketpair", 1, 1, 0, bytes(8)),
    call("connect", 0, UNIX_ADDRESS, 20),
    call("bind", 0, UNIX_ADDRESS, 20),
    call("sendto", 1, b"x", 1, 0, UNIX_ADDRESS),
    call("sendmsg", 1, bytes(56), 0),
    call("clone", 17, 0, 0, 0, 0),
    call("clone3", bytes(64), 64),
    call("fork"),
    call("vfork"),
    call("kill", 1, 0),
    call("tgkill", 1, 1, 0),
    call("ptrace", 0, 0, 0, 0),
    call("process_vm_readv", 1, 0, 0, 0, 0),
    call("pidfd_open", 1, 0),
    call("prctl", 4, 1),
    call("prlimit64", 0, 7, bytes(16), 0),
    call("setrlimit", 7, bytes(16)),
    call("dup", 1),
    call("dup2", 1, 60),
    call("fcntl", 1, 0, 60),
    call("pipe", bytes(8)),
    call("memfd_create", b"x\0", 0),
    call("eventfd2", 0, 0),
    call("io_uring_setup", 1, bytes(120)),
    call("mmap", 0, 4096, 5, 2, 0),
    call("read", 60, bytes(8), 1),
    call("ioctl", 1, 0x5412, b"x"),
    call("unlink", PASSWD),
    call("rename", PASSWD, b"/tmp/x\0"),
    call("chdir", b"/\0"),
    call("getcwd", bytes(64), 64),
    call("mount", b"x\0", b"/\0", b"tmpfs\0", 0, 0),
    call("unshare", 0x10000000),
    call("bpf", 0, bytes(64), 64),
    call("keyctl", 0, 0),
    call("getuid"),
    call("uname", bytes(390)),
]
LEFT = [
    call("write", 2, b"word\n", 5),
    call("brk", 0),
    call("mmap", 0, 8192, 3, 0x22, -1),
    call("clock_gettime", 0, bytes(16)),
    call("getrandom", bytes(8), 8, 0),
    call("sched_yield"),
]


def start(tmp_path: Path, attempts: list[Attempt]) -> PypyProcess:
    binary = tmp_path / "pypy3-c"
    write_intruder(binary, attempts)
    tmp_path.chmod(0o755)
    directory = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    try:
        return start_binary(
            os.fsencode(binary), [b"x"], [], of_machine("x86_64"), directory, Limits(cpu=10)
        )
    finally:
        os.close(directory)


def let_go(process: PypyProcess) -> tuple[list[int], int]:
    """Its calls' results, and how it ended, as `os.waitstatus_to_exitcode` has it."""
    os.write(process.writer, b"?")
    data = b""
    while piece := os.read(process.reader, 4096):
        data += piece
    return results(data), os.waitstatus_to_exitcode(os.waitpid(process.pid, 0)[1])


def test_no_descriptor_of_ours_is_in_the_way_of_the_report(tmp_path: Path) -> None:
    """One that happened to have its number was lost: "execveat: Permission denied"."""
    for shift in range(12):
        taken = [os.open("/dev/null", os.O_RDONLY)]
        while taken[-1] < REPORT - shift:
            taken.append(os.open("/dev/null", os.O_RDONLY))
        try:
            process = start(tmp_path, LEFT)
            assert os.read(process.reader, 1) == b"!"
            let_go(process)
            process.close()
        finally:
            for number in taken:
                os.close(number)


def test_nothing_can_be_opened_executed_or_connected(tmp_path: Path) -> None:
    process = start(tmp_path, FORBIDDEN)
    assert os.read(process.reader, 1) == b"!"
    found, status = let_go(process)
    process.close()
    assert status == 0
    refused = [-38, -EPERM]  # ENOSYS: what was for the loader alone
    assert [(FORBIDDEN[n][0], r) for n, r in enumerate(found) if r not in refused] == []
    assert len(found) == len(FORBIDDEN)


def test_where_the_launch_reported_there_is_nothing(tmp_path: Path) -> None:
    process = start(tmp_path, [call("write", 60, b"x", 1), call("write", 3, b"x", 1)])
    os.read(process.reader, 1)
    found, _ = let_go(process)
    process.close()
    assert found == [-EBADF, -EPERM]


def test_what_is_left_is_its_pipes_memory_and_time(tmp_path: Path) -> None:
    process = start(tmp_path, LEFT)
    os.read(process.reader, 1)
    found, _ = let_go(process)
    assert process.complaint() == "word"
    process.close()
    assert all(result >= 0 for result in found)
    assert found[0] == 5


def test_unconfined_the_same_program_can_do_it_all(tmp_path: Path) -> None:
    """So that the attempts above are known to be real ones."""
    attempts = [
        call("open", PASSWD, 0),
        call("openat", AT_FDCWD, LIBC, 0),
        call("stat", PASSWD, bytes(144)),
        call("socket", 1, 1, 0),
        call("dup", 1),
        call("memfd_create", b"x\0", 0),
        call("execve", b"/no/such/program\0", 0, 0),
        call("connect", 3, UNIX_ADDRESS, 20),
    ]
    binary = tmp_path / "intruder"
    write_intruder(binary, attempts)
    done = subprocess.run([binary], input=b"?", stdout=subprocess.PIPE, check=True)
    found = results(done.stdout[1:])
    assert done.stdout[:1] == b"!"
    assert [result for result in found[:6] if result < 0] in ([], [-2])  # libc may be elsewhere
    assert found[6:] == [-2, -88]  # ENOENT, ENOTSOCK: asked, and answered for what it was


def test_before_its_first_word_only_libraries_are_opened(tmp_path: Path) -> None:
    """While the loader is served, too: what is no library does not exist."""
    from tests.fakes.intruder import write_silent_intruder

    binary = tmp_path / "pypy3-c"
    secret = tmp_path / "secret"
    secret.write_text("x")
    asked = [
        call("openat", AT_FDCWD, PASSWD, 0),
        call("openat", AT_FDCWD, b"/usr/lib/os-release\0", 0),
        call("openat", AT_FDCWD, b"/usr/lib/../../etc/shadow.so\0", 0),
        call("openat", AT_FDCWD, LIBC, 1),
        call("openat", AT_FDCWD, b"/usr/lib/new.so\0", 0o101, 0o644),
        call("stat", PASSWD, bytes(144)),
        call("access", PASSWD, 4),
        call("socket", 1, 1, 0),
        call("execve", PROGRAM, 0, 0),
    ]
    write_silent_intruder(binary, asked)
    tmp_path.chmod(0o755)
    directory = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    process = start_binary(
        os.fsencode(binary), [b"x"], [], of_machine("x86_64"), directory, Limits(cpu=10)
    )
    os.close(directory)
    data = os.read(process.reader, 4096)
    os.waitpid(process.pid, 0)
    process.close()
    assert all(result < 0 for result in results(data))
    assert len(results(data)) == len(asked)


def test_an_interpreter_that_says_nothing_and_ends_is_no_start(tmp_path: Path) -> None:
    directory = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    process = start_binary(b"/bin/true", [b"x"], [], of_machine("x86_64"), directory, Limits())
    os.close(directory)
    assert os.read(process.reader, 1) == b""
    os.waitpid(process.pid, 0)
    process.close()
