from __future__ import annotations

import gzip
import io
import os
import resource
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from shannot.errors import ShannotError, UnsuccessfulError
from shannot.sandbox.runtimes.installed import BINARY, LIBRARIES, STANDARD_LIBRARY
from shannot.sandbox.runtimes.tar_stream import Bounds
from shannot.sandbox.runtimes.unpack import Archive, copy, unpack
from tests.fakes import pypys
from tests.fakes.pypys import archive, member, of_files

BOUNDS = Bounds()
EVERYTHING = (BINARY, *LIBRARIES, *STANDARD_LIBRARY)
OS = "lib-python/3/os.py"


def take(
    tmp_path: Path, data: bytes, wanted: tuple[str, ...] = EVERYTHING, bounds: Bounds = BOUNDS
) -> frozenset[str]:
    """Unpack into `place`."""
    (tmp_path / "archive").write_bytes(data)
    (tmp_path / "place").mkdir()
    return unpack(
        Archive(str(tmp_path / "archive"), "the archive"),
        str(tmp_path / "place"),
        wanted,
        lambda done, total: None,
        bounds,
    )


def files(tmp_path: Path) -> dict[str, bytes]:
    place = tmp_path / "place"
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("folder", ["", "./", "pypy/", "./pypy/", "pypy/bin/"])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2"])
def test_a_program_is_found_in_every_public_layout(tmp_path: Path, folder: str, mode: str) -> None:
    names = {f"{folder}pypy3-c": b"program", f"{folder}libpypy3-c.so": b"library"}
    assert take(tmp_path, of_files(names, mode)) == {"pypy3-c", "libpypy3-c.so"}
    assert files(tmp_path) == {"pypy3-c": b"program", "libpypy3-c.so": b"library"}
    assert os.access(tmp_path / "place" / "pypy3-c", os.X_OK)


def test_a_static_program_has_no_library(tmp_path: Path) -> None:
    assert take(tmp_path, of_files({"pypy3-c": b"program"})) == {"pypy3-c"}


def test_only_the_standard_library_is_taken_from_the_sources(tmp_path: Path) -> None:
    assert take(tmp_path, pypys.library_archive()) == {"lib-python", "lib_pypy"}
    assert files(tmp_path) == pypys.LIBRARY_FILES


def test_what_is_not_wanted_is_passed_over(tmp_path: Path) -> None:
    data = of_files({"pypy3-c": b"x", OS: b"y"})
    assert take(tmp_path, data, STANDARD_LIBRARY) == {"lib-python"}
    assert files(tmp_path) == {OS: b"y"}


def test_modes_and_owners_of_an_archive_do_not_count(tmp_path: Path) -> None:
    data = archive((member(OS, b"x", 0o777, uid=12345, uname="daemon"), b"x"))
    take(tmp_path, data)
    found = (tmp_path / "place" / OS).stat()
    assert (found.st_mode & 0o7777, found.st_uid) == (0o644, os.getuid())


SYMLINK, HARDLINK = tarfile.SYMTYPE, tarfile.LNKTYPE
HOSTILE = {
    "absolute": [(member("/lib-python/3/os.py", b"x"), b"x")],
    "absolute elsewhere": [(member("/etc/cron.d/x", b"x"), b"x")],
    "leads out": [(member("lib-python/../../out", b"x"), b"x")],
    "leads out first": [(member("../out", b"x"), b"x")],
    "leads out and in": [(member("lib-python/3/../../lib-python/x", b"x"), b"x")],
    "a link": [(member(OS, type=SYMLINK, linkname="/etc/passwd"), b"")],
    "a link as a part": [(member("lib-python", type=SYMLINK, linkname="/tmp"), b"")],
    "a link as the program": [(member("pypy3-c", type=SYMLINK, linkname="/bin/sh"), b"")],
    "a hard link": [(member(OS, type=HARDLINK, linkname="/etc/shadow"), b"")],
    "written through a link": [
        (member("lib-python/3", type=SYMLINK, linkname="/tmp"), b""),
        (member("lib-python/3/out", b"x"), b"x"),
    ],
    "a device": [(member(OS, type=tarfile.CHRTYPE), b"")],
    "a block device": [(member(OS, type=tarfile.BLKTYPE), b"")],
    "a fifo": [(member(OS, type=tarfile.FIFOTYPE), b"")],
    "a contiguous file": [(member(OS, type=tarfile.CONTTYPE), b"")],
    "an unknown type": [(member(OS, type=b"Z"), b"")],
    "setuid": [(member("pypy3-c", b"x", 0o4755), b"x")],
    "setgid": [(member("pypy3-c", b"x", 0o2755), b"x")],
    "twice": [(member(OS, b"x"), b"x"), (member(OS, b"y"), b"y")],
    "twice in other words": [(member(OS, b"x"), b"x"), (member(f"./{OS}", b"y"), b"y")],
    "two programs": [(member("pypy3-c", b"x"), b"x"), (member("a/pypy3-c", b"y"), b"y")],
    "two libraries": [(member("a/lib_pypy/x", b"x"), b"x"), (member("b/lib_pypy/y", b"y"), b"y")],
    "a file as a directory": [
        (member("lib-python/3", b"x"), b"x"),
        (member("lib-python/3/os.py", b"x"), b"x"),
    ],
    "a directory over a file": [
        (member("lib-python/3", b"x"), b"x"),
        (member("lib-python/3", type=tarfile.DIRTYPE), b""),
    ],
    "a file over a directory": [
        (member("lib-python/3/os.py", b"x"), b"x"),
        (member("lib-python/3", b"x"), b"x"),
    ],
    "a part that is a file": [(member("lib_pypy", b"x"), b"x")],
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_an_archive_with_anything_else_is_refused(tmp_path: Path, name: str, form: int) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", format=form) as tar:
        for info, data in HOSTILE[name]:
            tar.addfile(info, io.BytesIO(data))
    with pytest.raises(UnsuccessfulError, match="the archive is refused") as error:
        take(tmp_path, file.getvalue())
    assert str(error.value).isprintable()
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "place"}


@pytest.mark.parametrize(
    ("info", "data"),
    [
        (member("docs/link", type=SYMLINK, linkname="/etc/passwd"), b""),
        (member("docs/device", type=tarfile.CHRTYPE), b""),
        (member("docs/sudo", b"x", 0o4755), b"x"),
        (member("pypy3-c", type=tarfile.DIRTYPE), b""),
        (member("a/b/c/pypy3-c", b"x"), b"x"),
        (member("a/b/lib_pypy/x", b"x"), b"x"),
    ],
)
def test_what_belongs_to_no_part_is_left_in_the_archive(
    tmp_path: Path, info: tarfile.TarInfo, data: bytes
) -> None:
    assert take(tmp_path, archive((info, data))) == frozenset()
    assert list((tmp_path / "place").iterdir()) == []


def test_names_in_messages_are_escaped(tmp_path: Path) -> None:
    info = member("lib-python/\x1b[2J\n", type=SYMLINK, linkname="x")
    with pytest.raises(UnsuccessfulError, match="refused") as error:
        take(tmp_path, archive((info, b"")))
    assert str(error.value).isprintable()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2"])
def test_an_archive_that_is_cut_off_anywhere_is_refused(tmp_path: Path, mode: str) -> None:
    data = of_files({"pypy3-c": b"x" * 3000, OS: os.urandom(3000)}, mode)
    whole = data.rstrip(b"\0")
    step = len(whole) // 12
    for number, size in enumerate(range(0, len(whole), step)):
        place = tmp_path / str(number)
        place.mkdir()
        with pytest.raises(UnsuccessfulError, match="the archive"):
            take(place, data[:size])


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2"])
def test_an_archive_that_is_damaged_anywhere_is_refused(tmp_path: Path, mode: str) -> None:
    """By name: what zlib raises is no OSError, and passed as a fault of ours."""
    data = of_files({"pypy3-c": os.urandom(3000), OS: b"x"}, mode)
    for position in range(20, len(data), len(data) // 12):
        place = tmp_path / str(position)
        place.mkdir()
        with pytest.raises(UnsuccessfulError, match="the archive"):
            take(place, data[:position] + bytes([data[position] ^ 0x55]) + data[position + 1 :])


def test_a_damaged_header_is_not_the_end(tmp_path: Path) -> None:
    data = bytearray(of_files({"pypy3-c": b"x" * 100, OS: b"y" * 100, "lib_pypy/z": b"z"}, "w"))
    data[1024 + 3] ^= 1  # in the name of the second member, so that its checksum is wrong
    with pytest.raises(UnsuccessfulError, match="damaged header"):
        take(tmp_path, bytes(data))


@pytest.mark.parametrize("data", [b"", b"not an archive", b"PK\x03\x04", b"\x1f\x8b", b"BZh9x"])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnsuccessfulError, match="the archive"):
        take(tmp_path, data)


def test_a_bomb_is_stopped(tmp_path: Path) -> None:
    bomb = of_files({"other": bytes(8 << 20), OS: b"x"})
    assert len(bomb) < 20_000
    with pytest.raises(UnsuccessfulError, match="unpacks to more than 1 MiB"):
        take(tmp_path, bomb, bounds=Bounds(size=1 << 20))


def test_what_follows_the_end_is_bounded_too(tmp_path: Path) -> None:
    plain = of_files({"pypy3-c": b"x"}, "w") + bytes(8 << 20)
    with pytest.raises(UnsuccessfulError, match="unpacks to more than 1 MiB"):
        take(tmp_path, gzip.compress(plain), bounds=Bounds(size=1 << 20))


def test_too_many_paths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsuccessfulError, match="more than 5 paths"):
        take(tmp_path, of_files({str(n): b"" for n in range(6)}), bounds=Bounds(members=5))


def test_a_header_that_claims_much_gets_nothing(tmp_path: Path) -> None:
    huge = member("././@LongLink", type=tarfile.GNUTYPE_LONGNAME)
    huge.size = 1 << 40
    header = huge.tobuf(tarfile.GNU_FORMAT)
    tracemalloc.start()
    with pytest.raises(UnsuccessfulError, match="header that is too long"):
        take(tmp_path, header + bytes(1 << 20))
    assert tracemalloc.get_traced_memory()[1] < 1 << 22
    tracemalloc.stop()


@pytest.mark.parametrize("size", [1 << 40, 1 << 62])
def test_a_member_that_claims_much_is_refused(tmp_path: Path, size: int) -> None:
    info = member(OS)
    info.size = size
    header = info.tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(UnsuccessfulError, match="the archive"):
        take(tmp_path, header + bytes(1 << 16))
    assert sum(len(data) for data in files(tmp_path).values()) <= 1 << 16


def test_a_negative_size_does_not_lead_back(tmp_path: Path) -> None:
    header = bytearray(member("x").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = (-1024).to_bytes(12, "big", signed=True)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(UnsuccessfulError, match="the archive"):
        take(tmp_path, bytes(header) + bytes(4096))


def test_extended_headers_in_a_long_chain_are_refused(tmp_path: Path) -> None:
    link = member("././@LongLink", b"x\0", type=tarfile.GNUTYPE_LONGNAME)
    one = link.tobuf(tarfile.GNU_FORMAT) + b"x\0".ljust(512, b"\0")
    with pytest.raises(UnsuccessfulError, match="the archive"):
        take(tmp_path, one * 5000 + bytes(1024))


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    data = of_files({OS: os.urandom(1 << 18)})
    (tmp_path / "archive").write_bytes(data)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        (tmp_path / "place").mkdir()
        with pytest.raises(ShannotError, match="cannot unpack the archive: File too large"):
            unpack(
                Archive(str(tmp_path / "archive"), "the archive"),
                str(tmp_path / "place"),
                EVERYTHING,
                lambda done, total: None,
                Bounds(),
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def copied(tmp_path: Path, wanted: tuple[str, ...] = EVERYTHING) -> frozenset[str]:
    (tmp_path / "place").mkdir()
    return copy(str(tmp_path / "from"), str(tmp_path / "place"), wanted, Bounds())


def test_unpacked_files_are_copied(tmp_path: Path) -> None:
    pypys.unpacked(tmp_path / "from")
    (tmp_path / "from" / "lib-python" / "3" / "__pycache__").mkdir()
    (tmp_path / "from" / "lib-python" / "3" / "__pycache__" / "x.pyc").write_bytes(b"x")
    (tmp_path / "from" / "README").write_bytes(b"x")
    assert copied(tmp_path) == {"pypy3-c", "lib-python", "lib_pypy"}
    assert files(tmp_path) == {"pypy3-c": pypys.program(), **pypys.LIBRARY_FILES}
    assert os.access(tmp_path / "place" / "pypy3-c", os.X_OK)


@pytest.mark.parametrize("name", ["pypy3-c", "lib_pypy", "lib-python/3/x.py", "lib-python/3/d"])
def test_links_among_unpacked_files_are_refused(tmp_path: Path, name: str) -> None:
    pypys.unpacked(tmp_path / "from")
    path = tmp_path / "from" / name
    if path.exists():
        path.rename(tmp_path / "aside")
        path.symlink_to(tmp_path / "aside")
    else:
        path.symlink_to("/etc" if name.endswith("/d") else "/etc/passwd")
    with pytest.raises(UnsuccessfulError, match=r"is a link|not what an unpacked PyPy has"):
        copied(tmp_path)


def test_a_fifo_among_unpacked_files_is_refused(tmp_path: Path) -> None:
    pypys.unpacked(tmp_path / "from")
    os.mkfifo(tmp_path / "from" / "lib_pypy" / "pipe")
    with pytest.raises(UnsuccessfulError, match="not a plain file"):
        copied(tmp_path)


def test_copying_is_bounded(tmp_path: Path) -> None:
    pypys.unpacked(tmp_path / "from")
    (tmp_path / "place").mkdir()
    for bounds in (Bounds(members=2), Bounds(size=20)):
        with pytest.raises(UnsuccessfulError, match=r"too (much|many files) to be a PyPy"):
            copy(str(tmp_path / "from"), str(tmp_path / "place"), ("lib-python", "pypy3-c"), bounds)
        for path in sorted((tmp_path / "place").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
