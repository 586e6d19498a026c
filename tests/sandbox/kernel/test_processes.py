"""Programs: what execve(2) finds, what `#!` lines do, what fork may."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterator
from errno import E2BIG, EACCES, ELOOP, ENOENT, ENOEXEC, EPERM, ETXTBSY
from pathlib import Path

import pytest

from shannot.sandbox.kernel import files, paths, processes
from shannot.sandbox.spec import Answer, CommandRequest
from shannot.sandbox.syscalls.rules import THREAD_FLAGS
from tests.fakes.world import World

INTERPRETER = b"/usr/bin/interpreter"


class Gate:
    """Confines everything, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[CommandRequest] = []
        self.answer = Answer("confine")

    def command(self, request: CommandRequest) -> Answer:
        self.asked.append(request)
        return self.answer


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def world(tmp_path: Path, gate: Gate) -> Iterator[World]:
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy("/bin/true", project / "program")
    (project / "text").write_text("echo text\n")
    (project / "plain").write_text("#!/project/program\n")
    (project / "script").write_text("#! /project/program  an argument \nrest\n")
    (project / "nested").write_text("#!/project/script\n")
    (project / "lost").write_text("#!/nowhere\n")
    (project / "empty").write_text("#!  \n")
    (project / "round").write_text("#!/project/round\n")
    for path in project.iterdir():
        path.chmod(0o755)
    (project / "plain").chmod(0o644)
    made = World(tmp_path / "private")
    made.map(project, "/project")
    for directory in ("/lib64", "/lib", "/usr"):
        if os.path.exists(directory):
            made.map(Path(directory), directory, "ro")
    made.system.gate = gate  # type: ignore[assignment]
    made.enter("/project")
    yield made
    made.close()


def prepared(world: World, path: bytes, *argv: bytes) -> processes.Execution:
    return processes.prepare(world.task, path, argv or (path,), (b"A=1", b"odd", b"A=2"))


def code(world: World, path: bytes, *argv: bytes) -> int | None:
    with pytest.raises(OSError) as caught:
        prepared(world, path, *argv)
    return caught.value.errno


def test_the_gate_is_asked_about_what_was_named_where_the_host_has_it(
    world: World, gate: Gate, tmp_path: Path
) -> None:
    execution = prepared(world, b"script", b"name", b"x")
    assert execution.program.path == b"/project/program"
    assert execution.program.prefix == (b"/project/program", b"an argument", b"script")
    asked = gate.asked[0]
    assert (asked.argv, asked.executable, asked.directory) == (
        (b"name", b"x"), bytes(tmp_path / "project" / "script"), bytes(tmp_path / "project"),
    )  # fmt: skip
    assert asked.environment == {b"A": b"1"}


def test_the_gate_knows_a_directory_that_is_the_script_s_own(world: World, gate: Gate) -> None:
    world.tree.private(b"/tmp")
    prepared(world, b"/project/program")
    world.enter("/tmp")
    prepared(world, b"/project/program")
    assert [asked.in_private for asked in gate.asked] == [False, True]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (b"/tmp/mine", True),
        (b"/tmp/./mine/x", True),
        (b"//tmp//mine", True),
        (b"/etc/../tmp/mine", True),
        (b"../tmp/mine", True),
        (b"--file=/tmp/mine", True),
        (b"-I/tmp", True),
        (b"host:/tmp/mine", True),
        (b"/etc:/tmp/mine", True),
        (b"--bind=/etc,/tmp/mine", True),
        (b"-v/etc:/tmp/other", False),
        (b"/tmp", True),
        (b"/tmp/other", False),
        (b"/var/tmp", False),
        (b"/project/program", False),
        (b"mine", False),
        (b"/", False),
        (b"", False),
    ],
)
def test_the_gate_knows_a_word_that_names_what_is_the_script_s_own(
    world: World, gate: Gate, word: bytes, expected: bool
) -> None:
    """An allowed `cat /tmp/mine` printed what the host had under that name."""
    world.tree.private(b"/tmp")
    world.tree.private(b"/var/tmp")
    files.openat(world.task, -100, b"/tmp/mine", os.O_CREAT | os.O_WRONLY, 0o600)
    world.enter("/project")
    processes.prepare(world.task, b"/project/program", (b"program", word), ())
    assert [asked.in_private for asked in gate.asked] == [expected]


def test_a_project_below_the_script_s_own_tmp_is_the_host_s(
    world: World, gate: Gate, tmp_path: Path
) -> None:
    world.tree.private(b"/tmp")
    world.map(tmp_path / "project", "/tmp/a/project")
    world.enter("/tmp/a/project")
    for word in (b"/tmp/a/project/text", b"/tmp", b"/tmp/a", b"../project/text"):
        processes.prepare(world.task, b"/project/program", (b"program", word), ())
    assert [asked.in_private for asked in gate.asked] == [False] * 4


def test_scripts_may_name_scripts(world: World) -> None:
    prefix = prepared(world, b"/project/nested").program.prefix
    assert prefix == (b"/project/program", b"an argument", b"/project/script", b"/project/nested")
    assert code(world, b"round") == ELOOP


def test_what_cannot_be_executed_has_the_kernels_error(world: World, gate: Gate) -> None:
    expected = {
        b"text": ENOEXEC, b"empty": ENOEXEC, b"plain": EACCES, b"lost": ENOENT, b"/project": EACCES,
        b"nowhere": ENOENT, b"": ENOENT, b"program/below": 20,
    }  # fmt: skip
    assert {path: code(world, path) for path in expected} == expected
    assert gate.asked == []


def test_a_program_of_another_machine_is_none(world: World, tmp_path: Path) -> None:
    program = (tmp_path / "project" / "program").read_bytes()
    for name, data in {
        "other": program[:18] + struct.pack("<H", 0xF3) + program[20:],
        "narrow": program[:4] + b"\1" + program[5:],
        "cut": program[:30],
        "torn": program[:80],
        "table beyond all files": program[:32] + b"\xf0" + b"\xff" * 7 + program[40:],
    }.items():
        path = tmp_path / "project" / name
        path.write_bytes(data)
        path.chmod(0o755)
        assert code(world, os.fsencode(name)) == ENOEXEC


def test_arguments_have_the_kernels_bound(world: World) -> None:
    prepared(world, b"program", *[b"x" * 1000] * 100)
    assert code(world, b"program", *[b"x" * 100_000] * 70) == E2BIG


def test_what_only_the_layer_has_is_told_and_busy_while_written(world: World, gate: Gate) -> None:
    created = os.O_RDWR | os.O_CREAT
    host_fd = files.openat(world.task, -100, b"/project/new", created, 0o755)
    os.write(host_fd, b"#!/project/program\n")
    assert code(world, b"new") == ETXTBSY
    os.close(host_fd)
    prepared(world, b"new")
    assert gate.asked[-1].in_overlay


def test_a_program_of_the_host_is_one_only_at_its_own_path(
    world: World, gate: Gate, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    world.map(project)
    world.enter(project)
    prepared(world, b"program")
    paths.renameat2(world.task, -100, b"program", -100, b"moved", 0)
    prepared(world, b"moved")
    prepared(world, b"/project/program")
    assert [asked.in_overlay for asked in gate.asked] == [False, True, False]


def test_the_runs_own_interpreter_is_known(world: World, gate: Gate) -> None:
    world.system.interpreter = b"/project/program"
    prepared(world, b"program")
    prepared(world, b"script")
    assert [asked.own for asked in gate.asked] == [True, False]


def test_a_refused_command_has_the_errno_of_the_gate(world: World, gate: Gate) -> None:
    gate.answer = Answer("refuse", errno=EACCES)
    assert code(world, b"program") == EACCES
    gate.answer = Answer("refuse")
    assert code(world, b"program") == EPERM


def test_forks_are_counted_and_threads_are_not(world: World) -> None:
    assert processes.check_clone(world.task, THREAD_FLAGS)
    assert (world.task.forks, world.task.lends_memory) == (0, False)
    assert not processes.check_clone(world.task, 17)
    assert (world.task.forks, world.task.lends_memory) == (1, False)
    assert not processes.check_clone(world.task, 0x4111)
    assert (world.task.forks, world.task.lends_memory) == (2, True)


@pytest.mark.parametrize(
    "flags",
    [0x10000, 0x10900, 0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000,
     0x40000000, 0x80, 0x8000, 0x2000, 0x800000, 1 << 33, 1 << 63],
)  # fmt: skip
def test_namespaces_and_foreign_parents_and_descriptors_are_not_permitted(
    world: World, flags: int
) -> None:
    with pytest.raises(PermissionError):
        processes.check_clone(world.task, flags | 17)
