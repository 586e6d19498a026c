"""/proc: one's own process whole, another's hardly, and nothing by a way round."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.sandbox.kernel import files, proc_process
from shannot.sandbox.kernel.proc import Proc
from shannot.sandbox.vfs.node import Directory, MagicLink
from shannot.sandbox.vfs.rights import Identity
from tests.fakes.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "private", Identity(1234, 1235, frozenset((9,))))
    yield made
    made.close()


def read(world: World, path: str) -> bytes:
    host_fd = files.openat(world.task, -100, os.fsencode(path), os.O_RDONLY, 0)
    try:
        return os.read(host_fd, 1 << 20)
    finally:
        os.close(host_fd)


def test_the_identity_shown_is_the_scripts(world: World) -> None:
    world.task.umask = 0o27
    lines = read(world, "/proc/self/status").splitlines()
    for line in (b"Uid:\t1234\t1234\t1234\t1234", b"Gid:\t1235\t1235\t1235\t1235", b"Groups:\t9 "):
        assert line in lines
    assert b"Umask:\t0027" in lines
    assert b"Pid:\t%d" % os.getpid() in lines


def test_the_group_and_session_shown_are_the_scripts(world: World) -> None:
    world.task.group, world.task.session = 71, 72
    fields = read(world, "/proc/self/stat").rpartition(b")")[2].split()
    assert fields[2:4] == [b"71", b"72"]
    assert len(fields) == 50


def test_a_program_has_the_name_it_was_started_by(world: World) -> None:
    comm = read(world, "/proc/self/comm").strip()
    world.task.comm = (b"a-rather-long-name", b"17", comm)
    assert read(world, "/proc/self/comm") == b"a-rather-long-n\n"
    assert b"(a-rather-long-n)" in read(world, "/proc/self/stat")
    world.task.comm = (b"shown", b"17", b"3")
    assert read(world, "/proc/self/comm").strip() == comm  # it has changed its name


@pytest.mark.parametrize("view", ["project", "system"])
def test_another_process_shows_nothing_private(world: World, view: str) -> None:
    Proc(world.system, others=view == "system").install(world.tree)
    world.tree.lookup.forget()
    names = b"environ mem fd fdinfo root cwd exe maps smaps task auxv io limits".split()
    for stranger in (b"/proc/1", b"/proc/%d" % os.getppid(), b"/proc/self/../1"):
        for name in names:
            with pytest.raises(FileNotFoundError):
                world.task.existing(-100, stranger + b"/" + name)
    if view == "system":
        assert read(world, "/proc/1/stat").startswith(b"1 (")
        for name in (b"..", b".", b"stat/x", b"fd/0", b"task/1/environ"):
            assert proc_process.Stranger(Proc(world.system, True), 1).lookup(name, 0) is None
    else:
        with pytest.raises(FileNotFoundError):
            world.task.existing(-100, b"/proc/1")


def test_a_process_that_left_the_run_is_not_read(world: World) -> None:
    world.system.is_member = lambda _pid: False
    with pytest.raises(ProcessLookupError):
        proc_process.read_process(world.system, os.getpid(), b"environ", own=True)


def test_everything_listed_can_be_found(world: World) -> None:
    own = world.task.existing(-100, b"/proc/self")
    assert isinstance(own, Directory)
    for name, _, kind in own.extra_names(0):
        node = own.lookup(name, os.getpid())
        assert node is not None, name
        assert isinstance(node, Directory) == (kind == 4)
        assert isinstance(node, MagicLink) == (kind == 10)


def test_descriptors_tell_where_they_lead(world: World, tmp_path: Path) -> None:
    host = tmp_path / "host"
    host.write_text("text")
    world.map(tmp_path, "/srv")
    host_fd = files.openat(world.task, -100, b"/srv/host", os.O_RDONLY, 0)
    link = world.task.existing(-100, b"/proc/self/fd/%d" % host_fd, follow=False)
    assert isinstance(link, MagicLink)
    assert link.read(0) == b"/srv/host"
    assert b"flags:" in read(world, f"/proc/self/fdinfo/{host_fd}")
    os.close(host_fd)
    with pytest.raises(FileNotFoundError):
        world.task.existing(-100, b"/proc/self/fd/%d" % host_fd)


def test_a_thread_is_shown_below_its_process(world: World) -> None:
    world.system.caller = os.getpid()
    link = world.task.existing(-100, b"/proc/thread-self", follow=False)
    assert isinstance(link, MagicLink)
    assert link.read(os.getpid()) == b"%d/task/%d" % (os.getpid(), os.getpid())
    assert read(world, "/proc/thread-self/status")
    with pytest.raises(FileNotFoundError):
        world.task.existing(-100, b"/proc/self/task/1/environ")


def test_mounts_have_the_form_that_programs_parse(world: World) -> None:
    assert all(len(line.split()) == 6 for line in read(world, "/proc/mounts").splitlines())
    for line in read(world, "/proc/self/mountinfo").splitlines():
        left, _, right = line.partition(b" - ")
        assert (len(left.split()), len(right.split())) == (6, 3)
