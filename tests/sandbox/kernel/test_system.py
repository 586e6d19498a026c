"""Identity, groups and sessions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from errno import EINVAL, EPERM, ESRCH
from pathlib import Path

import pytest

from shannot.sandbox.kernel import system
from shannot.sandbox.kernel.task import Task
from shannot.sandbox.vfs.rights import Identity
from tests.fakes.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "private", Identity(1000, 1001, frozenset((5, 7))))
    made.task.group = made.task.session = 1
    yield made
    made.close()


def relative(world: World, pid: int, parent: int) -> Task:
    """Another process of the run."""
    of = world.task
    made = Task(world.system, pid, parent, of.cwd, of.umask, of.memory, of.descriptors)
    made.group, made.session = of.group, of.session
    world.system.tasks[pid] = made
    world.system.process = world.system.tasks.__getitem__
    world.system.processes = lambda: list(world.system.tasks)
    return made


def code(call: object, *arguments: object) -> int | None:
    with pytest.raises(OSError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.errno


def test_a_process_is_who_it_is_and_becomes_nobody_else(world: World) -> None:
    task = world.task
    assert (system.getuid(task), system.getgid(task)) == (1000, 1001)
    assert system.getgroups(task, 0) == (5, 7)
    assert code(system.getgroups, task, 1) == EINVAL
    assert system.setuid(task, 1000) == system.setresuid(task, -1, 1000, -1) == 0
    assert code(system.setuid, task, 0) == code(system.setresgid, task, -1, 0) == EPERM


def test_a_session_begins_with_its_leader_once(world: World) -> None:
    assert system.setsid(world.task) == os.getpid()
    assert system.getsid(world.task, 0) == system.getpgrp(world.task) == os.getpid()
    assert code(system.setsid, world.task) == EPERM


def test_a_child_is_put_into_a_group_of_its_own_or_of_a_brother(world: World) -> None:
    first = relative(world, 501, os.getpid())
    second = relative(world, 502, os.getpid())
    assert code(system.setpgid, world.task, 501, 777) == EPERM
    assert system.setpgid(world.task, 501, 0) == 0
    assert system.setpgid(world.task, 502, 501) == 0
    assert (first.group, second.group) == (501, 501)
    assert code(system.setpgid, world.task, 501, -1) == EINVAL
    assert code(system.setpgid, first, os.getpid(), 0) == ESRCH


def test_a_child_of_another_session_is_left_alone(world: World) -> None:
    child = relative(world, 501, os.getpid())
    system.setsid(child)
    assert code(system.setpgid, world.task, 501, 0) == EPERM


def test_children_made_before_keep_the_group_of_that_time(world: World) -> None:
    settled: list[int] = []
    world.system.settle = lambda task: settled.append(task.group)
    system.setpgid(world.task, 0, 0)
    assert settled == [1]
