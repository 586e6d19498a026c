"""The probe on this machine, and on machines made poorer by an outer filter."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from errno import EACCES, EINVAL, EIO, ENOSYS, EOPNOTSUPP, EPERM
from pathlib import Path

import pytest

from shannot.errors import ShannotError
from shannot.sandbox.channel import kernel_calls as kernel
from shannot.sandbox.channel.probe import capabilities, probe
from shannot.sandbox.channel.seccomp_filter import compile_filter
from shannot.sandbox.syscalls.numbers import of_machine
from tests.fakes.children import USERS, in_child
from tests.fakes.mediation import Child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.syscalls.rules import Rule

MACHINE = os.uname().machine
pytestmark = pytest.mark.skipif(MACHINE not in ("x86_64", "aarch64"), reason="unknown machine")


def complaint() -> str:
    try:
        probe()
    except ShannotError as error:
        return str(error)
    return ""


def poorer(rules: dict[str, Rule]) -> str:
    """What the probe says where these calls fail."""

    def scenario() -> str:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.seccomp_filter(compile_filter(rules, of_machine(MACHINE), otherwise="allow"), 0)
        return complaint()

    return str(in_child(scenario))


@USERS
def test_a_machine_that_runs_these_tests_has_everything(user: int | None) -> None:
    def scenario() -> list[object]:
        before = len(os.listdir("/proc/self/fd"))
        found = [(c.name, c.problem) for c in capabilities() if c.required]
        return [found, len(os.listdir("/proc/self/fd")) - before, complaint()]

    names = ["machine", "/proc", "memfd_create", "Landlock", "processes", "seccomp notification",
             "WAIT_KILLABLE_RECV", "memory of the child", "pidfd_getfd", "ADDFD_SEND"]  # fmt: skip
    assert in_child(scenario, user) == [[(name, "") for name in names], 0, ""]


def test_no_child_is_left_behind() -> None:
    def scenario() -> str:
        capabilities()
        try:
            return str(os.waitpid(-1, os.WNOHANG))
        except ChildProcessError:
            return "none"

    assert in_child(scenario) == "none"


WAIT_KILLABLE = 1 << 5


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"landlock_create_ruleset": ((), ENOSYS)}, "Landlock: not in this kernel"),
        ({"landlock_create_ruleset": ((), EOPNOTSUPP)}, "Landlock: disabled at boot"),
        ({"landlock_create_ruleset": ((), EPERM)}, "Landlock: forbidden here"),
        ({"pidfd_getfd": ((), EPERM)}, "pidfd_getfd: Operation not permitted"),
        ({"pidfd_open": ((), ENOSYS)}, "pidfd_getfd: Function not implemented"),
        ({"pread64": ((), EIO)}, "memory of the child: /proc/"),
        ({"pwrite64": ((), EACCES)}, "memory of the child: /proc/"),
        ({"seccomp": ((), EPERM)}, "seccomp notification: forbidden here"),
        ({"seccomp": ((), ENOSYS)}, "seccomp notification: no seccomp filters"),
        ({"seccomp": ((), EINVAL)}, "seccomp notification: needs Linux 5.0"),
        ({"seccomp": ((), "kill")}, "seccomp notification: the trial process died"),
        (
            {"seccomp": (((EINVAL, ((1, WAIT_KILLABLE, (WAIT_KILLABLE,)),), ""),), "allow")},
            "WAIT_KILLABLE_RECV: needs Linux 5.19",
        ),
        (
            {"ioctl": (((EINVAL, ((1, 2**64 - 1, (0x40182103,)),), ""),), "allow")},
            "ADDFD_SEND: Invalid argument (needs Linux 5.14",
        ),
    ],
)
def test_what_is_missing_is_named(rules: dict[str, Rule], expected: str) -> None:
    said = poorer(rules)
    assert f": {expected}" in said
    assert os.uname().release in said
    assert "\n" not in said


def test_everything_missing_is_named_at_once() -> None:
    said = poorer({"landlock_create_ruleset": ((), ENOSYS), "seccomp": ((), EPERM)})
    assert "Landlock: " in said
    assert "seccomp notification: " in said


def test_an_outer_listener_is_named() -> None:
    program = compile_filter({"getppid": ((), "notify")}, of_machine(MACHINE), otherwise="allow")
    reader, writer = os.pipe()

    def body() -> int:
        os.write(writer, complaint().encode())
        return 0

    child = Child(program, body)
    while call := child.next_call():
        call.let_pass()
    assert child.wait() == 0
    assert b"an outer sandbox has a listener already" in os.read(reader, 4096)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide /proc")
def test_a_missing_proc_is_named() -> None:
    with tempfile.TemporaryDirectory() as empty:

        def scenario() -> str:
            os.chroot(empty)
            os.chdir("/")
            return complaint()

        assert "/proc: not mounted" in str(in_child(scenario))


def test_another_machine_is_named() -> None:
    """personality(PER_LINUX32) makes uname say a 32-bit machine."""
    code = (
        "from shannot.sandbox.channel import kernel_calls as k;"
        "k.call({'x86_64': 135, 'aarch64': 92}[__import__('os').uname().machine], 8);"
        "from shannot.sandbox.channel.probe import probe; probe()"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    last = done.stderr.strip().rpartition("\n")[2]
    assert "is not supported, only x86_64" in last
