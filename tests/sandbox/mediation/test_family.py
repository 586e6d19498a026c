"""Who is whose child, and what it took over: with real processes of the test's own group."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.sandbox.kernel.task import Task
from shannot.sandbox.mediation.family import Family
from shannot.sandbox.mediation.flights import Flights, go_on, stop
from shannot.sandbox.vfs.node import Directory, Mount
from tests.fakes.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "private")
    yield made
    made.close()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def family_of(world: World) -> tuple[Family, Task]:
    family = Family(world.system, os.getpgrp())
    world.endings.append(family.close)
    task = family.add(os.getpid(), world.tree.root, 0o22)
    task.group, task.session = 71, 72
    return family, task


def elsewhere() -> Directory:
    return Directory(Mount("private", None), 0o755, 1, 0, 0)


def test_a_child_has_what_its_parent_had_at_the_fork(
    world: World, sleeper: subprocess.Popen[bytes]
) -> None:
    family, parent = family_of(world)
    parent.forks = 1
    family.settle(parent)
    parent.cwd, parent.umask, parent.group = elsewhere(), 0o77, 99
    child = family.of_thread(sleeper.pid)
    assert (child.cwd, child.umask, child.group, child.session) == (world.tree.root, 0o22, 71, 72)
    assert (child.parent_pid, parent.forks) == (os.getpid(), 0)
    assert not child.shares_memory
    assert family.process(sleeper.pid) is child


def test_a_child_that_nobody_settled_has_what_its_parent_has(
    world: World, sleeper: subprocess.Popen[bytes]
) -> None:
    family, parent = family_of(world)
    parent.cwd = elsewhere()
    parent.forks, parent.lends_memory = 1, True
    child = family.process(sleeper.pid)
    assert child.cwd is parent.cwd
    assert not child.shares_memory  # it has executed a program: the kernel is asked


def test_a_number_that_is_used_again_is_another_process(world: World) -> None:
    family, _ = family_of(world)
    process = subprocess.Popen(["sleep", "60"])
    first = family.process(process.pid)
    process.kill()
    process.wait()
    with pytest.raises(ProcessLookupError):
        family.process(process.pid)
    assert world.system.tasks[process.pid] is first  # kept until somebody needs the number


def test_what_is_not_of_the_run_does_not_exist(world: World) -> None:
    family, _ = family_of(world)
    outside = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        for pid in (outside.pid, 1, 1 << 30):
            if pid == 1 and os.getpgid(1) == os.getpgrp():
                continue  # in a container, where both groups are somebody's outside
            assert not family.is_member(pid)
            with pytest.raises(ProcessLookupError):
                family.process(pid)
        assert outside.pid not in family.processes()
        assert os.getpid() in family.processes()
    finally:
        outside.kill()
        outside.wait()


def test_an_orphan_belongs_to_a_parent_that_ended_with_a_fork_open(world: World) -> None:
    family, _ = family_of(world)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        orphan = os.fork()
        if orphan == 0:
            signal.pause()
        os.write(writer, b"%d" % orphan)
        os.read(reader, 0)
        os._exit(0)
    middle = family.process(pid)
    middle.cwd, middle.forks = elsewhere(), 1
    orphan = int(os.read(reader, 20))
    os.waitpid(pid, 0)
    try:
        assert family.of_thread(orphan).cwd is middle.cwd
    finally:
        os.kill(orphan, signal.SIGKILL)


def test_those_that_ended_are_forgotten_when_they_are_many(world: World) -> None:
    family, _ = family_of(world)
    for _ in range(70):
        process = subprocess.Popen(["sleep", "60"])
        family.process(process.pid)
        process.kill()
        process.wait()
    family.forget_ended()
    assert list(world.system.tasks) == [os.getpid()]


def test_an_exec_whose_process_was_killed_is_lost_at_once(world: World) -> None:
    family, _ = family_of(world)
    process = subprocess.Popen(["sleep", "60"])
    child = family.process(process.pid)
    flights = Flights()
    flights.begin(child)
    assert flights.busy(child)
    assert flights.lost() == []
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert flights.lost() == [child]
    flights.end(child)
    assert not flights.busy(child)
    process.wait()


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def test_only_a_process_of_the_run_is_stopped(sleeper: subprocess.Popen[bytes]) -> None:
    with pytest.raises(ProcessLookupError):
        stop(sleeper.pid, lambda _pid: False)
    assert state_of(sleeper.pid) != "T"
    pidfd = stop(sleeper.pid, lambda _pid: True)
    while state_of(sleeper.pid) != "T":
        pass
    go_on(pidfd)
    while state_of(sleeper.pid) == "T":
        pass


def test_children_that_failed_to_fork_are_forgotten_in_the_end(world: World) -> None:
    family, _ = family_of(world)
    for _ in range(200):
        process = subprocess.Popen(["sleep", "60"])
        family.process(process.pid).forks = 1
        process.kill()
        process.wait()
    family.forget_ended()
    assert len(world.system.tasks) <= 65
