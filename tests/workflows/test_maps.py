from __future__ import annotations

import os
from pathlib import Path

import pytest

from shannot.errors import UsageError
from shannot.workflows.maps import covers, read_map


def test_a_map_is_copy_on_write_at_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for text in ("a", "./a/", "a//", f"{tmp_path}/a", f"/{tmp_path}/a:cow"):
        found = read_map(text, str(tmp_path), "/home/none")
        assert (found.host, found.guest, found.mode) == (
            bytes(tmp_path / "a"),
            bytes(tmp_path / "a"),
            "cow",
        )
        assert not found.named


def test_a_map_may_move_and_protect(tmp_path: Path) -> None:
    found = read_map(f"{tmp_path}:/srv/x/../y:ro", "/", "/home/none")
    assert (found.host, found.guest, found.mode) == (bytes(tmp_path), b"/srv/y", "ro")


def test_a_link_is_followed_on_the_host_and_keeps_its_name_inside(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    found = read_map("link", str(tmp_path), "/home/none")
    assert (found.host, found.guest) == (bytes(tmp_path / "real"), bytes(tmp_path / "link"))


def test_home_is_written_as_a_tilde(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    assert read_map("~/x", "/", str(tmp_path)).host == bytes(tmp_path / "x")


def test_what_is_hidden_need_not_exist() -> None:
    assert read_map("/no/such:hide", "/", "/root").mode == "hide"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected HOST"),
        (":ro", "expected HOST"),
        ("/:/x:/y:ro", "expected HOST"),
        ("/:x", "'x' is neither an absolute path nor one of ro, cow, hide"),
        ("/:", "'' is neither an absolute path"),
        ("/proc", "a /proc and a /dev of its own"),
        ("/:/dev/x:ro", "a /proc and a /dev of its own"),
        ("/no/such", "No such file"),
        ("/dev/null", "a /proc and a /dev of its own"),
        ("pipe", "neither a file nor a directory"),
    ],
)
def test_a_map_that_cannot_be_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match=message):
        read_map(text, str(tmp_path), "/root")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_map_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir(mode=0)
    with pytest.raises(UsageError, match="Permission denied"):
        read_map("secret", str(tmp_path), "/root")


def test_a_map_covers_what_lies_below_it() -> None:
    maps = [read_map("/:ro", "/", "/root")]
    assert covers(maps, "/home/me")
    assert not covers([read_map("/etc", "/", "/root")], "/home/me")
    assert not covers([read_map("/:hide", "/", "/root")], "/home/me")
