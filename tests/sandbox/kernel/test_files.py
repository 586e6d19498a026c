"""Opening files: modes, errors, what survives an unlink, private keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.sandbox.kernel import files
from tests.fakes.projects import Project, project, refused

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
RDWR_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as made:
        yield made


def test_append_keeps_what_the_file_held(place: Project) -> None:
    path = place.file("log", b"one\n")
    script = place.start()
    script.write("log", b"two\n", os.O_APPEND)
    assert script.read("log") == b"one\ntwo\n"
    assert path.read_bytes() == b"one\n"


def test_truncating_open_empties_the_layer_s_file_and_not_the_host_s(place: Project) -> None:
    path = place.file("f", b"contents")
    script = place.start()
    os.close(script.open("f", os.O_WRONLY | os.O_TRUNC))
    assert script.stat("f").st_size == 0
    assert path.read_bytes() == b"contents"


def test_truncating_a_read_only_open_empties_it_too(place: Project) -> None:
    place.file("f", b"contents")
    script = place.start()
    os.close(script.open("f", os.O_RDONLY | os.O_TRUNC))
    assert script.stat("f").st_size == 0


def test_a_new_file_gets_its_mode_less_the_umask(place: Project) -> None:
    script = place.start()
    script.umask(0o027)
    os.close(script.open("f", RDWR_NEW, 0o666))
    assert script.stat("f").st_mode & 0o7777 == 0o640


def test_a_slash_at_the_end_makes_no_file(place: Project) -> None:
    place.file("f")
    script = place.start()
    refused("EISDIR", script.open, "new/", os.O_WRONLY | os.O_CREAT)
    refused("EISDIR", script.open, "x" * 256 + "//", os.O_WRONLY | os.O_CREAT)
    refused("EISDIR", script.open, "f/", os.O_WRONLY | os.O_CREAT)
    refused("ENOTDIR", script.open, "f/", os.O_RDONLY)
    refused("EEXIST", script.open, ".", RDWR_NEW)


def test_a_link_is_not_opened_where_it_must_not_be_followed(place: Project) -> None:
    place.file("f")
    (place.host / "l").symlink_to("f")
    script = place.start()
    refused("ELOOP", script.open, "l", os.O_RDONLY | os.O_NOFOLLOW)
    refused("EEXIST", script.open, "l", RDWR_NEW)
    refused("ENOTDIR", script.open, "l", os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)


def test_creating_through_a_dangling_link_makes_its_target(place: Project) -> None:
    (place.host / "l").symlink_to("made")
    script = place.start()
    script.write("l", b"x")
    assert script.read("made") == b"x"


def test_an_unlinked_file_lives_on_in_its_descriptor(place: Project) -> None:
    place.file("f", b"held")
    script = place.start()
    number = script.open("f", os.O_RDWR)
    script.unlink("f")
    assert script.fstat(number).st_nlink == 0
    os.ftruncate(number, 2)
    assert script.fstat(number).st_size == 2
    again = script.open(f"/proc/self/fd/{number}", os.O_RDONLY)
    assert os.read(again, 9) == b"he"
    refused("ENOENT", script.link, f"/proc/self/fd/{number}", "back", 0x400)
    os.close(number)
    os.close(again)


def test_a_file_without_a_name_can_be_given_one(place: Project) -> None:
    script = place.start()
    number = script.open(".", os.O_TMPFILE | os.O_RDWR, 0o600)
    os.write(number, b"now named")
    assert script.fstat(number).st_nlink == 0
    script.link(f"/proc/self/fd/{number}", "named", 0x400)
    assert script.read("named") == b"now named"
    assert script.stat("named").st_nlink == 1
    os.close(number)


def test_a_file_without_a_name_made_exclusively_never_gets_one(place: Project) -> None:
    script = place.start()
    number = script.open(".", os.O_TMPFILE | os.O_RDWR | os.O_EXCL, 0o600)
    refused("ENOENT", script.link, f"/proc/self/fd/{number}", "named", 0x400)
    os.close(number)


def test_holes_stay_holes_when_a_file_is_copied(place: Project) -> None:
    path = place.host / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 32)
        file.seek(1 << 30)
        file.write(b"in the middle")
    script = place.start()
    number = script.open("sparse", os.O_RDWR)
    status = script.fstat(number)
    assert status.st_size == 1 << 32
    assert status.st_blocks < 2048
    assert os.pread(number, 13, 1 << 30) == b"in the middle"
    os.close(number)


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND])
def test_a_private_key_under_an_innocent_name_is_not_opened(place: Project, flags: int) -> None:
    place.file("innocent", KEY)
    refused("EACCES", place.start().open, "innocent", flags)


def test_a_private_key_is_not_opened_under_new_names(place: Project) -> None:
    place.file("innocent", KEY)
    script = place.start()
    script.link("innocent", "second")
    refused("EACCES", script.open, "second", os.O_RDONLY)
    script.rename("innocent", "third")
    refused("EACCES", script.open, "third", os.O_RDONLY)
    number = script.open("third", os.O_PATH)
    refused("EACCES", script.open, f"/proc/self/fd/{number}", os.O_RDONLY)
    with pytest.raises(OSError):
        os.read(number, 1)
    os.close(number)


def test_a_certificate_is_opened(place: Project) -> None:
    place.file("cert.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n")
    assert place.start().read("cert.pem").startswith(b"-----BEGIN")


def test_what_the_script_writes_may_look_like_a_key(place: Project) -> None:
    script = place.start()
    script.write("mine", KEY)
    assert script.read("mine") == KEY


def test_truncate_follows_links_and_refuses_directories(place: Project) -> None:
    place.file("f", b"12345")
    (place.host / "l").symlink_to("f")
    (place.host / "d").mkdir()
    script = place.start()
    script.truncate("l", 3)
    assert script.read("f") == b"123"
    refused("EISDIR", script.truncate, "d", 0)
    refused("EINVAL", script.truncate, "f", -1)
    refused("ENOENT", script.truncate, "missing", 0)


def test_nothing_is_written_on_a_read_only_map(place: Project) -> None:
    place.file("f")
    place.world.map(place.host, "/ro", mode="ro")
    script = place.start()
    refused("EROFS", script.open, "/ro/f", os.O_WRONLY)
    refused("EROFS", script.open, "/ro/new", RDWR_NEW)
    refused("ENOENT", script.open, "/ro/new", os.O_WRONLY)
    assert script.read("/ro/f") == b"host"


def test_a_fifo_of_the_host_is_described_and_not_opened(place: Project) -> None:
    os.mkfifo(place.host / "pipe")
    script = place.start()
    assert script.listdir(".") == ["pipe"]
    assert script.stat("pipe").st_mode & 0o170000 == 0o010000
    refused("EACCES", script.open, "pipe", os.O_RDONLY | os.O_NONBLOCK)


def test_a_host_file_that_grows_is_seen_to_grow(place: Project) -> None:
    path = place.file("log", b"1")
    script = place.start()
    number = script.open("log", os.O_RDONLY)
    path.write_bytes(b"12")
    assert script.fstat(number).st_size == 2
    assert script.stat("log").st_size == 2
    os.close(number)


def test_a_host_file_that_was_replaced_is_found_anew(place: Project) -> None:
    place.file("f", b"old")
    script = place.start()
    assert script.read("f") == b"old"
    place.file("other", b"newer")
    os.replace(place.host / "other", place.host / "f")
    assert script.read("f") == b"newer"


def test_too_many_names_are_refused_and_removing_makes_room(tmp_path: Path) -> None:
    from shannot.sandbox.spec import Limits
    from tests.fakes.world import World

    with project(tmp_path) as place:
        place.world.close()
        place.world = World(tmp_path / "second", limits=Limits(files=3))
        script = place.start()
        for name in "abc":
            script.write(name, b"")
        refused("EDQUOT", script.mkdir, "d")
        script.unlink("a")
        script.mkdir("d")


def test_a_file_above_the_limit_is_not_brought_into_the_layer(tmp_path: Path) -> None:
    from shannot.sandbox.spec import Limits
    from tests.fakes.world import World

    with project(tmp_path) as place:
        place.world.close()
        place.world = World(tmp_path / "second", limits=Limits(overlay=1 << 16))
        place.file("big", b"x" * (1 << 20))
        script = place.start()
        refused("ENOSPC", script.open, "big", os.O_RDWR)
        os.close(script.open("big", os.O_WRONLY | os.O_TRUNC))


def test_nodes_of_closed_files_are_forgotten(place: Project) -> None:
    script = place.start()
    place.world.overlay.opened_max = 10
    for number in range(30):
        place.file(f"f{number}")
        script.read(f"f{number}")
    assert len(place.world.overlay.opened) < 30
    kept = script.open(".", os.O_TMPFILE | os.O_RDWR, 0o600)
    os.close(script.open(".", os.O_TMPFILE | os.O_RDWR, 0o600))
    place.world.overlay.opened_max = 0
    script.read("f0")
    assert script.fstat(kept).st_nlink == 0
    assert len(os.listdir(place.world.overlay.spool.path)) == 1
    os.close(kept)


def test_the_caller_s_own_pipe_is_never_opened_for_writing(place: Project) -> None:
    script = place.start()
    reader, writer = os.pipe()
    found = os.fstat(reader)
    path = f"/proc/self/fd/{reader}"
    os.close(script.open(path, os.O_WRONLY))
    place.world.task.system.stdin_key = (found.st_dev, found.st_ino)
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_NONBLOCK):
        refused("EACCES", script.open, path, flags)
    os.close(script.open(path, os.O_RDONLY))
    os.close(reader)
    os.close(writer)


def test_a_pipe_whose_other_end_is_gone_is_opened_again_without_waiting(place: Project) -> None:
    script = place.start()
    reader, writer = os.pipe()
    os.close(writer)
    again = script.open(f"/proc/self/fd/{reader}", os.O_RDONLY)
    assert os.get_blocking(again)
    os.close(again)
    os.close(reader)


def test_a_file_cannot_be_made_longer_than_the_layer_may_be(place: Project) -> None:
    script = place.start()
    script.write("f", b"new")
    place.world.task.system.limits.overlay = 1000
    refused("EFBIG", files.truncate, place.world.task, b"f", 1001)
    files.truncate(place.world.task, b"f", 1000)
    assert script.stat("f").st_size == 1000
