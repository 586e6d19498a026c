"""What rows answer when they are asked as they are meant to be."""

from __future__ import annotations

import gc
import os
import resource
import struct
import time
from collections.abc import Iterator
from errno import EBADF, ECHILD, EINVAL, EMFILE, ENOENT, ENOSYS, ENOTTY, EPERM, EROFS, ESRCH
from pathlib import Path

import pytest

from shannot.sandbox.kernel.children import Child
from shannot.sandbox.syscalls.pypy_layouts import TM, platform_of
from tests.fakes.pypy_child import Conversation, ScriptedChild


@pytest.fixture(params=["orders", "direct"])
def conversation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Conversation]:
    environment = {b"HOME": b"/root", b"TZ": b"CET-1CEST,M3.5.0,M10.5.0/3"}
    found = Conversation(tmp_path, environment, direct=request.param == "direct")
    yield found
    found.close()
    assert found.mediator.faults == []


@pytest.fixture
def child(conversation: Conversation) -> ScriptedChild:
    return conversation.child


def test_a_file_is_written_and_read_back(child: ScriptedChild) -> None:
    number = child.call("open(pii)i", child.text("new"), os.O_RDWR | os.O_CREAT, 0o644).value
    text = b"\xff\0some bytes"
    assert child.call("write(ipi)i", number, child.place(text), len(text)) == (12, 0)
    assert child.call("lseek(iii)i", number, -4, os.SEEK_END) == (8, 0)
    buffer = child.room(100)
    assert child.call("read(ipi)i", number, buffer, 100) == (4, 0)
    assert child.look(buffer, 4) == b"ytes"
    assert child.call("pread(ipii)i", number, buffer, 100, 2) == (10, 0)
    assert child.call("pwrite(ipii)i", number, child.place(b"S"), 1, 2) == (1, 0)
    assert child.call("ftruncate(ii)i", number, 5) == (0, 0)
    status = child.room(144)
    assert child.call("fstat64(ip)i", number, status) == (0, 0)
    assert struct.unpack_from("=q", child.look(status, 144), 48)[0] == 5
    assert child.call("close(i)i", number) == (0, 0)
    assert child.call("close(i)i", number) == (-1, EBADF)


def test_numbers_are_the_lowest_free_and_dup_shares_the_offset(child: ScriptedChild) -> None:
    assert child.call("open(pii)i", child.text("a"), os.O_RDWR | os.O_CREAT, 0o644) == (3, 0)
    assert child.call("dup(i)i", 3) == (4, 0)
    assert child.call("write(ipi)i", 4, child.place(b"xy"), 2) == (2, 0)
    assert child.call("lseek(iii)i", 3, 0, os.SEEK_CUR) == (2, 0)
    assert child.call("close(i)i", 3) == (0, 0)
    assert child.call("rpy_dup_noninheritable(i)i", 4) == (3, 0)
    assert child.call("rpy_get_inheritable(i)i", 3) == (0, 0)
    assert child.call("dup2(ii)i", 3, 9) == (9, 0)
    assert child.call("rpy_get_inheritable(i)i", 9) == (1, 0)
    assert child.call("rpy_set_inheritable(ii)i", 9, 0) == (0, 0)
    assert child.call("rpy_get_inheritable(i)i", 9) == (0, 0)


def test_a_directory_is_listed_and_rewound(child: ScriptedChild) -> None:
    for name in ("one", "two"):
        assert child.call("mkdir(pi)i", child.text(name), 0o755) == (0, 0)
    stream = child.call("opendir(p)p", child.text(".")).value
    names = []
    while entry := child.call("readdir(p)p", stream).value:
        assert struct.unpack_from("=H", child.look(int(entry), 280), 16)[0] == 280
        names.append(child.string(int(entry) + 19))
    assert names == [b".", b"..", b"one", b"two"]
    assert child.call("rewinddir(p)v", stream).errno == 0
    assert child.call("readdir(p)p", stream).value == entry or stream
    assert child.call("dirfd(p)i", stream) == (3, 0)
    assert child.call("closedir(p)i", stream) == (0, 0)
    assert child.call("readdir(p)p", stream) == (0, EBADF)
    assert child.call("opendir(p)p", child.text("none")) == (0, ENOENT)


def test_no_directory_is_made_for_compiled_modules(child: ScriptedChild) -> None:
    assert child.call("mkdir(pi)i", child.text("__pycache__"), 0o777) == (-1, EROFS)


def test_output_of_the_script_is_as_it_was_written(conversation: Conversation) -> None:
    child = conversation.child
    for part in (b"\xc3", b"\xa9\n"):
        child.call("write(ipi)i", 1, child.place(part), len(part))
    assert conversation.written(1) == "é\n".encode()
    assert child.call("isatty(i)i", 1) == (0, ENOTTY)


def test_the_environment_is_a_list_of_strings_that_can_change(child: ScriptedChild) -> None:
    block = int(child.call("get_environ()p").value)
    pointers = struct.unpack("=3Q", child.look(block, 24))
    assert child.string(pointers[0]) == b"HOME=/root"
    assert pointers[2] == 0
    assert child.call("putenv(p)i", child.text("NEW=1=2")) == (0, 0)
    assert child.string(int(child.call("getenv(p)p", child.text("NEW")).value)) == b"1=2"
    assert child.call("unsetenv(p)i", child.text("NEW")) == (0, 0)
    assert child.call("getenv(p)p", child.text("NEW")) == (0, 0)


def test_time_is_real(child: ScriptedChild) -> None:
    buffer = child.room(64)
    assert child.call("gettimeofday(pp)i", buffer, 0) == (0, 0)
    seconds, microseconds = struct.unpack("=qq", child.look(buffer, 16))
    assert abs(seconds - time.time()) < 5
    assert 0 <= microseconds < 1_000_000
    assert child.call("clock_gettime(ip)i", 1, buffer) == (0, 0)
    assert abs(struct.unpack("=q", child.look(buffer, 8))[0] - time.monotonic()) < 5
    began = time.monotonic()
    assert child.call("select(ipppp)i", 0, 0, 0, 0, child.place(struct.pack("=qq", 0, 20_000)))
    assert time.monotonic() - began >= 0.02
    assert child.call("select(ipppp)i", 1, buffer, 0, 0, buffer) == (-1, EPERM)
    assert child.call("clock_settime(ip)i", 0, buffer) == (-1, EPERM)


def test_the_calendar_is_in_the_scripts_zone(child: ScriptedChild) -> None:
    moment = child.place(struct.pack("=q", 1_800_000_000))
    local = int(child.call("localtime(p)p", moment).value)
    fields = TM.unpack(child.look(local, TM.size))
    assert fields[:9] == (0, 0, 9, 15, 0, 127, 5, 14, 0)
    assert (fields[9], child.string(fields[10])) == (3600, b"CET")
    assert child.call("mktime(p)i", local) == (1_800_000_000, 0)
    buffer = child.room(64)
    form = child.text("%Y-%m-%d %H")
    assert child.call("strftime(pipp)i", buffer, 64, form, local) == (13, 0)
    assert child.string(buffer) == b"2027-01-15 09"
    assert child.call("strftime(pipp)i", buffer, 13, form, local) == (0, 0)
    world = int(child.call("gmtime(p)p", moment).value)
    assert TM.unpack(child.look(world, TM.size))[2] == 8


def test_randomness_is_real_and_no_other_call_passes(child: ScriptedChild) -> None:
    number = {"x86_64": 318, "aarch64": 278}[os.uname().machine]
    buffer = child.room(32)
    assert child.call("syscall(ipii)i", number, buffer, 32, 1) == (32, 0)
    assert child.look(buffer, 32) != bytes(32)
    assert child.call("syscall(ipii)i", 1, buffer, 32, 1) == (-1, ENOSYS)


def test_a_pipe_brings_what_was_written(child: ScriptedChild) -> None:
    buffer = child.room(64)
    assert child.call("pipe(p)i", buffer) == (0, 0)
    reader, writer = struct.unpack("=ii", child.look(buffer, 8))
    assert child.call("write(ipi)i", writer, child.place(b"through"), 7) == (7, 0)
    assert child.call("read(ipi)i", reader, buffer, 64) == (7, 0)
    assert child.look(buffer, 7) == b"through"
    assert child.call("close(i)i", writer) == (0, 0)
    assert child.call("read(ipi)i", reader, buffer, 64) == (0, 0)


def test_the_wrong_end_of_a_pipe_is_no_reason_to_wait(child: ScriptedChild) -> None:
    buffer = child.room(64)
    assert child.call("pipe(p)i", buffer) == (0, 0)
    reader, writer = struct.unpack("=ii", child.look(buffer, 8))
    assert child.call("write(ipi)i", reader, buffer, 1) == (-1, EBADF)
    assert child.call("read(ipi)i", writer, buffer, 1) == (-1, EBADF)


def test_a_command_is_a_group_of_its_own_and_nobody_else_has_one(
    conversation: Conversation,
) -> None:
    """Every number had the script's: `killpg(getpgid(command))` would have ended the script."""
    child, children = conversation.child, conversation.world.system.children
    heard: list[int] = []
    command = Child(1 << 22, heard.append)
    assert children is not None
    children.add(command)
    for name in ("getpgid(i)i", "getsid(i)i"):
        assert child.call(name, command.pid) == (command.pid, 0)
        assert child.call(name, 1 << 23) == (-1, ESRCH)
    assert child.call("killpg(ii)i", command.pid, 15) == (0, 0)
    assert child.call("kill(ii)i", -command.pid, 9) == (0, 0)
    assert child.call("killpg(ii)i", 1 << 23, 9) == (-1, ESRCH)
    assert child.call("killpg(ii)i", 1, 9) == (-1, ESRCH)
    assert child.call("killpg(ii)i", -1, 9) == (-1, EINVAL)
    assert heard == [15, 9]
    command.end(0)


def test_what_cannot_be_is_linuxs_errno(child: ScriptedChild) -> None:
    path = child.text("x")
    for signature, arguments, errno in (
        ("fork()i", (), ENOSYS),
        ("chroot(p)i", (path,), EPERM),
        ("mkfifo(pi)i", (path, 0o644), EPERM),
        ("openpty(ppppp)i", (0, 0, 0, 0, 0), EPERM),
        ("waitpid(ipi)i", (-1, 0, 0), ECHILD),
        ("tcgetpgrp(i)i", (1,), ENOTTY),
        ("setgroups(ip)i", (0, 0), EPERM),
        ("nice(i)i", (-1,), EPERM),
        ("rename(pp)i", (path, path), ENOENT),
    ):
        assert child.call(signature, *arguments) == (-1, errno), signature
    assert child.call("system(p)i", child.text("true")) == (127 << 8, 0)


def test_it_ends_with_the_status_of_exit(tmp_path: Path) -> None:
    conversation = Conversation(tmp_path)
    conversation.child.say(b"\x09_exit(i)v" + struct.pack("=q", 7))
    conversation.end()
    assert conversation.killed
    assert conversation.mediator.exit_status == 7
    conversation.close()


def test_macos_has_its_own_flags_and_structures(tmp_path: Path) -> None:
    conversation = Conversation(tmp_path, {b"A": b"1"}, platform=platform_of("darwin", "arm64"))
    child = conversation.child
    create = 0x2 | 0x200  # O_RDWR | O_CREAT
    assert child.call("open(pii)i", child.text("new"), create, 0o600) == (3, 0)
    status = child.room(144)
    assert child.call("fstat(ip)i", 3, status) == (0, 0)
    assert struct.unpack_from("=H", child.look(status, 144), 4)[0] & 0o777 == 0o600
    assert child.call("fstatat(ippi)i", -2, child.text("new"), status, 0x20) == (0, 0)
    assert child.call("unlinkat(ipi)i", -2, child.text("new"), 0x80)  # a file: no directory
    stream = child.call("opendir(p)p", child.text(".")).value
    entry = int(child.call("readdir(p)p", stream).value)
    assert child.string(entry + 21) == b"."
    environ = struct.unpack("=Q", child.look(int(child.call("_NSGetEnviron()p").value), 8))[0]
    assert child.string(struct.unpack("=Q", child.look(environ, 8))[0]) == b"A=1"
    conversation.close()
    assert conversation.mediator.faults == []


def test_a_child_that_opens_all_it_can_leaves_us_some(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    gc.unfreeze()
    gc.collect()  # what other tests of this process have left
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
    try:
        conversation = Conversation(tmp_path)
        child = conversation.child
        path = child.text("/dev/null")
        opened = 0
        while child.call("open(pii)i", path, os.O_RDONLY, 0) != (-1, EMFILE):
            opened += 1
        assert 64 < opened < 400
        assert child.call("open(pii)i", child.text("new"), os.O_CREAT, 0o644) == (-1, EMFILE)
        assert child.call("close(i)i", 5) == (0, 0)
        assert child.call("open(pii)i", child.text("new"), os.O_CREAT, 0o644) == (5, 0)
        conversation.close()
        assert conversation.mediator.faults == []
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
