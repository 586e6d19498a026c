"""Directories: made, listed, entered, removed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from errno import EINVAL
from pathlib import Path

import pytest

from shannot.sandbox.kernel.directories import getdents64
from tests.fakes.projects import Project, project, refused


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as made:
        yield made


def test_a_listing_merges_the_host_and_the_layer(place: Project) -> None:
    for name in "abc":
        place.file(name)
    script = place.start()
    script.unlink("a")
    script.write("b", b"changed")
    script.mkdir("d")
    assert sorted(script.listdir(".")) == ["b", "c", "d"]


def test_a_long_listing_comes_in_pieces(place: Project) -> None:
    names = sorted(f"{number:04}" + "x" * 40 for number in range(300))
    for name in names:
        place.file(name)
    assert sorted(place.start().listdir(".")) == names


def test_making_and_removing_directories_counts_links(place: Project) -> None:
    place.file("d/f")
    script = place.start()
    before = script.stat(".").st_nlink
    script.mkdir("new")
    assert script.stat(".").st_nlink == before + 1
    script.rmdir("new")
    assert script.stat(".").st_nlink == before


def test_a_merged_directory_can_be_removed_once_it_is_empty(place: Project) -> None:
    place.file("d/f")
    script = place.start()
    script.write("d/g", b"")
    script.unlink("d/f")
    refused("ENOTEMPTY", script.rmdir, "d")
    script.unlink("d/g")
    script.rmdir("d")
    assert not script.exists("d")
    script.mkdir("d")
    assert script.listdir("d") == []


def test_a_removed_directory_is_still_somewhere(place: Project) -> None:
    script = place.start()
    script.mkdir("d")
    number = script.open("d", os.O_RDONLY)
    script.chdir("d")
    script.rmdir("../d")
    refused("ENOENT", script.getcwd)
    refused("ENOENT", script.write, "f", b"")
    refused("ENOENT", script.mkdir, "sub")
    assert script.stat(".").st_nlink == 0
    refused("ENOENT", script.open, "f", os.O_RDONLY, 0, number)
    os.close(number)


def test_the_current_directory_moves_along(place: Project) -> None:
    place.file("d/f", b"here")
    script = place.start()
    script.chdir("d")
    number = script.open(".", os.O_RDONLY)
    script.rename("../d", "../moved")
    assert script.getcwd() == str(place.host / "moved")
    assert script.read("f") == b"here"
    script.chdir("/")
    script.fchdir(number)
    assert script.getcwd() == str(place.host / "moved")
    os.close(number)


def test_a_directory_opened_as_a_path_is_not_listed(place: Project) -> None:
    from shannot.sandbox.kernel import directories

    script = place.start()
    number = script.open(".", os.O_PATH)
    refused("EBADF", directories.getdents64, script.task, number, 512)
    script.fchdir(number)
    os.close(number)


def test_a_directory_is_not_opened_for_writing(place: Project) -> None:
    script = place.start()
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_TRUNC, os.O_CREAT):
        refused("EISDIR", script.open, ".", flags)
    refused("EINVAL", script.open, ".", os.O_CREAT | os.O_DIRECTORY)


def test_a_buffer_that_is_too_small_is_refused(place: Project) -> None:
    from shannot.sandbox.kernel import directories

    script = place.start()
    number = script.open(".", os.O_RDONLY)
    refused("EINVAL", directories.getdents64, script.task, number, 10)
    refused("ERANGE", directories.getcwd, script.task, 3)
    os.close(number)


def test_a_host_directory_that_disappears_is_gone(place: Project) -> None:
    place.file("d/e/f")
    script = place.start()
    assert script.listdir("d/e") == ["f"]
    place.world.tree._cache.close()
    os.rename(place.host / "d", place.base / "away")
    refused("ENOENT", script.stat, "d/e")
    refused("ENOENT", script.listdir, "d/e")


def test_an_endless_host_directory_is_cut_off(
    place: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shannot.sandbox.vfs import host

    monkeypatch.setattr(host, "ENTRIES_MAX", 3)
    for name in "abcde":
        place.file(name)
    refused("ENOMEM", place.start().listdir, ".")


def test_a_directory_hands_on_its_group(place: Project) -> None:
    script = place.start()
    script.mkdir("shared")
    script.chmod("shared", 0o2775)
    script.mkdir("shared/below", 0o700)
    script.write("shared/f", b"")
    assert script.stat("shared/below").st_mode & 0o7777 == 0o2700
    assert script.stat("shared/f").st_mode & 0o7777 == 0o644
    assert script.stat("shared/f").st_gid == script.stat("shared").st_gid


def test_an_offset_between_entries_ends_the_listing_or_is_refused(place: Project) -> None:
    for name in ("one", "another", "a third"):
        place.file(name)
    script = place.start()
    number = script.open(".", os.O_RDONLY)
    whole = getdents64(place.world.task, number, 4096)
    for offset in range(1, len(whole)):
        os.lseek(number, offset, os.SEEK_SET)
        try:
            assert len(getdents64(place.world.task, number, 4096)) <= len(whole)
        except OSError as error:
            if error.errno != EINVAL:
                raise
    os.close(number)
