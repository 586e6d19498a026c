"""Modes, owners, times, access."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.sandbox.kernel import metadata
from shannot.sandbox.vfs.rights import Identity
from tests.fakes.projects import Project, project, refused
from tests.fakes.virtual_os import NOW, OMIT

LONG_AGO = 1_500_000_000_000_000_000


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as made:
        yield made


def is_recent(time_ns: int) -> bool:
    return abs(time_ns - time.time_ns()) < 60 * 10**9


def aged(path: Path) -> Path:
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    return path


def test_chmod_changes_the_layer_and_not_the_host(place: Project) -> None:
    path = place.file("f", mode=0o644)
    script = place.start()
    script.chmod("f", 0o4751)
    assert script.stat("f").st_mode & 0o7777 == 0o4751
    assert path.stat().st_mode & 0o7777 == 0o644
    number = script.open("f", os.O_RDWR)
    script.fchmod(number, 0o600)
    assert script.fstat(number).st_mode & 0o7777 == 0o600
    os.close(number)


def test_times_that_were_not_set_are_natural(place: Project) -> None:
    aged(place.file("f"))
    aged(place.file("kept"))
    aged(place.host)
    script = place.start()
    assert script.stat(".").st_mtime_ns == LONG_AGO
    os.close(script.open("kept", os.O_RDWR))
    assert script.stat("kept").st_mtime_ns == LONG_AGO
    script.write("f", b"x", os.O_APPEND)
    assert is_recent(script.stat("f").st_mtime_ns)
    assert script.stat(".").st_mtime_ns == LONG_AGO
    script.write("new", b"x")
    assert is_recent(script.stat(".").st_mtime_ns)
    assert is_recent(script.stat("new").st_mtime_ns)


def node(place: Project, name: str) -> object:
    return place.world.task.existing(-100, name.encode())


def test_a_time_that_was_set_is_told_apart_until_the_next_write(place: Project) -> None:
    place.file("f")
    script = place.start()
    script.utime("f", (5, 7))
    assert script.stat("f").st_mtime_ns == 7
    assert node(place, "f").times_set  # type: ignore[attr-defined]
    number = script.open("f", os.O_WRONLY | os.O_APPEND)
    assert script.stat("f").st_mtime_ns == 7
    os.write(number, b"more")
    assert is_recent(script.stat("f").st_mtime_ns)
    assert node(place, "f").mtime_ns == 7  # type: ignore[attr-defined]
    os.close(number)


def test_touching_is_worth_saying_of_an_unchanged_file_only(place: Project) -> None:
    aged(place.file("f"))
    script = place.start()
    script.write("new", b"")
    for name in ("f", "new"):
        script.utime(name, None)
        assert is_recent(script.stat(name).st_mtime_ns)
    assert node(place, "f").times_set  # type: ignore[attr-defined]
    assert not node(place, "new").times_set  # type: ignore[attr-defined]


def test_a_time_that_is_omitted_stays(place: Project) -> None:
    aged(place.file("f"))
    script = place.start()
    metadata.utimensat(script.task, -100, b"f", (1, 0, 0, OMIT), 0)
    assert script.stat("f").st_mtime_ns == LONG_AGO
    assert script.stat("f").st_atime_ns == 10**9
    metadata.utimensat(script.task, -100, b"nowhere", (0, OMIT, 0, OMIT), 0)
    metadata.utimensat(script.task, -100, b"f", (0, OMIT, 0, NOW), 0)
    assert is_recent(script.stat("f").st_mtime_ns)
    refused("EINVAL", metadata.utimensat, script.task, -100, b"f", (0, 10**9, 0, 0), 0)


def test_the_time_of_a_link_is_its_own(place: Project) -> None:
    aged(place.file("f"))
    (place.host / "l").symlink_to("f")
    script = place.start()
    script.utime("l", (3, 3), follow=False)
    assert script.stat("l", follow=False).st_mtime_ns == 3
    assert script.stat("f").st_mtime_ns == LONG_AGO


def test_links_have_no_mode(place: Project) -> None:
    (place.host / "l").symlink_to("f")
    script = place.start()
    refused("ENOTSUP", metadata.fchmodat2, script.task, -100, b"l", 0o600, 0x100)


@pytest.mark.skipif(os.getuid() != 0, reason="the host decides for an ordinary user's own files")
def test_only_the_owner_sets_modes_and_times(tmp_path: Path) -> None:
    with project(tmp_path) as place:
        place.file("f", mode=0o666)
        script = place.start()
        stranger = Identity(4321, 4321, frozenset())
        place.world.overlay.identity = place.world.system.identity = stranger
        refused("EPERM", script.chmod, "f", 0o600)
        refused("EPERM", script.utime, "f", (1, 1))
        refused("EPERM", script.chown, "f", 4321, -1)
        script.utime("f", None)


def test_access_looks_at_mode_and_mount(place: Project) -> None:
    place.file("f", mode=0o644)
    place.world.map(place.host, "/ro", mode="ro")
    script = place.start()
    script.access("f", os.R_OK | os.W_OK)
    refused("EACCES", script.access, "f", os.X_OK)
    script.chmod("f", 0o755)
    script.access("f", os.X_OK)
    refused("EROFS", script.access, "/ro/f", os.W_OK)
    refused("ENOENT", script.access, "missing", os.F_OK)
    refused("EINVAL", script.access, "f", 9)


def test_the_filesystem_is_described(place: Project) -> None:
    place.world.map(place.host, "/ro", mode="ro")
    script = place.start()
    values = metadata.statfs(script.task, os.fsencode(place.host))
    assert values[0] == os.statvfs(place.host).f_bsize
    assert values[7] == 255
    assert metadata.statfs(script.task, b"/ro")[6] & os.ST_RDONLY
    refused("ENOENT", metadata.statfs, script.task, b"/nowhere")


def test_unknown_flags_are_refused(place: Project) -> None:
    script = place.start()
    refused("EINVAL", metadata.newfstatat, script.task, -100, b".", 1 << 20)
    refused("EINVAL", metadata.utimensat, script.task, -100, b".", None, 1 << 20)
    refused("EBADF", metadata.fstat, script.task, 1 << 20)
