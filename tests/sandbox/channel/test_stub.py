"""The stub: run for real under a listener, and on an interpreter for the other architecture."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from shannot.sandbox.channel import kernel_calls as kernel
from shannot.sandbox.channel.seccomp_filter import compile_filter
from shannot.sandbox.channel.stub import (
    _AARCH64_CODE,
    _ENTRY,
    AGAIN,
    BUFFER,
    BUFFER_SIZE,
    EXECUTE,
    EXIT,
    ORDER,
    STUB_CALL,
    TEXT,
    stub,
)
from shannot.sandbox.syscalls.numbers import AARCH64, X86_64, of_machine
from shannot.sandbox.syscalls.rules import rules
from tests.fakes.aarch64 import MASK, Machine
from tests.fakes.children import USERS, in_child
from tests.fakes.mediation import Child, Notified

MACHINE = os.uname().machine
live = pytest.mark.skipif(MACHINE not in ("x86_64", "aarch64"), reason="no stub for this machine")
Orders = Callable[[Notified], None]


def run_stub(on_call: Orders, argv: tuple[bytes, ...] = (b"cmd", b"an argument")) -> int:
    """Execute the stub under the real filter; `on_call` answers, all else passes."""
    program = compile_filter(rules(), of_machine(MACHINE))
    memfd = os.memfd_create("stub")
    os.write(memfd, stub(MACHINE))
    child = Child(
        program,
        lambda: kernel.execveat(memfd, b"", argv, (b"NAME=value",), kernel.AT_EMPTY_PATH),
    )
    while call := child.next_call():
        if call.number == STUB_CALL:
            on_call(call)
        else:
            call.let_pass()
    os.close(memfd)
    return child.wait()


def order(call: Notified, *words: int) -> None:
    call.write(BUFFER, ORDER.pack(*words, *(0,) * (4 - len(words))))
    call.answer(0)


@live
@USERS
def test_it_ends_with_the_status_it_is_told(user: int | None) -> None:
    for status in (0, 7, 255):
        told = in_child(lambda s=status: run_stub(lambda call: order(call, EXIT, s)), user)
        assert told == status


@live
@USERS
def test_its_arguments_are_where_the_first_register_points(user: int | None) -> None:
    def scenario() -> list[bytes]:
        seen: list[bytes] = []

        def look(call: Notified) -> None:
            assert call.arguments[1] == BUFFER
            (argc,) = struct.unpack("<Q", call.read(call.arguments[0], 8))
            words = struct.unpack(f"<{argc + 3}Q", call.read(call.arguments[0] + 8, 8 * argc + 24))
            assert words[argc] == words[argc + 2] == 0
            seen.extend(call.read(a, 64).split(b"\0")[0] for a in words if a)
            order(call, EXIT, 0)

        run_stub(look)
        return seen

    assert in_child(scenario, user) == [b"cmd", b"an argument", b"NAME=value"]


@live
def test_it_calls_again_when_told() -> None:
    calls = []

    def count(call: Notified) -> None:
        calls.append(call.id)
        order(call, AGAIN if len(calls) < 4 else EXIT, len(calls))

    assert run_stub(count) == 4


@live
@USERS
def test_it_becomes_the_program_it_is_told(user: int | None) -> None:
    def scenario() -> int:
        host_fd = os.open("/bin/sh", os.O_PATH)
        os.set_inheritable(host_fd, True)

        def become(call: Notified) -> None:
            place = BUFFER + ORDER.size
            argv, strings = struct.pack("<4Q", place + 64, place + 67, place + 70, 0), b""
            strings = b"sh\0-c\0exit $STATUS\0".ljust(64, b"\0") + b"STATUS=5\0"
            call.write(place, argv + struct.pack("<2Q", place + 128, 0).ljust(32, b"\0") + strings)
            order(call, EXECUTE, host_fd, place, place + 32)

        return run_stub(become)

    assert in_child(scenario, user) == 5


@live
@pytest.mark.parametrize(
    ("path", "status"), [("/etc/passwd", 126), ("/dev/null", 126), (None, 127), ("/", 126)]
)
def test_a_program_that_cannot_start_gives_the_status_of_a_shell(
    path: str | None, status: int
) -> None:
    host_fd = os.open(path, os.O_PATH) if path else 999
    if path:
        os.set_inheritable(host_fd, True)
    environment = BUFFER + ORDER.size

    def become(call: Notified) -> None:
        order(call, EXECUTE, host_fd, environment, environment)

    assert run_stub(become) == status


@live
@pytest.mark.parametrize("words", [(3,), (MASK,), (1 << 32 | EXIT, 0)])
def test_an_unknown_order_ends_it(words: tuple[int, ...]) -> None:
    assert run_stub(lambda call: order(call, *words)) == 127


@live
def test_an_error_ends_it() -> None:
    assert run_stub(lambda call: call.answer(0, errno.EPERM)) == 127
    assert run_stub(lambda call: call.answer(1)) == 127


@live
def test_it_dies_by_a_signal_while_its_call_waits() -> None:
    def kill(call: Notified) -> None:
        os.kill(call.pid, signal.SIGTERM)

    assert run_stub(kill) == -signal.SIGTERM


@live
def test_it_ends_when_the_mediator_is_gone() -> None:
    memfd = os.memfd_create("stub")
    os.write(memfd, stub(MACHINE))
    program = compile_filter(rules(), of_machine(MACHINE))
    child = Child(program, lambda: kernel.execveat(memfd, b"", (b"x",), (), kernel.AT_EMPTY_PATH))
    while call := child.next_call():
        if call.number == STUB_CALL:
            break
        call.let_pass()
    assert child.wait() == 127  # closes the listener first


@live
def test_the_whole_buffer_can_be_written() -> None:
    def write(call: Notified) -> None:
        call.write(BUFFER, b"x" * BUFFER_SIZE)
        assert call.read(BUFFER + BUFFER_SIZE - 3, 3) == b"xxx"
        with pytest.raises(OSError):
            call.read(BUFFER + BUFFER_SIZE, 1)
        order(call, EXIT, 9)

    assert run_stub(write) == 9


def emulate(answers: list[int], orders: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Run the AArch64 code; the calls it made, as (number, x0 to x4)."""
    calls: list[tuple[int, ...]] = []

    def system(machine: Machine) -> None:
        calls.append((machine.registers[8], *machine.registers[:5]))
        if machine.registers[8] == 94:
            machine.running = False
        elif machine.registers[8] == STUB_CALL and orders:
            machine.words.update(
                {BUFFER + 8 * i: word for i, word in enumerate((*orders.pop(0), 0, 0, 0)[:4])}
            )
        if machine.running:
            machine.registers[0] = answers.pop(0) & MASK

    Machine(_AARCH64_CODE, _ENTRY, 0x7FFF1000, system).run(_ENTRY)
    return calls


def test_the_aarch64_code_does_the_same() -> None:
    first = (STUB_CALL, 0x7FFF1000, BUFFER)
    assert emulate([0], [(EXIT, 7)])[0][:3] == first
    assert [call[:2] for call in emulate([0], [(EXIT, 7)])] == [first[:2], (94, 7)]
    assert [call[:2] for call in emulate([0, 0], [(AGAIN,), (EXIT, 3)])][2:] == [(94, 3)]
    for answer in (-errno.ENOSYS, 1, -1):
        assert [call[:2] for call in emulate([answer], [])][1:] == [(94, 127)]
    for unknown in (3, MASK, 1 << 32 | 1):
        assert [call[:2] for call in emulate([0], [(unknown,)])][1:] == [(94, 127)]
    for error, status in ((errno.EACCES, 126), (errno.ENOENT, 127), (errno.EBADF, 127)):
        _, execveat, end = emulate([0, -error], [(EXECUTE, 5, 0x1234, 0x5678)])
        empty = execveat[2]
        assert execveat == (281, 5, empty, 0x1234, 0x5678, 0x1000)
        assert stub("aarch64")[empty - TEXT] == 0
        assert end[:2] == (94, status)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_readelf_finds_nothing_to_complain_about(machine: str, tmp_path: Path) -> None:
    readelf = shutil.which("readelf")
    if readelf is None:
        pytest.skip("needs readelf of binutils")
    (tmp_path / "s").write_bytes(stub(machine))
    done = subprocess.run([readelf, "-hlW", tmp_path / "s"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr == ""
    assert {"x86_64": "X86-64", "aarch64": "AArch64"}[machine] in done.stdout
    assert "Entry point 0x4000e8" in done.stdout or "0x4000e8" in done.stdout
    segments = [line.split() for line in done.stdout.splitlines() if " 0x0000" in line]
    assert [(s[0], s[2][-6:], s[6]) for s in segments if s[0] == "LOAD"] == [
        ("LOAD", "400000", "R"),
        ("LOAD", "600000", "RW"),
    ]
    assert len(stub(machine)) < 400


def test_objdump_reads_the_x86_64_code_as_its_comments_say(tmp_path: Path) -> None:
    objdump = shutil.which("objdump")
    if objdump is None:
        pytest.skip("needs objdump of binutils")
    supported = subprocess.run([objdump, "-i"], capture_output=True, text=True).stdout
    if "elf64-x86-64" not in supported:
        pytest.skip("this objdump does not know x86-64")
    code = stub("x86_64")[_ENTRY - TEXT :]
    (tmp_path / "s").write_bytes(code)
    listing = subprocess.run(
        [objdump, "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", tmp_path / "s"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    text = " ".join(listing.split())
    assert "(bad)" not in listing
    for expected in (
        f"mov eax,{STUB_CALL:#x}",
        f"mov esi,{BUFFER:#x}",
        f"mov esi,{_ENTRY + len(code) - 1:#x}",
        f"mov eax,{X86_64.numbers()['execveat']:#x}",
        f"mov eax,{X86_64.numbers()['exit_group']:#x}",
        "jne 0x58",
        "je 0x3",
        "je 0x5d",
    ):
        assert expected in text, expected
    assert code[-1] == 0


def test_no_architecture_has_its_call() -> None:
    for architecture in (X86_64, AARCH64):
        assert max(architecture.numbers().values()) < STUB_CALL < 0x40000000
