"""Structures as the kernel lays them out, compared with its own."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

import pytest

from shannot.sandbox.syscalls import layouts

libc = ctypes.CDLL(None, use_errno=True)


def values(path: Path) -> tuple[int, ...]:
    s = os.stat(path)
    return (
        s.st_dev, s.st_ino, s.st_nlink, s.st_mode, s.st_uid, s.st_gid, s.st_rdev, s.st_size,
        s.st_blocks, s.st_atime_ns, s.st_mtime_ns, s.st_ctime_ns,
    )  # fmt: skip


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the kernel's own is another")
def test_stat_is_the_kernels_on_x86_64(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 5000)
    buffer = ctypes.create_string_buffer(144)
    assert libc.syscall(4, os.fsencode(path), buffer) == 0
    assert layouts.stat_x86_64(values(path)) == buffer.raw


def test_stat_of_the_other_machine_has_its_fields_in_their_places() -> None:
    packed = layouts.stat_generic((1, 2, 3, 4, 5, 6, 7, 8, 9, 10**9, 2 * 10**9 + 1, 3 * 10**9))
    assert len(packed) == 128
    assert struct.unpack_from("=QQIIII", packed) == (1, 2, 4, 3, 5, 6)
    assert struct.unpack_from("=Q", packed, 32) == (7,)
    assert struct.unpack_from("=q", packed, 48) == (8,)
    assert struct.unpack_from("=q6q", packed, 64) == (9, 1, 0, 2, 1, 3, 0)


def test_times_before_1970_are_negative_seconds() -> None:
    packed = layouts.stat_x86_64((0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0))
    assert struct.unpack_from("=qq", packed, 72) == (-1, 999_999_999)


def test_statfs_is_as_long_as_the_kernels(tmp_path: Path) -> None:
    packed = layouts.statfs((4096, 100, 50, 40, 10, 5, 0, 255))
    assert len(packed) == 120
    assert struct.unpack_from("=qqQQQQQ", packed)[1:] == (4096, 100, 50, 40, 10, 5)
