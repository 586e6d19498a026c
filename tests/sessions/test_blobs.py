from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from shannot.effects.document import MalformedError
from shannot.sessions.blobs import BlobDirectory


@pytest.fixture
def blobs(tmp_path: Path) -> Iterator[BlobDirectory]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield BlobDirectory(fd, os.geteuid(), str(tmp_path))
    os.close(fd)


def test_a_descriptor_is_saved_from_its_start_and_its_offset_stays(
    blobs: BlobDirectory, tmp_path: Path
) -> None:
    data = os.urandom(3_000_000)
    fd = os.memfd_create("x")
    os.write(fd, data)
    os.lseek(fd, 17, os.SEEK_SET)
    name, size = blobs.put_descriptor(fd)
    assert os.lseek(fd, 0, os.SEEK_CUR) == 17
    assert (name, size) == (sha256(data).hexdigest(), len(data))
    assert blobs.read(name, 1 << 30) == data
    assert blobs.check(name)[0] == size
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    os.close(fd)


def test_equal_contents_are_kept_once(blobs: BlobDirectory, tmp_path: Path) -> None:
    fd = os.memfd_create("x")
    os.write(fd, b"same")
    assert blobs.put_descriptor(fd)[0] == blobs.put_bytes(b"same")
    assert len(os.listdir(tmp_path)) == 1
    os.close(fd)


def test_holes_stay_holes(blobs: BlobDirectory, tmp_path: Path) -> None:
    fd = os.memfd_create("x")
    os.ftruncate(fd, 100 << 20)
    os.pwrite(fd, b"end", (100 << 20) - 3)
    name, size = blobs.put_descriptor(fd)
    assert size == 100 << 20
    assert (tmp_path / name).stat().st_blocks * 512 < 10 << 20
    assert blobs.check(name)[0] == size
    os.close(fd)


def test_an_empty_file_has_a_blob_too(blobs: BlobDirectory) -> None:
    fd = os.memfd_create("x")
    assert blobs.put_descriptor(fd) == (sha256(b"").hexdigest(), 0)
    assert blobs.read(sha256(b"").hexdigest(), 10) == b""
    os.close(fd)


def test_a_blob_that_was_changed_or_is_no_file_is_refused(
    blobs: BlobDirectory, tmp_path: Path
) -> None:
    name = blobs.put_bytes(b"contents")
    (tmp_path / name).write_bytes(b"CONTENTS")
    with pytest.raises(MalformedError, match=f"{name} was changed"):
        blobs.check(name)
    with pytest.raises(MalformedError, match=f"{name} was changed"):
        blobs.read(name, 100)
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/etc/hostname")
    with pytest.raises(MalformedError, match="cannot be read"):
        blobs.check(name)
    (tmp_path / name).unlink()
    with pytest.raises(MalformedError, match="is missing"):
        blobs.check(name)
    os.mkfifo(tmp_path / name, 0o600)
    with pytest.raises(MalformedError, match="not a plain file"):
        blobs.check(name)


def test_a_blob_longer_than_asked_for_is_not_read(blobs: BlobDirectory) -> None:
    assert blobs.read(blobs.put_bytes(b"12345"), 4) is None


def test_a_descriptor_that_cannot_be_read_leaves_nothing(
    blobs: BlobDirectory, tmp_path: Path
) -> None:
    fd = os.open(os.devnull, os.O_WRONLY)
    with pytest.raises(OSError, match="Bad file descriptor"):
        blobs.put_descriptor(fd)
    assert os.listdir(tmp_path) == []
    os.close(fd)


def test_half_a_small_blob_that_a_kill_left_is_written_anew(
    blobs: BlobDirectory, tmp_path: Path
) -> None:
    name = sha256(b"whole").hexdigest()
    (tmp_path / name).write_bytes(b"wh")
    (tmp_path / name).chmod(0o600)
    assert blobs.put_bytes(b"whole") == name
    assert blobs.read(name, 10) == b"whole"
    assert os.listdir(tmp_path) == [name]


def test_equal_bytes_are_not_written_twice(blobs: BlobDirectory, tmp_path: Path) -> None:
    name = blobs.put_bytes(b"same")
    inode = (tmp_path / name).stat().st_ino
    assert blobs.put_bytes(b"same") == name
    assert (tmp_path / name).stat().st_ino == inode


def test_a_file_becomes_a_blob_by_a_second_name(blobs: BlobDirectory, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "1").write_bytes(b"data")
    (spool / "1").chmod(0o600)
    fd = os.open(spool, os.O_RDONLY | os.O_DIRECTORY)
    name = sha256(b"data").hexdigest()
    try:
        assert blobs.link_file(fd, b"1", name)
        assert not blobs.link_file(fd, b"1", name)  # the contents are there already
        assert not blobs.link_file(fd, b"gone", "0" * 64)
        (spool / "2").symlink_to("1")
        os.unlink(spool / "1")
        blobs.link_file(fd, b"2", "1" * 64)
        with pytest.raises(MalformedError):  # no link is followed
            blobs.read("1" * 64, 10)
    finally:
        os.close(fd)
    assert blobs.read(name, 10) == b"data"


def test_a_small_blob_is_what_its_hash_says_and_nothing_else(
    blobs: BlobDirectory, tmp_path: Path
) -> None:
    name = blobs.put_bytes(b"small")
    assert blobs.read(name, 5) == b"small"
    assert blobs.read(name, 4) is None
    assert blobs.check(name) == (5, b"small")
    (tmp_path / name).write_bytes(b"smalL")
    for look in (lambda: blobs.read(name, 5), lambda: blobs.check(name)):
        with pytest.raises(MalformedError, match="was changed"):
            look()
