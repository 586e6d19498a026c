"""Archives such as a PyPy comes in, whose program does nothing but print the dump."""

from __future__ import annotations

import io
import os
import struct
import sys
import tarfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from shannot.sandbox.runtimes.releases import Archive, Release

DUMP = "Version: 20001\nPlatform: linux2\nFuncs: close(i)i read(ipi)i write(ipi)i\n"


_BASE, _HEADERS = 0x400000, 64 + 56
_CODE = {
    # mov eax,1; mov edi,1; lea rsi,[rip+20]; mov edx,SIZE; syscall; mov eax,231; xor edi,edi;
    # syscall: write(1, what follows, SIZE), exit_group(0)
    "x86_64": "b801000000 bf01000000 488d3510000000 ba{:08x} 0f05 b8e7000000 31ff 0f05",
    # mov x0,1; adr x1,.+28; movz x2,SIZE; mov x8,64; svc 0; mov x0,0; mov x8,94; svc 0
    "aarch64": "200080d2 e1000010 {:08x} 080880d2 010000d4 000080d2 c80b80d2 010000d4",
}


def program(text: str = DUMP) -> bytes:
    """A whole ELF program for this machine that prints the text, and needs no library for it."""
    machine = os.uname().machine
    size = len(text)
    if machine == "x86_64":
        number, field = 62, int.from_bytes(size.to_bytes(4, "little"), "big")
    else:
        number = 183
        field = int.from_bytes((0xD2800002 | size << 5).to_bytes(4, "little"), "big")
    code = bytes.fromhex(_CODE[machine].format(field)) + text.encode("ascii")
    whole = _HEADERS + len(code)
    # Elf64_Ehdr and one Elf64_Phdr, elf(5): everything is one readable and executable segment
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",
        2, number, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0,
    )  # fmt: skip
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, whole, whole, 4096) + code


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
