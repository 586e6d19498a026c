"""Each signature of every build that is known: there is a row, and nothing the child passes to it
ends the run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.sandbox.syscalls import pypy, pypy_seldom
from shannot.sandbox.syscalls.pypy_layouts import platform_of
from tests.fakes.pypy_child import WILD, Conversation

RECORDED = Path(__file__).parent / "recorded"
LINUX = platform_of("linux", "x86_64")
TABLE = pypy.compiled(pypy.rows(LINUX)) | pypy.compiled(pypy_seldom.rows(LINUX))
SIGNATURES = sorted(signature.decode() for signature in TABLE)
DARWIN = """
stat(pp)i lstat(pp)i fstat(ip)i fstatat(ippi)i _NSGetEnviron()p tzset()v localtime(p)p gmtime(p)p
mktime(p)i strftime(pipp)i strerror(i)p major(i)i minor(i)i makedev(ii)i mach_absolute_time()i
mach_timebase_info(p)i ftime(p)v fcntl(iii)i WEXITSTATUS(i)i WTERMSIG(i)i WIFEXITED(i)i
pypy_debug_catch_fatal_exception()v sendfile(iiippi)i
""".split()  # noqa: SIM905 - as the documentation lists them
ENDS = "_exit(i)v"


def dumped(name: str) -> list[str]:
    lines = (RECORDED / name).read_text().splitlines()
    return next(line for line in lines if line.startswith("Funcs: ")).split()[1:]


@pytest.fixture(scope="module")
def bystander() -> Iterator[int]:
    """A process that may be signalled and made nicer in the place of an interpreter."""
    process = subprocess.Popen(["/bin/sleep", "100"])
    yield process.pid
    process.kill()
    process.wait()


@pytest.fixture(params=["orders", "direct"])
def conversation(
    request: pytest.FixtureRequest, tmp_path: Path, bystander: int
) -> Iterator[Conversation]:
    direct = request.param == "direct"
    found = Conversation(tmp_path, {b"HOME": b"/root"}, pid=bystander, direct=direct)
    yield found
    found.close()


@pytest.mark.parametrize("name", ["dump-py3.6.txt", "dump-py3.8.txt"])
def test_every_call_of_a_build_has_a_row(name: str) -> None:
    assert set(dumped(name)) - set(SIGNATURES) == set()
    assert len(dumped(name)) > 150


def test_every_form_of_macos_has_a_row() -> None:
    assert set(DARWIN) - set(SIGNATURES) == set()


def attack(conversation: Conversation, pointer: int, number: int) -> None:
    """Every call once with these arguments; afterwards the conversation still goes on."""
    for signature in SIGNATURES:
        codes = signature[signature.index("(") + 1 : -2]
        arguments: list[float] = [pointer if code == "p" else number for code in codes]
        if signature == ENDS:
            continue
        if signature == "select(ipppp)i":
            arguments[0] = 1  # without descriptors and time it waits for ever, as it should
        if signature.startswith("kill"):
            arguments[-1] = 0  # no signal: whether there is such a process
        conversation.reset_descriptors()
        conversation.child.call(signature, *arguments)
    child = conversation.child
    assert child.call("access(pi)i", child.text("/dev/null"), os.R_OK) == (0, 0)
    assert conversation.mediator.faults == []
    assert not conversation.killed


@pytest.mark.parametrize("number", [0, 1, -1, 3, 1 << 31, (1 << 63) - 1, -(1 << 63)])
def test_null_pointers_are_an_errno(conversation: Conversation, number: int) -> None:
    attack(conversation, 0, number)


@pytest.mark.parametrize("pointer", [1, WILD, (1 << 64) - 1, 1 << 63, 0xFFFF_8000_0000_0000])
@pytest.mark.parametrize("number", [0, 1, -1, (1 << 63) - 1])
def test_wild_pointers_are_an_errno(
    tmp_path: Path, bystander: int, pointer: int, number: int
) -> None:
    conversation = Conversation(tmp_path, pid=bystander, direct=True)
    try:
        attack(conversation, pointer, number)
    finally:
        conversation.close()


@pytest.mark.parametrize("number", [0, 1, -1, 100, 1 << 20, (1 << 63) - 1])
def test_lengths_beyond_the_buffer_are_an_errno_or_cut(
    tmp_path: Path, bystander: int, number: int
) -> None:
    conversation = Conversation(tmp_path, pid=bystander, direct=True)
    try:
        attack(conversation, conversation.child.place(b"/tmp/x\0" + bytes(9)), number)
    finally:
        conversation.close()


@pytest.mark.parametrize(
    "platform", [("darwin", "arm64"), ("darwin", "x86_64"), ("linux", "aarch64")]
)
@pytest.mark.parametrize("pointer", [0, WILD, None])
def test_the_layouts_of_other_platforms_are_no_way_to_end_a_run(
    tmp_path: Path, bystander: int, platform: tuple[str, str], pointer: int | None
) -> None:
    layouts = platform_of(*platform)
    conversation = Conversation(tmp_path, platform=layouts, pid=bystander, direct=True)
    try:
        address = conversation.child.place(b"/tmp/x\0" + bytes(9)) if pointer is None else pointer
        for number in (1, -1, 1 << 31):
            attack(conversation, address, number)
    finally:
        conversation.close()


def test_a_string_that_does_not_end_is_an_errno(conversation: Conversation) -> None:
    child = conversation.child
    endless = child.text("x" * 200_000)
    for signature in ("open(pii)i", "stat64(pp)i", "unlink(p)i", "opendir(p)p", "getenv(p)p"):
        codes = signature[signature.index("(") + 1 : -2]
        answer = child.call(signature, endless, *[0] * (len(codes) - 1))
        assert answer.value in (-1, 0), signature
        assert answer.errno == 36, signature  # ENAMETOOLONG
    assert conversation.mediator.faults == []
