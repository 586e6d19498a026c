"""Locks are taken on files of the layer, and never on those of the host."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from errno import EAGAIN, EBADF, EINVAL, EPERM, EWOULDBLOCK
from pathlib import Path

import pytest

from shannot.sandbox.kernel import files, locks
from shannot.sandbox.kernel.answers import CONTINUE
from tests.fakes.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    project = tmp_path / "project"
    project.mkdir()
    (project / "host").write_text("text")
    made = World(tmp_path / "private")
    made.map(project, "/project")
    yield made
    made.close()


def opened(world: World, name: str, flags: int) -> int:
    return files.openat(world.task, -100, os.fsencode(f"/project/{name}"), flags, 0o644)


def code(call: object, *arguments: object) -> int | None:
    with pytest.raises(OSError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.errno


def test_two_open_files_of_the_layer_exclude_each_other(world: World) -> None:
    first = opened(world, "new", os.O_RDWR | os.O_CREAT)
    second = opened(world, "new", os.O_RDWR)
    assert locks.flock(world.task, first, fcntl.LOCK_EX) == -1
    assert code(locks.flock, world.task, second, fcntl.LOCK_EX | fcntl.LOCK_NB) == EWOULDBLOCK
    waiting = locks.flock(world.task, second, fcntl.LOCK_EX)
    assert waiting >= 0
    assert locks.flock(world.task, first, fcntl.LOCK_UN) == -1
    fcntl.flock(waiting, fcntl.LOCK_EX | fcntl.LOCK_NB)  # shares the open file of `second`
    assert code(locks.flock, world.task, first, fcntl.LOCK_SH | fcntl.LOCK_NB) == EWOULDBLOCK
    for host_fd in (first, second, waiting):
        os.close(host_fd)


def test_a_file_of_the_host_is_never_locked(world: World, tmp_path: Path) -> None:
    inside = opened(world, "host", os.O_RDONLY)
    assert locks.flock(world.task, inside, fcntl.LOCK_EX) == -1
    assert locks.fcntl(world.task, inside, 6) == 0  # F_SETLK
    with open(tmp_path / "project" / "host") as outside:
        fcntl.flock(outside, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(inside)


def test_an_unknown_operation_is_an_error(world: World) -> None:
    for operation in (0, 3, fcntl.LOCK_NB, 32, fcntl.LOCK_EX | fcntl.LOCK_SH):
        assert code(locks.flock, world.task, 0, operation) == EINVAL


def test_record_locks_of_the_layer_are_the_kernels(world: World) -> None:
    inside = opened(world, "new", os.O_RDWR | os.O_CREAT)
    assert not world.system.locks_records
    for command in (5, 6, 7):
        assert locks.fcntl(world.task, inside, command) == CONTINUE
    assert world.system.locks_records
    os.close(inside)


def test_locks_of_open_files_are_taken_through_a_duplicate_that_was_looked_at(
    world: World,
) -> None:
    first = opened(world, "new", os.O_RDWR | os.O_CREAT)
    second = opened(world, "new", os.O_RDWR)
    whole = struct.pack("=hh4xqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
    assert locks.lock_open_file(world.task, first, locks.F_OFD_SETLK, whole) == (-1, None)
    again = locks.lock_open_file, world.task, second, locks.F_OFD_SETLK, whole
    assert code(*again) == EAGAIN
    shared, _ = locks.lock_open_file(world.task, second, locks.F_OFD_SETLKW, whole)
    assert shared >= 0
    _, found = locks.lock_open_file(world.task, second, locks.F_OFD_GETLK, whole)
    assert found is not None
    assert struct.unpack("=hh4xqqi4x", found) == (fcntl.F_WRLCK, 0, 0, 0, -1)
    for host_fd in (first, second, shared):
        os.close(host_fd)


def test_the_lock_of_an_open_file_is_never_one_of_the_host(world: World, tmp_path: Path) -> None:
    inside = opened(world, "host", os.O_RDONLY)
    shared = struct.pack("=hh4xqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0)
    for command in (locks.F_OFD_SETLK, locks.F_OFD_SETLKW):
        assert locks.lock_open_file(world.task, inside, command, shared) == (-1, None)
    with open(tmp_path / "project" / "host", "r+") as outside:
        fcntl.lockf(outside, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(inside)


def test_signals_for_descriptors_and_leases_are_not_permitted(world: World) -> None:
    for command in (8, 10, 1024, 1026, 1033):  # F_SETOWN F_SETSIG F_SETLEASE F_NOTIFY F_ADD_SEALS
        assert code(locks.fcntl, world.task, 0, command) == EPERM
    assert code(locks.fcntl, world.task, 0, 4242) == EINVAL


def test_a_closed_descriptor_is_an_error(world: World) -> None:
    inside = opened(world, "host", os.O_RDONLY)
    os.close(inside)
    assert code(locks.flock, world.task, inside, fcntl.LOCK_EX) == EBADF
    assert code(locks.fcntl, world.task, inside, 6) == EBADF
