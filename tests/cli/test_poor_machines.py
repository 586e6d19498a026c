"""What the command line says where the machine lacks, or has run out of, something."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from errno import EIO, ENOSYS, EPERM
from pathlib import Path

import pytest

from shannot.sandbox.channel import kernel_calls as kernel
from shannot.sandbox.channel.seccomp_filter import compile_filter
from shannot.sandbox.syscalls.numbers import of_machine
from tests.cli.namespaces import WITHOUT_PROC, in_namespace
from tests.cli.places import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.syscalls.rules import Rule

MACHINE = os.uname().machine
pytestmark = pytest.mark.skipif(MACHINE not in ("x86_64", "aarch64"), reason="unknown machine")


def run(
    place: Place, prepare: Callable[[], None], code: str = "print('ran')"
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "shannot", "run", "-c", code],
        env=place.environment,
        cwd=place.project,
        capture_output=True,
        preexec_fn=prepare,
        timeout=60,
    )


def under_filter(
    place: Place, rules: dict[str, Rule], code: str = "print('ran')"
) -> subprocess.CompletedProcess[bytes]:
    """The command line where these calls fail."""
    program = compile_filter(rules, of_machine(MACHINE), otherwise="allow")

    def prepare() -> None:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.seccomp_filter(program, 0)

    return run(place, prepare, code)


def refused_ioctl(request: int) -> dict[str, Rule]:
    return {"ioctl": (((EPERM, ((1, (1 << 64) - 1, (request,)),), ""),), "allow")}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"landlock_create_ruleset": ((), ENOSYS)}, "Landlock: not in this kernel"),
        ({"landlock_add_rule": ((), EPERM)}, "cannot start the sandbox: Operation not permitted"),
        ({"pidfd_getfd": ((), EPERM)}, "pidfd_getfd: Operation not permitted"),
        ({"pidfd_open": ((), ENOSYS)}, "pidfd_getfd: Function not implemented"),
        ({"pwrite64": ((), EPERM)}, "memory of the child: /proc/"),
        ({"seccomp": ((), EPERM)}, "seccomp notification: forbidden here"),
        ({"seccomp": ((), "kill")}, "seccomp notification: the trial process died"),
        ({"setsid": ((), EPERM)}, "cannot start the sandbox: setsid: Operation not permitted"),
        ({"execveat": ((), ENOSYS)}, "cannot start the interpreter: execveat: Function not"),
        ({"memfd_create": ((), EPERM)}, "memfd_create: forbidden here (Operation not permitted)"),
        (refused_ioctl(kernel.SECCOMP_IOCTL_NOTIF_ADDFD), "ADDFD_SEND: Operation not permitted"),
        (
            refused_ioctl(kernel.SECCOMP_IOCTL_NOTIF_SEND),
            "cannot answer the script's calls: Operation not permitted",
        ),
    ],
)
def test_what_the_kernel_lacks_is_named_in_one_line(
    tmp_path: Path, rules: dict[str, Rule], expected: str
) -> None:
    result = under_filter(Place(tmp_path), rules)
    assert (result.returncode, result.stdout) == (125, b"")
    assert result.stderr.count(b"\n") == 1
    assert expected in result.stderr.decode()


def test_a_command_that_read_only_memory_names_is_told_of_with_its_remedy(tmp_path: Path) -> None:
    """As with proc_mem.force_override=never: the two bytes over its path cannot be written."""
    eio: dict[str, Rule] = {"pwrite64": (((EIO, ((2, 0xFFFF_FFFF, (2,)),), ""),), "allow")}
    result = under_filter(Place(tmp_path), eio, "import os; print(os.system('true') >> 8)")
    assert (result.returncode, result.stdout) == (0, b"127\n")
    assert result.stderr.count(b"\n") == 1
    assert result.stderr.startswith(b"shannot: not in the plan: /bin/sh: not started: ")
    assert b"proc_mem.force_override=always" in result.stderr


@pytest.mark.parametrize("name", ["sched_setaffinity", "getcpu"])
def test_a_service_that_may_not_choose_its_processors_runs(name: str, tmp_path: Path) -> None:
    result = under_filter(Place(tmp_path), {name: ((), EPERM)})
    assert (result.returncode, result.stdout, result.stderr) == (0, b"ran\n", b"")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can unmount /proc")
def test_a_missing_proc_is_one_line(tmp_path: Path) -> None:
    place = Place(tmp_path)
    command = f"exec {sys.executable} -m shannot run -c pass"
    result = in_namespace(place, WITHOUT_PROC % command)
    assert (result.returncode, result.stdout) == (125, b"")
    assert result.stderr.count(b"\n") == 1
    assert b"/proc: not mounted" in result.stderr


@pytest.mark.parametrize("size", [0, 4096])
def test_a_limit_on_the_size_of_files_is_one_line(tmp_path: Path, size: int) -> None:
    result = run(Place(tmp_path), lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
    assert (result.returncode, result.stdout) == (125, b"")
    assert result.stderr.decode() == (
        f"shannot: files of more than {size} bytes cannot be written:"
        " `ulimit -f` of this process must be 1024 at least\n"
    )


@pytest.mark.parametrize("number", [13, 18, 24])
def test_too_few_descriptors_are_one_line(tmp_path: Path, number: int) -> None:
    result = run(
        Place(tmp_path), lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))
    )
    assert (result.returncode, result.stdout) == (125, b"")
    assert result.stderr == (
        b"shannot: too many open files: `ulimit -n` of this process is too low\n"
    )


def test_a_machine_without_its_devices_is_told_so_in_one_line(tmp_path: Path) -> None:
    place = Place(tmp_path)
    line = 'mount -t tmpfs none /dev && exec "$0" -m shannot run -c 0'
    done = in_namespace(place, line, sys.executable)
    assert done.returncode == 125, done.stderr
    assert done.stderr.startswith(b"shannot: /dev/null is not a device here"), done.stderr
    assert done.stderr.count(b"\n") == 1
