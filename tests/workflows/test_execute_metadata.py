"""Owners, modes, attributes and flags of what is replaced: kept, put back, or a clear failure."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sessions.worlds import World

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
_FS_IOC_GETFLAGS = 0x80086601  # linux/fs.h
_FS_IOC_SETFLAGS = 0x40086602
_FS_IMMUTABLE_FL = 0x10
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")  # cap_net_bind_service


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    for root in (world.tree, world.native):
        for name in "abc":
            (root / name).write_bytes(b"old")
            (root / name).chmod(0o644)
    return world


@contextmanager
def immutable(path: Path) -> Iterator[None]:
    """chattr +i; skips where the filesystem knows no such flag."""
    with path.open("rb") as file:
        try:
            (flags,) = struct.unpack("i", fcntl.ioctl(file, _FS_IOC_GETFLAGS, bytes(4)))
            fcntl.ioctl(file, _FS_IOC_SETFLAGS, struct.pack("i", flags | _FS_IMMUTABLE_FL))
        except OSError:
            pytest.skip("this filesystem has no immutable files")
        try:
            yield
        finally:
            fcntl.ioctl(file, _FS_IOC_SETFLAGS, struct.pack("i", flags))


def contents(world: World) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in world.tree.iterdir()}


@needs_root
def test_an_immutable_file_stops_it_there_and_what_was_done_is_put_back(world: World) -> None:
    recorder = world.recorder()
    for name in "abc":
        recorder.write(name, b"new")
    session = world.approved(world.recorded(recorder))
    with immutable(world.tree / "b"):
        result, _, _ = world.execute(session)
        assert [item.state for item in result.results] == ["done", "failed"]
        assert "Operation not permitted" in result.results[1].message
        assert contents(world) == {"a": b"new", "b": b"old", "c": b"old"}
        assert world.rollback(session).succeeded
    assert contents(world) == {"a": b"old", "b": b"old", "c": b"old"}


@needs_root
def test_capabilities_go_with_what_was_written_and_come_back_with_what_was_there(
    world: World,
) -> None:
    path = world.tree / "a"
    try:
        os.setxattr(path, "security.capability", CAPABILITY)
    except OSError:
        pytest.skip("this filesystem has no capabilities")
    recorder = world.recorder()
    recorder.write("a", b"new")
    session = world.approved(world.recorded(recorder))
    assert world.execute(session)[0].succeeded
    assert "security.capability" not in os.listxattr(path)
    assert world.rollback(session).succeeded
    assert os.getxattr(path, "security.capability") == CAPABILITY


@needs_root
def test_set_user_id_and_owner_of_what_is_replaced_stay(world: World) -> None:
    for root in (world.tree, world.native):
        os.chown(root / "a", 12345, 23456)
        (root / "a").chmod(0o6755)
    recorder = world.recorder()
    recorder.write("a", b"new", 0o6755)
    session = world.approved(world.recorded(recorder))
    assert world.execute(session)[0].succeeded
    found = (world.tree / "a").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (12345, 23456, 0o6755)


@needs_root
@pytest.mark.parametrize("what", ["owner", "attributes"])
def test_an_owner_or_attribute_that_changes_meanwhile_is_not_taken_back(
    world: World, what: str
) -> None:
    """What is made beside the file has got the former ones: it may not replace the file then."""
    recorder = world.recorder()
    recorder.write("a", b"new")
    recorder.write("b", b"new")
    path = world.tree / "b"

    def meddle(event: str, number: int) -> None:
        if (event, number) == ("change", 1):
            if what == "owner":
                os.chown(path, 12345, -1)
            else:
                try:
                    os.setxattr(path, "user.note", b"x")
                except OSError:
                    pytest.skip("this filesystem has no extended attributes")

    result, _, _ = world.execute(world.approved(world.recorded(recorder)), observe=meddle)
    assert result.results[1].state == "failed"
    assert "its owner or attributes have just changed" in result.results[1].message
    assert contents(world) == {"a": b"new", "b": b"old", "c": b"old"}


def test_holes_of_a_deleted_file_stay_holes_there_and_back(world: World) -> None:
    path = world.tree / "a"
    for root in (world.tree, world.native):
        with (root / "a").open("wb") as file:
            file.truncate(40 << 20)
            file.seek(20 << 20)
            file.write(b"x")
    recorder = world.recorder()
    recorder.delete("a")
    session = world.approved(world.recorded(recorder))
    assert world.execute(session)[0].succeeded
    assert world.rollback(session).succeeded
    assert (path.stat().st_size, path.stat().st_blocks * 512 < 8 << 20) == (40 << 20, True)
