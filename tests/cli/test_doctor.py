from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from errno import EACCES, EINVAL, EIO, ENOSYS, EPERM
from pathlib import Path

import pytest

from shannot.sandbox.channel import kernel_calls
from shannot.sandbox.channel.seccomp_filter import compile_filter
from shannot.sandbox.syscalls.numbers import of_machine
from shannot.workflows.doctor_remedies import REMEDIES
from tests.cli.namespaces import WITHOUT_PROC, in_namespace
from tests.cli.places import Place
from tests.fakes import pypys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.syscalls.rules import Rule

MACHINE = os.uname().machine
pytestmark = pytest.mark.skipif(MACHINE not in ("x86_64", "aarch64"), reason="unknown machine")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


Parts = dict[str, dict[str, str]]

UNDER_FILTER = """
import sys
from shannot.cli.main import program
from shannot.sandbox.channel import kernel_calls as kernel
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
kernel.seccomp_filter(bytes.fromhex(sys.argv.pop(1)), 0)
program()
"""


def doctor(place: Place, rules: dict[str, Rule] | None = None) -> tuple[int, Parts]:
    """(exit code, the parts by name), where these system calls fail."""
    start = ["-m", "shannot"]
    if rules is not None:
        program = compile_filter(rules, of_machine(MACHINE), otherwise="allow")
        start = ["-c", UNDER_FILTER, program.hex()]
    result = subprocess.run(
        [sys.executable, *start, "doctor", "--json"],
        env=place.environment,
        cwd=place.project,
        capture_output=True,
        timeout=60,
    )
    assert result.stderr == b""
    document = json.loads(result.stdout)
    assert document["result"]["works"] == (result.returncode == 0)
    return result.returncode, {part["name"]: part for part in document["result"]["parts"]}


def bad(parts: Parts) -> set[str]:
    return {name for name, part in parts.items() if part["state"] in ("failed", "untried")}


def test_everything_works_here_and_nothing_is_left(place: Place) -> None:
    status, parts = doctor(place)
    assert (status, bad(parts)) == (0, set())
    assert {"seccomp notification", "Landlock", "memory of the child", "child start",
            "overlay write", "refused socket", "confined command", "host command",
            "state directory", "configuration", "pypy", "ssh", "clock"} <= set(parts)  # fmt: skip
    assert not place.state.exists()
    assert sorted(path.name for path in place.project.iterdir()) == ["app.conf", "left\u202eover"]


def test_it_is_one_line_a_part_and_tells_what_to_do(place: Place) -> None:
    place.environment["PATH"] = "/nonexistent"
    result = place.shannot("doctor")
    lines = result.stdout.decode().splitlines()
    assert result.returncode == 0
    assert any(line.startswith("ok    child start") for line in lines)
    where = lines.index("none  ssh                           there is no ssh in PATH")
    assert lines[where + 1] == f"      do: {REMEDIES['ssh']}"


def refused(name: str, argument: int, value: int, errno: int) -> dict[str, Rule]:
    """This system call fails where one argument is just so."""
    return {name: (((errno, ((argument, 0xFFFF_FFFF, (value,)),), ""),), "allow")}


FILTERS: list[tuple[dict[str, Rule], str]] = [
    ({"landlock_create_ruleset": ((), ENOSYS)}, "Landlock"),
    ({"memfd_create": ((), EPERM)}, "memfd_create"),
    ({"seccomp": ((), EPERM)}, "seccomp notification"),
    ({"seccomp": ((), "kill")}, "seccomp notification"),
    ({"pidfd_getfd": ((), EPERM)}, "pidfd_getfd"),
    ({"pidfd_open": ((), ENOSYS)}, "pidfd_getfd"),
    ({"pwrite64": ((), EPERM)}, "memory of the child"),
    (refused("openat", 2, os.O_RDWR | os.O_CLOEXEC, EACCES), "memory of the child"),
    ({"waitid": ((), EPERM)}, "child start"),
    ({"close_range": ((), ENOSYS)}, "child start"),
    ({"prlimit64": ((), EPERM)}, "child start"),
    ({"landlock_restrict_self": ((), EPERM)}, "child start"),
    ({"setsid": ((), EPERM)}, "child start"),
    ({"execveat": ((), ENOSYS)}, "child start"),
    ({"landlock_add_rule": ((), EPERM)}, "child start"),
    (dict.fromkeys(("clone", "clone3", "fork", "vfork"), ((), EPERM)), "processes"),
    ({"execve": ((), EPERM)}, "confined command"),
    ({"fsync": ((), EPERM)}, "state directory"),
    ({"flock": ((), EPERM)}, "state directory"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "part"), FILTERS)
def test_a_part_that_the_kernel_takes_away_is_named_with_its_remedy(
    place: Place, rules: dict[str, Rule], part: str
) -> None:
    status, parts = doctor(place, rules)
    assert status == 1
    assert parts[part]["state"] == "failed", parts
    assert parts[part]["problem"]
    assert parts[part]["remedy"] == REMEDIES[part]
    names = list(parts)
    first = min(names.index(name) for name in bad(parts))
    assert names[first] == part, "what is named first is the cause"


def test_read_only_memory_that_cannot_be_written_is_named_and_all_else_works(place: Place) -> None:
    """As Linux 6.12 does it with proc_mem.force_override=never; the probe writes three bytes."""
    status, parts = doctor(place, refused("pwrite64", 2, 3, EIO))
    assert (status, bad(parts)) == (0, set())
    found = parts["read-only memory of the child"]
    assert (found["state"], found["remedy"]) == (
        "limited",
        "boot with proc_mem.force_override=always",
    )
    assert "Input/output error" in found["problem"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has what a container takes from it")
@pytest.mark.parametrize("taken", ["sys_ptrace", "setuid"])
def test_a_root_without_its_capabilities_is_told_which_it_needs(place: Place, taken: str) -> None:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv is not installed")
    result = subprocess.run(
        [setpriv, f"--bounding-set=-{taken}", sys.executable, "-m", "shannot", "doctor", "--json"],
        env=place.environment,
        cwd=place.project,
        capture_output=True,
        timeout=60,
    )
    parts = {part["name"]: part for part in json.loads(result.stdout)["result"]["parts"]}
    assert result.returncode == 1
    assert parts["child start"]["state"] == "failed"
    assert f"CAP_{taken.upper()}" in parts["child start"]["remedy"]


def test_damaged_sessions_are_counted_and_the_next_step_told(place: Place) -> None:
    first, second, third = sorted(place.session() for _ in range(3))
    assert place.shannot("reject", third).returncode == 0
    status, parts = doctor(place)
    assert (status, parts["sessions"]["state"], parts["sessions"]["detail"]) == (0, "ok", "3")
    sessions = place.state / "shannot" / "sessions"
    (sessions / first / "session.json").write_text("{")
    (sessions / second / "plan.json").unlink()
    status, parts = doctor(place)
    assert (status, parts["sessions"]["state"]) == (0, "limited")
    assert parts["sessions"]["problem"].startswith(f"2 damaged; {sessions}/{first}/session.json")
    assert "shannot prune --damaged" in parts["sessions"]["remedy"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can unmount /proc")
def test_a_missing_proc_is_named(place: Place) -> None:
    command = f"exec {sys.executable} -m shannot doctor"
    result = in_namespace(place, WITHOUT_PROC % command)
    assert result.returncode == 1
    text = result.stdout.decode()
    assert "FAIL  /proc" in text
    assert f"do: {REMEDIES['/proc']}" in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_layer_that_cannot_be_written_is_named(place: Place) -> None:
    """Seven names: the state directory's four, the trial's two, and none for the script's file."""
    place.state.mkdir()
    line = f"mount -t tmpfs -o nr_inodes=7 none $0 && exec {sys.executable} -m shannot doctor"
    result = in_namespace(place, line, str(place.state))
    assert result.returncode == 1
    first = next(line for line in result.stdout.splitlines() if line.startswith(b"FAIL"))
    assert first.startswith(b"FAIL  overlay write")
    assert b"No space left on device" in first
    assert REMEDIES["overlay write"].encode() in result.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_state_directory_without_execution_is_named(place: Place) -> None:
    place.state.mkdir()
    line = f"mount -t tmpfs -o noexec none $0 && exec {sys.executable} -m shannot doctor"
    result = in_namespace(place, line, str(place.state))
    assert result.returncode == 1
    assert b"FAIL  state directory" in result.stdout
    assert b"mounted noexec" in result.stdout


@pytest.mark.parametrize("how", ["file in the way", "of others", "no home"])
def test_a_state_directory_that_cannot_be_is_named(place: Place, how: str) -> None:
    match how:
        case "file in the way":
            place.state.write_text("")
        case "of others":
            (place.state / "shannot").mkdir(parents=True)
            (place.state / "shannot").chmod(0o777)
        case "no home":
            if os.geteuid() == 0:
                pytest.skip("root has /var/lib")
            place.environment["XDG_STATE_HOME"] = place.environment["HOME"] = ""
    status, parts = doctor(place)
    assert (status, bad(parts)) == (1, {"state directory"})
    assert parts["state directory"]["remedy"] == REMEDIES["state directory"]


def write_configuration(place: Place, text: str) -> None:
    config = place.home / ".config" / "shannot"
    config.mkdir(parents=True, mode=0o700)
    (config / "config.toml").write_text(text)
    (config / "config.toml").chmod(0o600)


def test_a_wrong_configuration_is_named(place: Place) -> None:
    write_configuration(place, "[run]\nviev = 'project'\n")
    status, parts = doctor(place)
    assert (status, bad(parts)) == (1, {"configuration"})
    assert "config.toml:2" in parts["configuration"]["problem"]


@pytest.mark.parametrize(
    "text",
    ["profile = 'none'\n", "[profiles.ops]\nauto_approve = ['*']\n"],
)
def test_a_profile_with_which_nothing_would_run_is_named(place: Place, text: str) -> None:
    write_configuration(place, text)
    status, parts = doctor(place)
    assert (status, bad(parts)) == (1, {"configuration"})
    assert parts["configuration"]["problem"].count("config.toml") == 1
    assert parts["configuration"]["detail"] == ""
    assert place.shannot("run", "-c", "pass").returncode == 2
    told = place.shannot("status", "--json").stdout
    assert "config.toml" in json.loads(told)["result"]["problems"][0]


def test_an_interpreter_that_is_none_is_named(place: Place) -> None:
    write_configuration(place, "[run]\npython = '/bin/true'\n")
    status, parts = doctor(place)
    assert status == 1
    assert parts["child start"]["state"] == "failed"
    assert "--python" in parts["child start"]["remedy"]


def test_a_pypy_that_is_not_there_or_damaged_is_named(place: Place) -> None:
    _, parts = doctor(place)
    assert (parts["pypy"]["state"], parts["pypy"]["problem"]) == ("absent", "not installed")
    archives = place.home / "archives"
    archives.mkdir()
    (archives / "program.tar.gz").write_bytes(pypys.program_archive())
    (archives / "library.tar.bz2").write_bytes(pypys.library_archive())
    assert place.shannot("setup", "pypy", "--from", str(archives)).returncode == 0
    (place.state / "shannot" / "runtime" / "pypy" / "lib_pypy" / "_structseq.py").write_text("x")
    status, parts = doctor(place)
    assert status == 0
    assert parts["pypy"]["state"] == "limited"
    assert "not those that were installed" in parts["pypy"]["problem"]
    write_configuration(place, "[run]\nruntime = 'pypy'\n")
    status, parts = doctor(place)
    assert (status, bad(parts)) == (1, {"pypy"})
    assert parts["pypy"]["remedy"] == REMEDIES["pypy"]


def test_a_pypy_that_does_not_run_scripts_is_named(place: Place) -> None:
    """The program of the tests prints the dump whatever is asked."""
    archives = place.home / "archives"
    archives.mkdir()
    (archives / "program.tar.gz").write_bytes(pypys.program_archive())
    (archives / "library.tar.bz2").write_bytes(pypys.library_archive())
    place.shannot("setup", "pypy", "--from", str(archives))
    status, parts = doctor(place)
    assert (status, parts["pypy"]["state"]) == (0, "limited")
    assert parts["pypy"]["problem"].startswith("child start: ")


@pytest.mark.pypy
def test_a_real_pypy_is_tried(place: Place) -> None:
    path = os.environ.get("SHANNOT_TEST_PYPY")
    if not path:
        pytest.skip("SHANNOT_TEST_PYPY names no sandboxed pypy3-c")
    assert place.shannot("setup", "pypy", "--from", str(Path(path).parent)).returncode == 0
    status, parts = doctor(place)
    assert (status, parts["pypy"]["state"]) == (0, "ok"), parts["pypy"]
    runtime = place.state / "shannot" / "runtime"
    left = {path.name for path in runtime.iterdir()}
    assert left <= {"pypy", "pypy.lock", "pypy.checked", "pypy.cache"}, "as after any run"
    assert place.shannot("setup", "pypy", "--remove").returncode == 0
    assert {path.name for path in runtime.iterdir()} == {"pypy.lock"}


def test_an_ssh_that_is_broken_is_named(place: Place) -> None:
    directory = place.home / "bin"
    directory.mkdir()
    (directory / "ssh").write_text("#!/bin/sh\necho broken >&2; exit 3\n")
    (directory / "ssh").chmod(0o755)
    place.environment["PATH"] = str(directory)
    _, parts = doctor(place)
    assert parts["ssh"]["state"] == "limited"
    assert "ends with 3: broken" in parts["ssh"]["problem"]


def argument(number: int, mask: int, value: int, action: int) -> Rule:
    """A call fails where `argument & mask` is this value, and passes otherwise."""
    return ((action, ((number, mask, (value,)),), ""),), "allow"


NEWER: list[tuple[str, Rule, str]] = [
    ("seccomp", argument(1, kernel_calls.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                         kernel_calls.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, EINVAL),
     "WAIT_KILLABLE_RECV"),
    ("ioctl", argument(1, 0xFFFF_FFFF, kernel_calls.SECCOMP_IOCTL_NOTIF_ADDFD, EINVAL),
     "ADDFD_SEND"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "rule", "part"), NEWER)
def test_what_an_older_kernel_lacks_is_named_with_its_remedy(
    place: Place, call: str, rule: Rule, part: str
) -> None:
    status, parts = doctor(place, {call: rule})
    assert status == 1
    assert parts[part]["state"] == "failed", parts
    assert parts[part]["remedy"] == REMEDIES[part]
    assert min(list(parts).index(name) for name in bad(parts)) == list(parts).index(part)


def test_a_machine_that_is_not_supported_is_named(place: Place) -> None:
    """A personality is how the kernel itself tells a process that it is on another machine."""
    setarch = shutil.which("setarch")
    if setarch is None or MACHINE != "x86_64":
        pytest.skip("setarch, or an x86_64 machine, is missing")
    result = subprocess.run(
        [setarch, "linux32", sys.executable, "-m", "shannot", "doctor"],
        env=place.environment,
        cwd=place.project,
        capture_output=True,
        timeout=60,
    )
    assert result.returncode == 1
    assert b"FAIL  machine" in result.stdout, result.stdout
    assert REMEDIES["machine"].encode() in result.stdout


def test_an_audit_log_that_was_edited_is_named(place: Place) -> None:
    place.session()
    place.shannot("run", "-q", "-c", "pass")
    (log,) = (place.state / "shannot" / "audit").glob("*.jsonl")
    log.write_bytes(log.read_bytes().replace(b"run", b"ran", 1))
    status, parts = doctor(place)
    assert parts["audit log"]["state"] in ("failed", "limited"), parts["audit log"]
    assert parts["audit log"]["remedy"] == REMEDIES["audit log"]
    assert status == (parts["audit log"]["state"] == "failed")


def test_a_clock_behind_the_newest_session_is_named(place: Place) -> None:
    sessions = place.state / "shannot" / "sessions" / "20990101-000000-x-0000"
    sessions.mkdir(parents=True, mode=0o700)
    for directory in (place.state / "shannot", place.state / "shannot" / "sessions"):
        directory.chmod(0o700)
    _, parts = doctor(place)
    assert "is from the future" in parts["clock"]["problem"]
    assert parts["clock"]["remedy"] == REMEDIES["clock"]


def test_a_missing_terminal_is_named(place: Place) -> None:
    result = place.shannot("doctor", "--json")
    parts = {part["name"]: part for part in json.loads(result.stdout)["result"]["parts"]}
    assert parts["terminal"]["state"] in ("limited", "absent")
    assert parts["terminal"]["remedy"] == REMEDIES["terminal"]
