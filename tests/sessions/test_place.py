from __future__ import annotations

import os
from pathlib import Path

import pytest

from shannot.errors import RefusedError
from shannot.sessions.directories import Directories
from shannot.sessions.place import ConflictError, Protected, open_below, open_directory

FREE = Protected([])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(os.path.realpath(tmp_path))


def test_a_place_is_an_entry_of_an_open_directory(root: Path) -> None:
    (root / "d").mkdir()
    directories = Directories(FREE)
    place = directories.place(f"{root}/d/x")
    assert place.look() is None
    (root / "d").rename(root / "moved")
    (root / "d").symlink_to("/etc")
    os.mkdir(place.name, dir_fd=place.directory_fd)
    assert (root / "moved/x").is_dir()
    assert directories.place(f"{root}/d/x").look() is not None
    directories.forget()
    with pytest.raises(ConflictError, match=r"/d: it is a link now"):
        directories.place(f"{root}/d/x")
    directories.forget()


def test_many_directories_do_not_use_up_the_descriptors(root: Path) -> None:
    directories = Directories(FREE)
    before = len(os.listdir("/proc/self/fd"))
    for number in range(300):
        (root / f"{number}").mkdir()
        directories.trim()
        directories.place(f"{root}/{number}/x")
    assert len(os.listdir("/proc/self/fd")) < before + 150
    directories.forget()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_link_anywhere_in_the_way_is_refused_by_name(root: Path) -> None:
    (root / "real/in").mkdir(parents=True)
    (root / "link").symlink_to("real")
    with pytest.raises(ConflictError, match=r"/link: it is a link now"):
        Directories(FREE).place(f"{root}/link/in/x")
    with pytest.raises(ConflictError, match="/gone: the directory is not there"):
        open_directory(f"{root}/gone/x")
    (root / "file").write_bytes(b"")
    with pytest.raises(ConflictError, match="/file: it is a file now"):
        open_directory(f"{root}/file")


def test_below_an_open_directory_no_link_is_followed_either(root: Path) -> None:
    (root / "a").mkdir()
    (root / "a/link").symlink_to("/etc")
    fd = open_directory(str(root))
    with (
        pytest.raises(ConflictError, match="a/link: it is a link now"),
        open_below(fd, "a/link/passwd", f"{root}/a/link/passwd"),
    ):
        pass
    os.close(fd)


@pytest.mark.parametrize("path", ["/proc", "/proc/1/mem", "/sys/x", "/dev/sda", "/dev", "/dev/shm"])
def test_what_is_no_file_is_refused(path: str) -> None:
    with pytest.raises(RefusedError):
        FREE.check(path)


def test_names_that_only_begin_alike_are_allowed(root: Path) -> None:
    Protected([f"{root}/state"]).check(f"{root}/state-of-affairs")
    FREE.check("/process")
    FREE.check("/dev/shm/x")


def test_a_protected_directory_is_found_by_any_path(root: Path) -> None:
    (root / "state/in").mkdir(parents=True)
    (root / "alias").symlink_to("state")
    protected = Protected([f"{root}/alias"])
    for path in (f"{root}/state/x", f"{root}/state", str(root), f"{root}/alias/x"):
        with pytest.raises(RefusedError):
            protected.check(path)
    fd = os.open(root / "state", os.O_PATH)
    with pytest.raises(RefusedError, match="leads into"):
        protected.check_open(fd, "/by/another/way")
    os.close(fd)
    with pytest.raises(RefusedError):
        Directories(protected).place(f"{root}/state/in/x")
