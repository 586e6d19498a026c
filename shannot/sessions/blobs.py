"""Contents by their SHA-256: `Blobs` of `sandbox/spec.py`, in a directory.

Each is a file named after its hash, so equal contents are kept once, and a blob that was changed
no longer matches its name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from fcntl import ioctl
from hashlib import sha256

from shannot.effects.document import MalformedError
from shannot.errors import ShannotError
from shannot.sessions import files

CHUNK = 1 << 20
SMALL = 1 << 14  # bytes: what fits is read and written at once, as most files are
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
MAX_BLOB = 64 << 30  # bytes, holes included: hashing them takes about a second each GiB
_FICLONE = 0x40049409  # linux/fs.h: share the blocks of another file (btrfs, xfs)


class BlobDirectory:
    """Blobs in the directory that `directory_fd` is open on; the caller keeps and closes it."""

    __slots__ = ("_fd", "_owner", "_shown")

    def __init__(self, directory_fd: int, owner: int, shown: str) -> None:
        """owner: the user whose blobs are trusted to be read; shown: the path for messages."""
        self._fd = directory_fd
        self._owner = owner
        self._shown = shown

    def put_descriptor(
        self, host_fd: int, finish: Callable[[int], object] | None = None
    ) -> tuple[str, int]:
        """Save everything the open file holds, from offset 0. Returns (sha256, size).

        The file's own offset, which the child may share, is not moved. The blocks are shared
        where the filesystem can, else copied; holes stay holes. Nothing is synced unless finish,
        which is given the descriptor of the copy, does it.
        """
        data = os.pread(host_fd, SMALL + 1, 0)
        if len(data) <= SMALL:
            return self._put_small(data, finish), len(data)

        def copy(fd: int) -> tuple[str, int]:
            try:
                ioctl(fd, _FICLONE, host_fd)
                return hash_descriptor(fd)
            except OSError:
                os.ftruncate(fd, 0)
                return copy_descriptor(host_fd, fd)

        return self._put_new(copy, finish)

    def put_bytes(self, data: bytes) -> str:
        """Save data, return its sha256."""
        return self._put_small(data, None)

    def link_file(self, directory_fd: int, name: bytes, sha256: str) -> bool:
        """A file of another directory becomes the blob; False where it cannot.

        Nobody may change it any more, and its other name must go before the blob is read.
        """
        try:
            os.link(
                name, sha256, src_dir_fd=directory_fd, dst_dir_fd=self._fd, follow_symlinks=False
            )
        except OSError:
            return False  # another filesystem, one without links, or equal contents are there
        return True

    def _put_small(self, data: bytes, finish: Callable[[int], object] | None) -> str:
        """Under its own name at once: half a blob is known by its name, and is written anew."""
        name = sha256(data).hexdigest()
        try:
            fd = os.open(name, _NEW, 0o600, dir_fd=self._fd)
        except FileExistsError:
            return self._put_again(name, data, finish)
        try:
            files.write_all(fd, data)
            if finish is not None:
                finish(fd)
        except BaseException:
            os.unlink(name, dir_fd=self._fd)
            raise
        finally:
            os.close(fd)
        return name

    def _put_again(self, name: str, data: bytes, finish: Callable[[int], object] | None) -> str:
        """What stands under the name is equal contents, or what a killed process has begun."""
        try:
            fd = self.open(name)
        except MalformedError:
            pass  # it has a second name yet, or is no blob
        else:
            try:
                if os.pread(fd, len(data) + 1, 0) == data:
                    if finish is not None:
                        finish(fd)
                    return name
            finally:
                os.close(fd)

        def write(fd: int) -> tuple[str, int]:
            files.write_all(fd, data)
            return name, len(data)

        return self._put_new(write, finish)[0]

    def _put_new(
        self, write: Callable[[int], tuple[str, int]], finish: Callable[[int], object] | None
    ) -> tuple[str, int]:
        """Under another name until it is whole. write: fills the file, returns (sha256, size)."""
        temporary = f".put-{os.urandom(8).hex()}"
        fd = os.open(temporary, _NEW, 0o600, dir_fd=self._fd)
        try:
            name, size = write(fd)
            if finish is not None:
                finish(fd)
            os.rename(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except BaseException:
            os.unlink(temporary, dir_fd=self._fd)
            raise
        finally:
            os.close(fd)
        return name, size

    def sync_names(self) -> None:
        """The names of all blobs survive a crash of the machine from here on."""
        os.fsync(self._fd)

    def open(self, name: str) -> int:
        """A descriptor of the blob, not yet compared with its name: whoever reads it does that."""
        shown = f"{self._shown}/{name}"
        try:
            return files.open_file(name, self._fd, self._owner, MAX_BLOB, shown)
        except FileNotFoundError:
            raise MalformedError(f"{shown} is missing: contents of the session were removed")

    def read(self, name: str, limit: int) -> bytes | None:
        """The contents, checked against the name; None where they are longer than limit bytes."""
        data = self._read_small(name)
        if data is not None:
            return data if len(data) <= limit else None
        fd = self.open(name)
        try:
            data = os.pread(fd, SMALL, 0)
            if len(data) == SMALL:
                size = os.fstat(fd).st_size
                if size <= limit:
                    data = b"".join(iter(lambda: os.read(fd, CHUNK), b""))
                else:
                    return None
        finally:
            os.close(fd)
        if len(data) > limit:
            return None
        if sha256(data).hexdigest() != name:
            raise self.changed(name)
        return data

    def _read_small(self, name: str) -> bytes | None:
        """The contents of a small blob that match its name; None: to be looked at more closely.

        Whose file it is and how many names it has is not asked: what the hash says is what it is.
        """
        try:
            fd = os.open(name, files.READ, dir_fd=self._fd)
        except OSError:
            return None
        try:
            data = os.pread(fd, SMALL + 1, 0)
        except OSError:
            return None
        finally:
            os.close(fd)
        return data if len(data) <= SMALL and sha256(data).hexdigest() == name else None

    def check(self, name: str) -> tuple[int, bytes | None]:
        """The size of a blob whose contents match its name, and the contents of a small one;
        MalformedError where they do not match."""
        data = self._read_small(name)
        if data is not None:
            return len(data), data
        fd = self.open(name)
        try:
            found, size = hash_descriptor(fd)
        finally:
            os.close(fd)
        if found != name:
            raise self.changed(name)
        return size, None

    def changed(self, name: str) -> MalformedError:
        """The error for contents that are not those of the name."""
        return MalformedError(f"{self._shown}/{name} was changed: it does not match its name")


def hash_descriptor(fd: int) -> tuple[str, int]:
    """(sha256, size) of an open file from offset 0, whose own offset is not moved."""
    chunk = os.pread(fd, SMALL + 1, 0)
    digest = sha256(chunk)
    offset = len(chunk)
    if offset <= SMALL:  # most files are
        return digest.hexdigest(), offset
    while chunk and (chunk := os.pread(fd, CHUNK, offset)):
        digest.update(chunk)
        offset += len(chunk)
        _check_size(offset)
    return digest.hexdigest(), offset


def copy_descriptor(source: int, target: int) -> tuple[str, int]:
    """Copy an open file from offset 0 into an empty one; (sha256, size) of what was copied.

    The source's offset is not moved; blocks of zeros become holes.
    """
    data = os.pread(source, SMALL + 1, 0)
    if len(data) <= SMALL:
        files.write_all(target, data)
        return sha256(data).hexdigest(), len(data)
    digest = sha256()
    offset = 0
    while chunk := os.pread(source, CHUNK, offset):
        digest.update(chunk)
        if chunk.count(0) != len(chunk):
            os.lseek(target, offset, os.SEEK_SET)
            files.write_all(target, chunk)
        offset += len(chunk)
        _check_size(offset)
    os.ftruncate(target, offset)
    return digest.hexdigest(), offset


def _check_size(size: int) -> None:
    if size > MAX_BLOB:
        raise ShannotError(f"a file is longer than {MAX_BLOB >> 30} GiB and cannot be kept")
