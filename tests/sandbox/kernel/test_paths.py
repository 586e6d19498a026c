"""Names: rename, link, unlink, symbolic links, and how paths are walked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.projects import Project, project, refused


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as made:
        yield made


def test_a_renamed_directory_keeps_showing_what_the_host_has_in_it(place: Project) -> None:
    place.file("d/sub/f", b"deep")
    script = place.start()
    script.rename("d", "moved")
    assert script.read("moved/sub/f") == b"deep"
    assert not script.exists("d")
    assert script.listdir(".") == ["moved"]
    script.write("moved/sub/new", b"x")
    script.rename("moved", "d")
    assert sorted(script.listdir("d/sub")) == ["f", "new"]
    assert (place.host / "d" / "sub" / "f").exists()


def test_a_directory_made_where_one_was_renamed_away_is_empty(place: Project) -> None:
    place.file("d/f")
    script = place.start()
    script.rename("d", "away")
    script.mkdir("d")
    assert script.listdir("d") == []
    assert script.listdir("away") == ["f"]


def test_a_directory_does_not_go_into_itself(place: Project) -> None:
    place.file("d/e/f")
    script = place.start()
    refused("EINVAL", script.rename, "d", "d/e/d")
    refused("ENOTEMPTY", script.rename, "d/e/f", "d")
    refused("EINVAL", script.rename, "d", "d/e", 2)


def test_rename_without_replacing_and_exchange(place: Project) -> None:
    place.file("a", b"a")
    place.file("d/b", b"b")
    script = place.start()
    refused("EEXIST", script.rename, "a", "d", 1)
    script.rename("a", "d", 2)
    assert script.read("d") == b"a"
    assert script.read("a/b") == b"b"
    refused("ENOENT", script.rename, "a", "missing", 2)
    refused("EINVAL", script.rename, "a", "d", 3)


def test_rename_refuses_dots_and_the_root(place: Project) -> None:
    place.file("d/f")
    script = place.start()
    refused("EBUSY", script.rename, "d/.", "x")
    refused("EBUSY", script.rename, "d", "d/..")
    refused("EBUSY", script.rename, "/", "x")
    refused("EROFS", script.rename, str(place.host), str(place.host) + "2")


def test_all_names_of_a_host_file_show_what_was_written_through_one(place: Project) -> None:
    os.link(place.file("a", b"both"), place.host / "b")
    script = place.start()
    assert script.stat("b").st_nlink == 2
    script.write("a", b"!", os.O_APPEND)
    assert script.read("b") == b"both!"
    assert script.stat("a").st_ino == script.stat("b").st_ino
    script.unlink("a")
    assert script.stat("b").st_nlink == 1
    assert script.read("b") == b"both!"


def test_a_hard_link_is_another_name_of_the_same_file(place: Project) -> None:
    place.file("a", b"one")
    script = place.start()
    script.link("a", "b")
    assert script.stat("a").st_nlink == 2
    script.chmod("b", 0o600)
    assert script.stat("a").st_mode & 0o777 == 0o600
    script.unlink("a")
    assert script.read("b") == b"one"
    refused("EPERM", script.link, ".", "self")
    refused("EEXIST", script.link, "b", "b")
    refused("ENOENT", script.link, "b", "new/")


def test_a_link_itself_gets_a_second_name_unless_followed(place: Project) -> None:
    place.file("f", b"x")
    (place.host / "l").symlink_to("f")
    script = place.start()
    script.link("l", "same")
    assert script.readlink("same") == "f"
    script.link("l", "followed", 0x400)
    assert script.stat("followed", follow=False).st_size == 1


def test_a_slash_after_a_link_concerns_what_it_leads_to_only_where_it_is_looked_at(
    place: Project,
) -> None:
    place.file("d/f")
    (place.host / "l").symlink_to("d")
    script = place.start()
    assert script.stat("l/", follow=False).st_mode & 0o170000 == 0o040000
    refused("ENOTDIR", script.rmdir, "l/")
    refused("ENOTDIR", script.unlink, "l/")
    refused("EEXIST", script.mkdir, "l/")
    refused("ENOTDIR", script.rename, "l/", "x")


def test_unlink_and_rmdir_tell_files_from_directories(place: Project) -> None:
    place.file("f")
    place.file("d/f")
    script = place.start()
    refused("EISDIR", script.unlink, "d")
    refused("EISDIR", script.unlink, "d/")
    refused("EISDIR", script.unlink, "d/..")
    refused("ENOTDIR", script.rmdir, "f")
    refused("ENOTDIR", script.unlink, "f/")
    refused("EINVAL", script.rmdir, "d/.")
    refused("ENOTEMPTY", script.rmdir, "d/..")
    refused("ENOTEMPTY", script.rmdir, "d")
    refused("EBUSY", script.rmdir, "/")
    refused("ENOENT", script.unlink, "missing")
    refused("ENOENT", script.unlink, "missing/")


def test_a_removed_name_stays_away_and_can_be_made_again(place: Project) -> None:
    path = place.file("f", b"host")
    script = place.start()
    script.unlink("f")
    refused("ENOENT", script.stat, "f")
    assert script.listdir(".") == []
    script.write("f", b"new", os.O_CREAT | os.O_EXCL)
    assert script.read("f") == b"new"
    assert path.read_bytes() == b"host"


def test_names_have_255_bytes_and_paths_4095(place: Project) -> None:
    script = place.start()
    script.write("n" * 255, b"x")
    refused("ENAMETOOLONG", script.open, "n" * 256, os.O_RDONLY)
    refused("ENAMETOOLONG", script.mkdir, "n" * 256)
    dots = "./" * 2047
    assert script.stat(dots + ".").st_mode & 0o170000 == 0o040000
    refused("ENAMETOOLONG", script.stat, dots + "..")


def test_forty_links_are_followed_and_no_more(place: Project) -> None:
    place.file("l0", b"end")
    for number in range(1, 42):
        (place.host / f"l{number}").symlink_to(f"l{number - 1}")
    (place.host / "loop").symlink_to("loop")
    script = place.start()
    assert script.read("l40") == b"end"
    refused("ELOOP", script.stat, "l41")
    refused("ELOOP", script.stat, "loop")
    assert script.readlink("loop") == "loop"


def test_a_file_in_the_middle_is_no_directory(place: Project) -> None:
    place.file("f")
    script = place.start()
    refused("ENOTDIR", script.stat, "f/x")
    refused("ENOTDIR", script.stat, "f/.")
    refused("ENOTDIR", script.stat, "f/..")
    refused("ENOENT", script.stat, "missing/..")
    refused("ENOENT", script.stat, "")


def test_an_absolute_link_starts_at_the_virtual_root(place: Project) -> None:
    (place.base / "outside").write_bytes(b"not mapped")
    (place.host / "out").symlink_to(place.base / "outside")
    (place.host / "in").symlink_to(place.file("f", b"mapped"))
    script = place.start()
    refused("ENOENT", script.stat, "out")
    assert script.read("in") == b"mapped"
    assert os.fsencode(place.base / "outside") in place.world.tree.lookup.missing


def test_a_link_to_nothing_can_be_made_and_read(place: Project) -> None:
    script = place.start()
    script.symlink("x" * 3000, "l")
    assert script.readlink("l") == "x" * 3000
    refused("ENOENT", script.symlink, "", "m")
    refused("EEXIST", script.symlink, "x", "l")
    refused("EINVAL", script.readlink, ".")


def test_another_mount_is_another_filesystem(place: Project) -> None:
    place.file("f")
    other = place.base / "other"
    other.mkdir()
    place.world.map(other)
    script = place.start()
    refused("EXDEV", script.rename, "f", str(other / "f"))
    refused("EXDEV", script.link, "f", str(other / "f"))


def test_rename_looks_at_both_parents_before_a_name_that_is_too_long(place: Project) -> None:
    place.file("f")
    script = place.start()
    refused("ENOTDIR", script.rename, "x" * 256, "f/g")
    refused("ENOENT", script.rename, "missing", "x" * 256)
    refused("ENAMETOOLONG", script.rename, "f", "x" * 256)
    refused("ENAMETOOLONG", script.rename, "x" * 256, "g")
    refused("EBUSY", script.rename, "x" * 256, "..")
