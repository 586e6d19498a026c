"""FIFOs of the layer: what an open waits for, who may, and what is left of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from errno import EACCES, EEXIST, ENXIO, EPERM
from pathlib import Path

import pytest

from shannot.sandbox.kernel import files, metadata, paths
from shannot.sandbox.kernel.answers import OpensLater
from shannot.sandbox.vfs.rights import Identity
from tests.fakes.scenes import Scene
from tests.fakes.world import World

FIFO = stat.S_IFIFO
PIPE = b"/project/pipe"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "project").mkdir()
    made = World(tmp_path / "private")
    made.map(tmp_path / "project", "/project")
    paths.mknodat(made.task, -100, PIPE, FIFO | 0o600)
    yield made
    made.close()


def opened(world: World, flags: int) -> int:
    return files.openat(world.task, -100, PIPE, flags, 0)


def code(call: object, *arguments: object) -> int | None:
    with pytest.raises(OSError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.errno


def test_nothing_is_made_on_the_host(world: World, tmp_path: Path) -> None:
    assert os.listdir(tmp_path / "project") == []
    assert stat.S_ISFIFO(metadata.newfstatat(world.task, -100, PIPE, 0)[3])  # type: ignore[arg-type]  # not packed
    assert code(paths.mknodat, world.task, -100, PIPE, FIFO | 0o600) == EEXIST


def test_devices_and_sockets_are_not_made(world: World) -> None:
    for kind in (stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK):
        assert code(paths.mknodat, world.task, -100, b"/project/x", kind | 0o600) == EPERM


def test_each_end_waits_for_the_other_and_the_mediator_for_none(world: World) -> None:
    with pytest.raises(OpensLater) as caught:
        opened(world, os.O_RDONLY)
    reader = caught.value
    with pytest.raises(BlockingIOError):
        reader.attempt(reader.host_fd)
    writer = opened(world, os.O_WRONLY | os.O_NONBLOCK)
    assert reader.attempt(reader.host_fd) == reader.host_fd
    os.write(writer, b"through")
    assert os.read(reader.host_fd, 99) == b"through"
    assert os.get_blocking(reader.host_fd)
    os.close(reader.host_fd)
    os.close(writer)
    with pytest.raises(OpensLater) as caught:
        opened(world, os.O_WRONLY)
    late = caught.value
    with pytest.raises(BlockingIOError):
        late.attempt(late.host_fd)
    reading = opened(world, os.O_RDONLY | os.O_NONBLOCK)
    writing = late.attempt(late.host_fd)
    assert os.get_blocking(writing)
    for host_fd in (late.host_fd, reading, writing):
        os.close(host_fd)


def test_a_writer_that_came_and_went_is_not_waited_for(world: World) -> None:
    with pytest.raises(OpensLater) as caught:
        opened(world, os.O_RDONLY)
    reader = caught.value
    os.close(opened(world, os.O_WRONLY | os.O_NONBLOCK))
    assert reader.attempt(reader.host_fd) == reader.host_fd
    assert os.read(reader.host_fd, 1) == b""
    os.close(reader.host_fd)


def test_without_waiting_a_writer_needs_a_reader(world: World) -> None:
    assert code(opened, world, os.O_WRONLY | os.O_NONBLOCK) == ENXIO
    both = opened(world, os.O_RDWR)
    os.close(opened(world, os.O_WRONLY | os.O_NONBLOCK))
    os.close(both)


def test_a_mode_is_heeded(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    world = World(tmp_path / "private", Identity(4242, 4242, frozenset()))
    world.map(tmp_path / "project", "/project", "private")
    world.system.lookup.root.upper[b"project"].own_mode = True  # type: ignore[union-attr]  # it is there
    world.system.lookup.root.upper[b"project"].uid = 4242  # type: ignore[union-attr]  # as above
    paths.mknodat(world.task, -100, PIPE, FIFO | 0o200)
    assert code(opened, world, os.O_RDONLY | os.O_NONBLOCK) == EACCES
    assert code(opened, world, os.O_RDWR) == EACCES
    world.close()


def test_a_runtime_that_cannot_wait_makes_none(world: World) -> None:
    world.system.children = object()  # type: ignore[assignment]  # any will do
    assert code(paths.mknodat, world.task, -100, b"/project/other", FIFO) == EPERM


def test_one_that_is_left_is_named_and_not_planned(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "scene")
    scene.begin()
    task = scene.world.task
    at = os.fsencode(scene.at("pipe"))
    paths.mknodat(task, -100, at, FIFO | 0o600)
    scene.virtual.write(scene.at("file"), b"new")
    assert [effect.path for effect in scene.cutter.cut()] == [scene.at("file")]  # type: ignore[union-attr]  # one of a file
    assert list(scene.cutter.left_out) == [at]
    paths.unlinkat(task, -100, at, 0)
    assert not scene.world.overlay.spool_ or len(os.listdir(scene.world.overlay.spool_.path)) == 1
    scene.close()
