"""The side that changes are compared with: the host, and what the effects so far make of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.sandbox.vfs.base import Base, Bases, UnplannedError
from shannot.sandbox.vfs.fingerprints import Fingerprints
from shannot.sandbox.vfs.hidden import Hidden
from shannot.sandbox.vfs.host import DescriptorCache, HostDirectory
from shannot.sandbox.vfs.node import Directory, Mount
from shannot.sessions.blobs import BlobDirectory

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n"


class Ground:
    """A base over one host directory."""

    def __init__(self, host: Path, blobs: Path) -> None:
        self.host = host
        self.kept = blobs
        self.cache = DescriptorCache()
        self.blobs_fd = os.open(blobs, os.O_RDONLY)
        self.blobs = BlobDirectory(self.blobs_fd, os.geteuid(), "blobs")
        self.bases = Bases(Hidden(), {})
        mounted = Directory(Mount("cow", os.fsencode(host)), 0o755, 1, 0, 0)
        mounted.lower = HostDirectory(os.fsencode(host), self.cache, None, False)
        above, name = self.bases.anchor(mounted)
        self.top = self.child(above, name)
        self.prints = Fingerprints(self.bases, self.blobs)

    def child(self, directory: Base, name: bytes) -> Base:
        found = self.bases.child(directory, name)
        assert found is not None
        return found

    def close(self) -> None:
        os.close(self.blobs_fd)
        self.cache.close()


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    for name in ("host/d/e", "blobs"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "host/d/e/f").write_bytes(b"deep")
    (tmp_path / "host/d/.env").write_bytes(b"secret")
    (tmp_path / "host/a").write_bytes(b"two names")
    os.link(tmp_path / "host/a", tmp_path / "host/b")
    made = Ground(tmp_path / "host", tmp_path / "blobs")
    yield made
    made.close()


def test_what_is_hidden_is_not_there(ground: Ground) -> None:
    directory = ground.child(ground.top, b"d")
    assert ground.bases.child(directory, b".env") is None
    assert list(ground.bases.names(directory)) == [b"e"]


def test_a_file_of_two_names_is_one_thing_at_two_places(ground: Ground) -> None:
    one, other = ground.child(ground.top, b"a"), ground.child(ground.top, b"b")
    assert one is other
    assert one.places == [(ground.top, b"a"), (ground.top, b"b")]
    ground.bases.delete(ground.top, b"a")
    assert (one.places, one.links) == ([(ground.top, b"b")], 1)


def test_what_moved_has_its_path_at_its_new_place(ground: Ground) -> None:
    directory = ground.child(ground.top, b"d")
    below = ground.child(directory, b"e")
    ground.bases.take(ground.top, b"d")
    ground.bases.put(ground.top, b"moved", directory)
    assert ground.bases.path(below, b"f") == os.fsencode(ground.host / "moved/e/f")
    assert sorted(ground.bases.names(ground.top)) == [b"a", b"b", b"moved"]
    assert ground.bases.child(ground.top, b"d") is None


def test_what_was_deleted_with_its_directory_stands_nowhere(ground: Ground) -> None:
    directory = ground.child(ground.top, b"d")
    below = ground.child(directory, b"e")
    ground.bases.delete(ground.top, b"d")
    assert below.places == []
    assert not below.is_within(ground.top)


def test_entries_name_parents_before_what_they_hold(ground: Ground) -> None:
    (ground.host / "d/e!").write_bytes(b"")
    entries, unread = ground.prints.moved(ground.child(ground.top, b"d"))
    assert [entry.path for entry in entries] == ["e", "e/f", "e!"]
    assert [entry.path for entry in unread] == [".env"]


def test_what_the_script_cannot_read_is_in_no_deletion(ground: Ground) -> None:
    with pytest.raises(UnplannedError, match="it holds a file that the script cannot read"):
        ground.prints.entries(ground.child(ground.top, b"d"))


def test_a_directory_that_nobody_would_review_to_its_end_is_refused(ground: Ground) -> None:
    prints = Fingerprints(ground.bases, ground.blobs, entries_max=1)
    with pytest.raises(UnplannedError, match="more than 1 files"):
        prints.entries(ground.child(ground.top, b"d"))


def test_contents_before_a_change_are_kept_if_asked_and_short(ground: Ground) -> None:
    (ground.host / "long").write_bytes(b"l" * ((1 << 20) + 1))
    short = ground.prints.of(ground.child(ground.top, b"a"), keep=True)
    long = ground.prints.of(ground.child(ground.top, b"long"), keep=True)
    assert long.sha256 == hashlib.sha256(b"l" * ((1 << 20) + 1)).hexdigest()
    assert os.listdir(ground.kept) == [short.sha256]


def test_a_private_key_is_never_kept(ground: Ground) -> None:
    (ground.host / "key").write_bytes(KEY)
    found = ground.prints.of(ground.child(ground.top, b"key"), keep=True)
    assert found.sha256 == hashlib.sha256(KEY).hexdigest()
    assert os.listdir(ground.kept) == []


def test_what_is_no_file_cannot_be_told(ground: Ground) -> None:
    os.mkfifo(ground.host / "pipe")
    with pytest.raises(UnplannedError):
        ground.prints.of(ground.child(ground.top, b"pipe"))
