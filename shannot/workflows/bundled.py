"""The Python inside the native executable, for scripts on a machine that has none of its own.

`tools/native.py` puts it there, behind everything else of the file: an xz-compressed tar archive,
its SHA-256, its length (8 bytes, big endian) and MAGIC. It is unpacked once, into `runtime/` of the
state directory, under the name of its checksum, by the first run that needs it.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

from shannot.errors import ShannotError
from shannot.machines.directories import own_directory

if TYPE_CHECKING:
    from typing import BinaryIO

MAGIC = b"shannot python\n\0"
_END = 32 + 8 + len(MAGIC)
_SIZE_MAX = 64 << 20


def appended(archive: bytes) -> bytes:
    """What `tools/native.py` writes behind an executable for `bundled_python` to find."""
    return archive + sha256(archive).digest() + len(archive).to_bytes(8, "big") + MAGIC


def bundled_python(executable: str, state: str) -> str:
    """The path of the interpreter that the executable brings, unpacked; "" where it brings none.

    state: the state directory. Raises ShannotError where it cannot be unpacked.
    """
    try:
        with open(executable, "rb") as file:
            found = _end(file)
            if found is None:
                return ""
            digest, size = found
            place = f"{state}/runtime/python-{digest.hex()[:16]}"
            if not os.path.isdir(place):
                _unpack(file, digest, size, place)
        return _interpreter(place)
    except (OSError, tarfile.TarError, EOFError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged"
        )
        raise ShannotError(f"cannot unpack the Python of {executable}: {reason}") from None


def _end(file: BinaryIO) -> tuple[bytes, int] | None:
    """(checksum, length) of the archive; None where there is none."""
    whole = file.seek(0, os.SEEK_END)
    if whole < _END:
        return None
    file.seek(whole - _END)
    end = file.read(_END)
    size = int.from_bytes(end[32:40], "big")
    if end[40:] != MAGIC or not 0 < size <= min(_SIZE_MAX, whole - _END):
        return None
    return end[:32], size


def _unpack(file: BinaryIO, digest: bytes, size: int, place: str) -> None:
    """In one step: two that unpack at once do not meet, and one that was killed leaves no half."""
    file.seek(-_END - size, os.SEEK_END)
    data = file.read(size)
    if sha256(data).digest() != digest:
        raise ShannotError("the Python of this executable is damaged: fetch the executable anew")
    own_directory(os.path.dirname(os.path.dirname(place)))
    own_directory(os.path.dirname(place))
    new = f"{place}.{os.getpid()}"
    os.mkdir(new, 0o700)
    try:
        with tarfile.open(fileobj=BytesIO(data), mode="r:xz") as tar:
            tar.extractall(new)  # noqa: S202 - our own archive, by its checksum
        os.rename(new, place)
    except (OSError, tarfile.TarError, EOFError):
        shutil.rmtree(new, ignore_errors=True)
        if not os.path.isdir(place):  # else another process was faster
            raise


def _interpreter(place: str) -> str:
    found = sorted(os.listdir(f"{place}/bin"))
    status = os.lstat(place)
    if len(found) != 1 or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise ShannotError(f"{place}: not what this executable has unpacked; remove it")
    return f"{place}/bin/{found[0]}"
