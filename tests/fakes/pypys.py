"""Archives such as a PyPy comes in, whose program is a shell script that prints the dump."""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from shannot.sandbox.runtimes.releases import Archive, Release

DUMP = "Version: 20001\nPlatform: linux2\nFuncs: close(i)i read(ipi)i write(ipi)i\n"


def program(dump: str = DUMP) -> bytes:
    return f"#!/bin/sh\n[ -n \"$RPY_SANDBOX_DUMP\" ] && printf '%s' '{dump}'\nexit 0\n".encode()


LIBRARY_FILES = {
    "lib-python/3/os.py": b"# os\n",
    "lib-python/3/json/__init__.py": b"# json\n",
    "lib_pypy/_structseq.py": b"# structseq\n",
}


def member(name: str, data: bytes = b"", mode: int = 0o644, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = mode
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def archive(*members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> bytes:
    """A tar archive of (header, contents)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as tar:  # type: ignore[call-overload]
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def of_files(contents: Mapping[str, bytes], mode: str = "w:gz") -> bytes:
    return archive(*((member(name, data), data) for name, data in contents.items()), mode=mode)


def program_archive(dump: str = DUMP) -> bytes:
    return of_files({"./pypy3-c": program(dump), "./libpypy3-c.so": b"\x7fELF library"})


def library_archive() -> bytes:
    """As the sources are laid out: much that is of no use around it, links among it."""
    link = member("pypy-src/pypy/link", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    files = {
        "pypy-src/README.rst": b"readme\n",
        "pypy-src/pypy/module/lib_pypy/x.py": b"another\n",
        **{f"pypy-src/{name}": data for name, data in LIBRARY_FILES.items()},
        "pypy-src/lib-python/3/__pycache__/os.pypy3-72.pyc": b"compiled\n",
    }
    return archive(
        (link, b""), *((member(name, data), data) for name, data in files.items()), mode="w:bz2"
    )


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def release(address: str, program_data: bytes, library_data: bytes) -> Release:
    """A public release of this platform, at an address."""
    return Release(
        "toy-1",
        "3.6",
        Archive(f"{address}/toy-program.tar.gz", digest(program_data)),
        Archive(f"{address}/toy-src.tar.bz2", digest(library_data)),
    )


def unpacked(directory: Path, dump: str = DUMP) -> Path:
    """The unpacked files."""
    for name, data in {"pypy3-c": program(dump), **LIBRARY_FILES}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (directory / "pypy3-c").chmod(0o755)
    return directory


def platform() -> tuple[str, str]:
    return (sys.platform, "toy")
