"""The spool: numbered files of one run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shannot.sandbox.vfs.spool import Spool, copy_contents


def test_a_spool_holds_files_until_it_is_closed(tmp_path: Path) -> None:
    spool = Spool(os.fsencode(tmp_path / "s"), 10)
    name, host_fd = spool.create()
    os.write(host_fd, b"12345")
    os.close(host_fd)
    assert spool.stat(name).st_size == 5
    assert spool.disk_usage() > 0
    spool.set_times(name, 1, 2)
    assert spool.stat(name).st_mtime_ns == 2
    again = spool.open(name, os.O_RDONLY)
    spool.discard(name)
    assert os.read(again, 9) == b"12345"
    os.close(again)
    spool.close()
    assert not (tmp_path / "s").exists()


def test_a_spool_is_bounded_by_what_it_holds_at_once(tmp_path: Path) -> None:
    spool = Spool(os.fsencode(tmp_path / "s"), 1)
    for _ in range(3):
        name, host_fd = spool.create()
        os.close(host_fd)
        with pytest.raises(OSError, match="too many"):
            spool.create()
        spool.discard(name)
    spool.close()


@pytest.mark.parametrize(
    "pieces", [{}, {0: b"start"}, {1 << 20: b"end"}, {4096: b"a", 1 << 22: b"b"}]
)
def test_a_copy_has_the_same_contents_and_holes(tmp_path: Path, pieces: dict[int, bytes]) -> None:
    with (tmp_path / "a").open("wb+") as source, (tmp_path / "b").open("wb+") as target:
        source.truncate(1 << 23)
        for offset, data in pieces.items():
            source.seek(offset)
            source.write(data)
        source.flush()
        copy_contents(source.fileno(), target.fileno())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "b").stat().st_blocks <= (tmp_path / "a").stat().st_blocks
