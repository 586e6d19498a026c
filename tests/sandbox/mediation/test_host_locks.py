"""A record lock on a file that is the host's is found, and no other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from shannot.sandbox.kernel import files
from shannot.sandbox.mediation import host_locks
from shannot.sandbox.mediation.attendant import Attendant
from shannot.sandbox.mediation.placement import Placement
from shannot.sandbox.spec import Limits
from tests.fakes.world import World

LOCKS = (
    "import fcntl, sys; f = open(sys.argv[1]); fcntl.{}(f, fcntl.LOCK_SH);"
    "print(flush=True); input()"
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    project = tmp_path / "project"
    project.mkdir()
    (project / "host").write_text("text")
    made = World(tmp_path / "private")
    made.map(project, "/project")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("call", "member", "expected"),
    [("lockf", True, True), ("lockf", False, False), ("flock", True, False)],
)
def test_a_record_lock_of_the_run_on_a_file_of_the_host_is_found(
    call: str, member: bool, expected: bool, world: World, tmp_path: Path
) -> None:
    inside = files.openat(world.task, -100, b"/project/host", os.O_RDONLY, 0)
    path = str(tmp_path / "project" / "host")
    with subprocess.Popen(
        [sys.executable, "-c", LOCKS.format(call), path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        world.system.is_member = lambda pid: member and pid == process.pid
        assert host_locks.any_held(world.system) == expected
        process.communicate(b"\n")
    assert not host_locks.any_held(world.system)
    os.close(inside)


def test_a_run_that_holds_one_is_ended(world: World, tmp_path: Path) -> None:
    inside = files.openat(world.task, -100, b"/project/host", os.O_RDONLY, 0)
    with subprocess.Popen(
        [sys.executable, "-c", LOCKS.format("lockf"), str(tmp_path / "project" / "host")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        world.system.is_member = lambda pid: pid == process.pid
        mediator = SimpleNamespace(system=world.system, overdue=lambda: False)
        attendant = Attendant(process.pid, -1, Limits(), mediator, Placement())  # type: ignore[arg-type]  # what a look needs of it
        attendant._look()
        assert attendant.limit is None
        world.system.locks_records = True
        attendant._look()
        assert attendant.limit == "locks"
        assert process.wait() == -9
    os.close(inside)
