"""Each thin wrapper, against the running kernel, as the caller and as an ordinary user."""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import signal
import struct
from errno import EBADF, EINVAL, ENOENT, ENOSYS, ENOTTY, EPERM
from pathlib import Path

import pytest

from shannot.sandbox.channel import kernel_calls as kernel
from shannot.sandbox.channel.seccomp_filter import compile_filter
from shannot.sandbox.syscalls.numbers import of_machine
from shannot.sandbox.syscalls.rules import rules
from tests.fakes.children import USERS, errno_of, in_child
from tests.fakes.mediation import Child, Notified

MACHINE = os.uname().machine
pytestmark = pytest.mark.skipif(MACHINE not in ("x86_64", "aarch64"), reason="unknown machine")
HERE = of_machine("aarch64" if MACHINE == "aarch64" else "x86_64")
NUMBERS = HERE.numbers()
PROGRAM = compile_filter(rules(), HERE)
SECCOMP_GET_NOTIF_SIZES = 3  # include/uapi/linux/seccomp.h
GARBAGE = 0x1234_0000_0000


def test_the_numbers_are_those_of_the_table() -> None:
    for name, number in vars(kernel).items():
        if name.startswith("SYS_"):
            assert NUMBERS[name[4:].lower()] == number, name


def test_the_layouts_are_as_large_as_the_kernel_says() -> None:
    sizes = ctypes.create_string_buffer(6)
    kernel.call(kernel.SYS_SECCOMP, SECCOMP_GET_NOTIF_SIZES, 0, sizes)
    notif, response, data = struct.unpack("<HHH", sizes.raw)
    assert (notif, response) == (kernel.NOTIF.size, kernel.RESPONSE.size)
    assert data == 64
    assert kernel.ADDFD.size == 24
    assert kernel.PATH_BENEATH.size == 12


def test_the_ioctl_numbers_encode_direction_letter_and_size() -> None:
    def ioc(direction: int, number: int, size: int) -> int:
        return direction << 30 | size << 16 | ord("!") << 8 | number

    assert ioc(3, 0, kernel.NOTIF.size) == kernel.SECCOMP_IOCTL_NOTIF_RECV
    assert ioc(3, 1, kernel.RESPONSE.size) == kernel.SECCOMP_IOCTL_NOTIF_SEND
    assert ioc(1, 2, 8) == kernel.SECCOMP_IOCTL_NOTIF_ID_VALID
    assert ioc(1, 3, kernel.ADDFD.size) == kernel.SECCOMP_IOCTL_NOTIF_ADDFD
    assert ioc(1, 4, 8) == kernel.SECCOMP_IOCTL_NOTIF_SET_FLAGS


def test_a_failing_call_raises_its_errno() -> None:
    assert errno_of(lambda: kernel.call(NUMBERS["close"], 99999)) == EBADF
    assert errno_of(lambda: kernel.call(471 + 500)) == ENOSYS
    assert errno_of(lambda: kernel.prctl(99999)) == EINVAL
    assert kernel.call(NUMBERS["getpid"]) == os.getpid()


@USERS
def test_a_descriptor_leaves_and_arrives(user: int | None) -> None:
    def scenario() -> list[object]:
        reader, writer = os.pipe()

        def body() -> int:
            return 0 if os.read(os.open("/any/path", os.O_RDONLY), 5) == b"given" else 1

        child = Child(PROGRAM, body)
        call = child.next_call()
        assert call is not None
        assert (call.arch, call.number) == (HERE.audit_arch, NUMBERS["openat"])
        assert call.read(call.arguments[1], 10) == b"/any/path\0"
        assert call.valid()
        os.write(writer, b"given")
        number = call.hand_over(reader)
        gone = not call.valid()
        return [number > 2, gone, child.next_call(), child.wait()]

    assert in_child(scenario, user) == [True, True, None, 0]


@USERS
def test_processes_are_held_by_descriptors(user: int | None) -> None:
    def scenario() -> list[int]:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        pidfd = kernel.pidfd_open(pid)
        copy = kernel.pidfd_getfd(pidfd, writer)
        os.close(writer)
        os.write(copy, b"!")
        unknown = errno_of(lambda: kernel.pidfd_getfd(pidfd, 999))
        kernel.pidfd_send_signal(pidfd, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        return [os.read(reader, 1)[0], os.get_inheritable(copy), unknown, status]

    assert in_child(scenario, user) == [ord("!"), False, EBADF, signal.SIGKILL]


def test_execveat_runs_a_descriptor_and_tells_why_not() -> None:
    def scenario() -> int:
        shell = os.open("/bin/sh", os.O_PATH)
        environment = [b"STATUS=42", b"OTHER=x"]
        kernel.execveat(shell, b"", [b"sh", b"-c", b"exit $STATUS"], environment, 0x1000)
        return 0

    pid = os.fork()
    if pid == 0:
        scenario()
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42
    missing = errno_of(lambda: kernel.execveat(kernel.AT_FDCWD, b"/missing", [b"x"], [], 0))
    assert missing == ENOENT
    with pytest.raises(ValueError, match="null"):
        kernel.execveat(kernel.AT_FDCWD, b"/bin/\0sh", [b"x"], [], 0)


def test_close_range_marks_or_closes() -> None:
    def scenario() -> list[object]:
        low = 200
        for number in range(low, low + 4):
            os.dup2(0, number)
        kernel.close_range(low, low + 1, kernel.CLOSE_RANGE_CLOEXEC)
        marked = os.get_inheritable(low)
        kernel.close_range(low + 1, low + 2)
        gone = errno_of(lambda: os.fstat(low + 1)), errno_of(lambda: os.fstat(low + 2))
        return [marked, *gone, errno_of(lambda: os.fstat(low + 3))]

    assert in_child(scenario) == [False, EBADF, EBADF, 0]


def test_the_cpu_is_one_we_may_run_on() -> None:
    assert kernel.sched_getcpu() in os.sched_getaffinity(0)


# The filter under the real kernel.


def refuse_everything(body: object) -> int:
    """Exit status of a child whose every notified call gets ENOSYS."""
    child = Child(PROGRAM, body)  # type: ignore[arg-type]
    while call := child.next_call():
        call.answer(error=ENOSYS)
    return child.wait()


@USERS
@pytest.mark.parametrize(
    ("number", "arguments", "expected"),
    [
        (-1, (), ENOSYS),
        (999, (), ENOSYS),
        (0x3FFFFFFF, (), ENOSYS),
        (NUMBERS.get("unshare", 0), (0x10000000,), EPERM),
        (NUMBERS.get("ioctl", 0), (1, 0x5421 | GARBAGE), ENOTTY),
        (NUMBERS.get("prctl", 0), (4, 1), EPERM),
        (NUMBERS.get("clone3", 0), (0, 0), ENOSYS),
        (NUMBERS.get("seccomp", 0), (1, 0, 0), ENOSYS),
    ],
)
def test_what_is_not_allowed_fails(
    user: int | None, number: int, arguments: tuple[int, ...], expected: int
) -> None:
    def body() -> int:
        return errno_of(lambda: kernel.call(number, *arguments))

    assert in_child(lambda: refuse_everything(body), user) == expected


@pytest.mark.parametrize("name", ["ptrace", "process_vm_readv", "bpf", "mount", "kexec_load"])
def test_what_nobody_may_try_kills(name: str) -> None:
    assert refuse_everything(lambda: kernel.call(NUMBERS[name])) == -signal.SIGSYS


@pytest.mark.skipif(MACHINE != "x86_64", reason="the other ways into an x86-64 kernel")
def test_the_other_doors_of_x86_kill() -> None:
    def x32() -> int:
        return kernel.call(0x40000000 | NUMBERS["getpid"])

    def int80() -> int:
        page = mmap.mmap(-1, 4096, prot=7)
        page.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid); int 0x80; ret
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        return ctypes.CFUNCTYPE(ctypes.c_int)(address)()

    assert refuse_everything(x32) == -signal.SIGSYS
    # A kernel without the 32-bit door answers int 0x80 by a fault.
    assert refuse_everything(int80) in (-signal.SIGSYS, -signal.SIGSEGV)


def test_shared_mappings_of_files_are_seen_even_where_they_only_read() -> None:
    memfd = os.memfd_create("mapped")
    os.ftruncate(memfd, 4096)

    def body() -> int:
        mmap.mmap(memfd, 4096, flags=mmap.MAP_PRIVATE)
        mmap.mmap(-1, 4096, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
        os.write(memfd, b"now")
        mmap.mmap(memfd, 4096, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
        mmap.mmap(memfd, 4096, flags=mmap.MAP_SHARED)
        return 0

    seen: list[Notified] = []
    child = Child(PROGRAM, body)
    while call := child.next_call():
        if call.number == NUMBERS["mmap"]:
            seen.append(call)
            assert os.pread(memfd, 3, 0) == b"now"
        call.let_pass()
    assert child.wait() == 0
    assert [(call.arguments[2], call.arguments[3] & 3) for call in seen] == [(1, 1), (3, 1)]


def test_a_second_listener_is_refused() -> None:
    permissive = compile_filter({"getppid": ((), "notify")}, HERE, otherwise="allow")
    child = Child(permissive, lambda: errno_of(lambda: kernel.seccomp_listener(permissive)))
    assert child.next_call() is None
    assert child.wait() == 16  # EBUSY


def test_registers_reach_the_kernel_whole() -> None:
    """A 64-bit argument is not cut to a C int on its way."""
    program = compile_filter({"getppid": ((), "notify")}, HERE, otherwise="allow")
    values = (2**63 + 5, 2**32, 2**31, -1 & 2**64 - 1, 0, 1)
    signed = struct.unpack("<6q", struct.pack("<6Q", *values))
    child = Child(program, lambda: kernel.call(NUMBERS["getppid"], *signed))
    call = child.next_call()
    assert call is not None
    assert tuple(call.arguments) == values
    call.answer(7)
    assert child.next_call() is None
    assert child.wait() == 7


def test_constants_agree_with_the_headers() -> None:
    headers = [Path("/usr/include/linux") / f"{n}.h" for n in ("seccomp", "prctl", "landlock")]
    if not all(header.exists() for header in headers):
        pytest.skip("no kernel headers on this machine")
    text = "".join(header.read_text() for header in headers)
    checked = 0
    for name, value in vars(kernel).items():
        found = re.search(rf"#define\s+{name}\s+\(?(0x[0-9a-f]+|\d+)(?:UL?)?(?: << (\d+))?\b", text)
        if name.isupper() and found:
            checked += 1
            assert value == int(found[1], 0) << int(found[2] or 0), name
    assert checked > 10
