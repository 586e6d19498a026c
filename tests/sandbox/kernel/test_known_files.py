"""Files that were looked up before: what is kept of them, and what is asked again each time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.projects import Project, project, refused
from tests.fakes.virtual_os import Virtual

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as made:
        yield made


def known(place: Project, data: bytes = b"first") -> tuple[Virtual, str]:
    """A script that has looked at the file several times, and its absolute path."""
    path = str(place.file("f", data))
    script = place.start()
    for _ in range(3):
        assert script.stat(path).st_size == len(data)
        assert script.read(path) == data
    return script, path


def test_what_the_host_changes_is_seen_at_the_next_call(place: Project) -> None:
    script, path = known(place)
    Path(path).write_bytes(b"second")
    assert script.stat(path).st_size == 6
    assert script.read(path) == b"second"
    Path(path).chmod(0o600)
    assert script.stat(path).st_mode & 0o777 == 0o600


def test_another_file_in_its_place_is_another_file(place: Project) -> None:
    script, path = known(place)
    before = script.stat(path).st_ino
    other = place.file("other", b"other")
    os.rename(other, path)
    assert script.read(path) == b"other"
    assert script.stat(path).st_ino != before


@pytest.mark.parametrize("first", ["open", "stat"])
def test_what_is_gone_from_the_host_is_gone(place: Project, first: str) -> None:
    script, path = known(place)
    os.unlink(path)
    if first == "stat":
        refused("ENOENT", script.stat, path)
    refused("ENOENT", script.open, path, os.O_RDONLY)


def test_a_link_put_in_its_place_is_resolved_in_the_virtual_tree(place: Project) -> None:
    script, path = known(place)
    outside = place.base / "outside"
    outside.write_bytes(b"outside")
    os.unlink(path)
    os.symlink(outside, path)
    refused("ENOENT", script.open, path, os.O_RDONLY)
    refused("ELOOP", script.open, path, os.O_RDONLY | os.O_NOFOLLOW)


def test_a_fifo_put_in_its_place_holds_nobody_up(place: Project) -> None:
    script, path = known(place)
    os.unlink(path)
    os.mkfifo(path)
    refused("EACCES", script.open, path, os.O_RDONLY)


def test_a_directory_put_in_its_place_is_one(place: Project) -> None:
    script, path = known(place)
    os.unlink(path)
    os.mkdir(path)
    os.close(script.open(path, os.O_RDONLY | os.O_DIRECTORY))
    refused("EISDIR", script.open, path, os.O_RDWR)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_key_put_in_its_place_is_not_opened(place: Project, replaced: bool) -> None:
    script, path = known(place)
    if replaced:
        os.rename(place.file("key", KEY), path)
    else:
        Path(path).write_bytes(KEY)
    refused("EACCES", script.open, path, os.O_RDONLY)


def test_what_the_script_changes_is_not_answered_from_before(place: Project) -> None:
    script, path = known(place)
    script.chmod(path, 0o640)
    assert script.stat(path).st_mode & 0o777 == 0o640
    script.write(path, b"longer than before")
    assert script.stat(path).st_size == 18
    assert script.read(path) == b"longer than before"
    script.utime(path, (10**18, 10**18))
    assert script.stat(path).st_mtime_ns == 10**18
    script.unlink(path)
    refused("ENOENT", script.open, path, os.O_RDONLY)
    assert (place.host / "f").read_bytes() == b"first"


def test_a_write_through_another_name_is_read_through_this_one(place: Project) -> None:
    path = place.file("f", b"first")
    os.link(path, place.host / "g")
    script = place.start()
    for _ in range(2):
        assert script.read(str(path)) == script.read(str(place.host / "g")) == b"first"
    script.write(str(place.host / "g"), b"second")
    assert script.read(str(path)) == b"second"
    assert script.stat(str(path)).st_size == 6


def test_a_file_of_a_directory_that_was_moved_is_not_found_where_it_was(place: Project) -> None:
    path = str(place.file("d/f", b"first"))
    script = place.start()
    for _ in range(2):
        assert script.read(path) == b"first"
    script.rename(str(place.host / "d"), str(place.host / "e"))
    refused("ENOENT", script.open, path, os.O_RDONLY)
    assert script.read(str(place.host / "e" / "f")) == b"first"


def test_removing_the_right_to_search_closes_what_was_known(place: Project) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may search everything")
    path = str(place.file("d/f", b"first"))
    script = place.start()
    assert script.read(path) == b"first"
    script.chmod(str(place.host / "d"), 0o600)
    refused("EACCES", script.open, path, os.O_RDONLY)
    refused("EACCES", script.stat, path)
