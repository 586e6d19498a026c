"""A compressed archive as the plain stream that `tarfile` reads, with an end to everything.

Used by `unpack.py`. A small file can unpack to any amount, and a header can claim any length:
the stream counts what comes out, goes forward only, and gives a header no more than a header needs.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from shannot.errors import UnsuccessfulError

_HEADER_MAX = 64 << 10  # bytes that tarfile may read at once: a header, or an extended one
_SKIP = 1 << 18
_BLOCK = 512  # bytes of a header; one of zeros is the end, tar(5)


class TooMuchError(Exception):
    """A bound was reached; the message says which."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much an archive may hold."""

    members: int = 60_000
    """The sources of PyPy have some 7,000."""
    size: int = 2 << 30
    """Bytes, unpacked. The sources of PyPy have some 200 MB."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class TarStream(io.BufferedIOBase):
    """What `tarfile` needs of a file (read, seek, tell), reading on and never back."""

    def __init__(self, file: BinaryIO, bounds: Bounds) -> None:
        self._file = file
        self._bounds = bounds
        self._stream, self._damage = _opened(file)
        self._position = 0
        self._members = 0
        self._header = b""

    def read(self, size: int | None = -1, /) -> bytes:
        """For tarfile itself: headers."""
        if size is None or not 0 <= size <= _HEADER_MAX:
            raise TooMuchError("it has a header that is too long")
        self._header = self._read(size)
        return self._header

    def take(self, size: int) -> bytes:
        """Contents, at least a byte of them. Raises EOFError where the archive ends."""
        data = self._read(size)
        if not data:
            raise EOFError("it ends early")
        return data

    def _read(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except self._damage as error:
            raise EOFError(str(error)) from error
        self._position += len(data)
        if self._position > self._bounds.size:
            raise TooMuchError(f"it unpacks to more than {self._bounds.size >> 20} MiB")
        return data

    def finish(self) -> None:
        """Read what stands behind the last member. Raises EOFError where that is no end.

        tarfile takes a header that is cut off, or damaged, for the end of the archive.
        """
        if self._header != bytes(_BLOCK):
            raise EOFError("it ends early, or has a damaged header")
        while self._read(_SKIP):  # to the checksum at the end of a compressed stream
            pass

    def seek(self, position: int, whence: int = 0, /) -> int:
        """Read on to there; short of it where the archive ends, as tarfile will notice."""
        if whence or position < self._position:
            raise ValueError("it refers back to what was read already")
        while self._position < position:
            if not self._read(min(position - self._position, _SKIP)):
                break
        return self._position

    def tell(self) -> int:
        """The position in the plain stream."""
        return self._position

    def compressed_position(self) -> int:
        """The position in the file itself."""
        return self._file.tell()

    def count_member(self) -> None:
        """Raises TooMuchError for one more than may be."""
        self._members += 1
        if self._members > self._bounds.members:
            raise TooMuchError(f"it holds more than {self._bounds.members} paths")

    def close(self) -> None:
        """The file itself is its owner's."""
        if self._stream is not self._file:
            self._stream.close()
        super().close()


def _opened(file: BinaryIO) -> tuple[_Readable, type[Exception]]:
    """(the plain stream, what it raises for damage beside OSError): gzip, bzip2 or none."""
    head = file.read(3)
    file.seek(0)
    try:
        if head.startswith(b"\x1f\x8b"):
            import gzip
            import zlib

            return gzip.GzipFile(fileobj=file, mode="rb"), zlib.error
        if head == b"BZh":
            import bz2

            return bz2.BZ2File(file), EOFError
    except ImportError as error:
        raise UnsuccessfulError(
            f"this python was built without {error.name}: unpack the archives by other means, and"
            " name the directory with --from"
        ) from None
    return file, EOFError
