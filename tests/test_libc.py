"""The calls of libc that `os` does not offer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shannot import libc


def test_a_rename_to_a_new_name_never_replaces(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("A")
    (tmp_path / "b").write_text("B")
    at = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(FileExistsError):
            libc.rename_new("a", at, "b", at)
        libc.rename_new("a", at, "c", at)
        libc.sync_filesystem(at)
    finally:
        os.close(at)
    assert sorted(path.read_text() for path in tmp_path.iterdir()) == ["A", "B"]


def test_two_names_are_exchanged_or_it_is_told_that_they_are_not(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").write_text("B")
    swapped = libc.exchange(str(tmp_path / "a"), str(tmp_path / "b"))
    assert (tmp_path / ("b" if swapped else "a")).is_dir()
    assert not libc.exchange(str(tmp_path / "a"), str(tmp_path / "nothing"))
