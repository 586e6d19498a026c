"""Limits, priorities and processors."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from errno import EINVAL, EPERM, ESRCH
from pathlib import Path

import pytest

from shannot.sandbox.kernel import resources
from shannot.sandbox.kernel.answers import CONTINUE
from tests.fakes.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "private")
    made.system.processors = frozenset((0, 3))
    yield made
    made.close()


def code(call: object, *arguments: object) -> int | None:
    with pytest.raises(OSError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.errno


def test_a_process_sets_its_own_limits_by_the_kernel(world: World) -> None:
    for pid in (0, os.getpid()):
        assert resources.prlimit64(world.task, pid, resource.RLIMIT_NOFILE, 1 << 40) is None
    assert code(resources.prlimit64, world.task, 0, 16, 0) == EINVAL


def test_the_limits_of_another_are_read_not_set(world: World) -> None:
    world.task.pid = 2  # some other process asks
    pid = os.getpid()
    expected = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert resources.prlimit64(world.task, pid, resource.RLIMIT_NOFILE, 0) == expected
    assert resources._listed(pid, resource.RLIMIT_NOFILE) == expected
    assert code(resources.prlimit64, world.task, pid, resource.RLIMIT_NOFILE, 8) == EPERM
    assert code(resources.prlimit64, world.task, 1, resource.RLIMIT_NOFILE, 0) == ESRCH


def test_the_kinds_of_limits_are_listed_in_their_order() -> None:
    for kind in range(16):
        assert resources._listed(os.getpid(), kind) == resource.getrlimit(kind)


def test_processors_are_those_the_run_may_use_until_the_script_chooses(world: World) -> None:
    assert resources.sched_getaffinity(world.task, 0, 128) == (9).to_bytes(8, "little")
    assert code(resources.sched_getaffinity, world.task, 0, 4) == EINVAL
    assert code(resources.sched_getaffinity, world.task, 1, 128) == ESRCH
    released: list[bool] = []
    world.system.unpin = lambda: released.append(True)
    assert resources.sched_setaffinity(world.task, 0) == CONTINUE
    assert released == [True]
    assert resources.sched_getaffinity(world.task, 0, 128) is None


def test_nobody_elses_priority_or_processors_are_changed(world: World) -> None:
    assert code(resources.sched_setaffinity, world.task, 1) == ESRCH
    assert code(resources.setpriority, world.task, os.PRIO_PROCESS, 1) == EPERM
    assert code(resources.setpriority, world.task, os.PRIO_USER, 0) == EPERM
    assert resources.setpriority(world.task, os.PRIO_PROCESS, 0) == CONTINUE
    assert resources.sched_setscheduler(world.task, 0, os.SCHED_BATCH) == CONTINUE
    assert code(resources.sched_setscheduler, world.task, 0, os.SCHED_FIFO) == EPERM
    assert code(resources.sched_setscheduler, world.task, 1, os.SCHED_OTHER) == EPERM
