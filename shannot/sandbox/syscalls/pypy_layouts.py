"""What the C structures of a PyPy's platform look like: data, one `Platform` for each.

The child was translated for one platform and calls with its structures, flags and numbers.
Sources: glibc's bits/struct_stat.h, dirent.h, bits/statvfs.h; xnu's bsd/sys/{stat,dirent,statvfs,
fcntl}.h; for the aarch64 flags arch/arm64/include/uapi/asm/fcntl.h.
"""

from __future__ import annotations

import os
import struct

from . import layouts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SECOND = 1_000_000_000
_MASK = 0xFFFF_FFFF_FFFF_FFFF

TIMEVAL = struct.Struct("=qq")
"""Seconds, and micro- or nanoseconds: struct timeval and struct timespec."""
LONG = struct.Struct("=q")
INT = struct.Struct("=i")
UNSIGNED = struct.Struct("=I")
DOUBLE = struct.Struct("=d")
POINTER = struct.Struct("=Q")
TM = struct.Struct("=9i4xqQ")
"""sec, min, hour, mday, mon (from 0), year (from 1900), wday (Sunday 0), yday (from 0), isdst;
gmtoff; zone, a char pointer. 56 bytes."""
UTSNAME_FIELD = 65
RUSAGE = struct.Struct("=18q")
TMS = struct.Struct("=4q")
TIMEB = struct.Struct("=qHhh2x")
"""time, milliseconds, minutes west, whether it is summer: 16 bytes."""
TIMEBASE = struct.Struct("=II")

# struct dirent: ino, off, reclen, type, name[256]: 280 bytes
_DIRENT_LINUX = struct.Struct("=QqHB256s5x")
# struct dirent: ino, seekoff, reclen, namlen, type, name[1024]: 1048 bytes
_DIRENT_DARWIN = struct.Struct("=QQHHB1024s3x")
# dev, mode, nlink, ino, uid, gid, rdev, 4 × (s, ns), size, blocks, blksize, flags, gen: 144 bytes
_STAT_DARWIN = struct.Struct("=iHHQIIi4xqqqqqqqqqqiII20x")
# bsize, frsize, blocks, bfree, bavail, files, ffree, favail, fsid, flag, namemax: 112 bytes
_STATVFS_LINUX = struct.Struct("=QQQQQQQQQQQ24x")
# the same with counts of 32 bits; 64
_STATVFS_DARWIN = struct.Struct("=QQIIIIIIQQQ")


class Platform:
    """One target of a translation."""

    __slots__ = (
        "at_fdcwd", "at_removedir", "at_symlink_nofollow", "dirent", "dirent_size", "name",
        "open_flags", "stat", "statvfs",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        *,
        stat: Callable[[tuple[int, ...]], bytes],
        dirent: Callable[[bytes, int, int, int], bytes],
        statvfs: Callable[[tuple[int, ...]], bytes],
        at_fdcwd: int,
        at_removedir: int,
        at_symlink_nofollow: int,
        open_flags: Mapping[str, int],
    ) -> None:
        self.name = name  # "linux" or "darwin"
        self.stat = stat  # of `Overlay.stat`'s values
        self.dirent = dirent  # of name, inode, d_type and place
        self.dirent_size = len(dirent(b"", 0, 0, 0))
        self.statvfs = statvfs  # of `kernel.metadata.statfs`'s values
        self.at_fdcwd = at_fdcwd
        self.at_removedir = at_removedir
        self.at_symlink_nofollow = at_symlink_nofollow
        self.open_flags = open_flags  # by the names of `os`


def _dirent_linux(name: bytes, inode: int, kind: int, place: int) -> bytes:
    return _DIRENT_LINUX.pack(inode & _MASK, place, 280, kind, name)


def _dirent_darwin(name: bytes, inode: int, kind: int, place: int) -> bytes:
    return _DIRENT_DARWIN.pack(inode & _MASK, place, 1048, len(name), kind, name)


def _stat_darwin(values: tuple[int, ...]) -> bytes:
    """The time of birth, which the layer does not keep, is that of the last change."""
    dev, ino, nlink, mode, uid, gid, rdev, size, blocks, atime, mtime, ctime = values
    times = [part for time in (atime, mtime, ctime, mtime) for part in divmod(time, _SECOND)]
    return _STAT_DARWIN.pack(
        _signed(dev), mode & 0xFFFF, nlink & 0xFFFF, ino & _MASK, uid & 0xFFFFFFFF,
        gid & 0xFFFFFFFF, _signed(rdev), *times, size, blocks, 4096, 0, 0,
    )  # fmt: skip


def _signed(value: int) -> int:
    """The low 32 bits as an int."""
    return (value + (1 << 31) & 0xFFFFFFFF) - (1 << 31)


def _statvfs_linux(values: tuple[int, ...]) -> bytes:
    bsize, blocks, bfree, bavail, files, ffree, flags, namemax = values
    return _STATVFS_LINUX.pack(
        bsize, bsize, blocks, bfree, bavail, files, ffree, ffree, 0, flags, namemax
    )


def _statvfs_darwin(values: tuple[int, ...]) -> bytes:
    bsize, blocks, bfree, bavail, files, ffree, flags, namemax = values
    counts = [min(count, 0xFFFFFFFF) for count in (blocks, bfree, bavail, files, ffree, ffree)]
    return _STATVFS_DARWIN.pack(bsize, bsize, *counts, 0, flags, namemax)


_FLAGS_LINUX = {
    "O_CREAT": 0o100, "O_EXCL": 0o200, "O_NOCTTY": 0o400, "O_TRUNC": 0o1000, "O_APPEND": 0o2000,
    "O_NONBLOCK": 0o4000, "O_DSYNC": 0o10000, "O_SYNC": 0o4010000, "O_CLOEXEC": 0o2000000,
    "O_DIRECT": 0o40000, "O_DIRECTORY": 0o200000, "O_NOFOLLOW": 0o400000, "O_NOATIME": 0o1000000,
    "O_PATH": 0o10000000, "O_TMPFILE": 0o20200000,
}  # fmt: skip
_FLAGS_AARCH64 = {
    **_FLAGS_LINUX,
    "O_DIRECTORY": 0o40000, "O_NOFOLLOW": 0o100000, "O_DIRECT": 0o200000, "O_TMPFILE": 0o20040000,
}  # fmt: skip
_FLAGS_DARWIN = {
    "O_CREAT": 0x200, "O_EXCL": 0x800, "O_NOCTTY": 0x20000, "O_TRUNC": 0x400, "O_APPEND": 0x8,
    "O_NONBLOCK": 0x4, "O_SYNC": 0x80, "O_DSYNC": 0x400000, "O_CLOEXEC": 0x1000000,
    "O_DIRECTORY": 0x100000, "O_NOFOLLOW": 0x100,
}  # fmt: skip


def platform_of(name: str, machine: str) -> Platform:
    """`name`: "linux" or "darwin", as `Dump.platform` has it. Raises ValueError for another."""
    if name == "darwin":
        return Platform(
            name,
            stat=_stat_darwin,
            dirent=_dirent_darwin,
            statvfs=_statvfs_darwin,
            at_fdcwd=-2,
            at_removedir=0x80,
            at_symlink_nofollow=0x20,
            open_flags=_FLAGS_DARWIN,
        )
    if name != "linux":
        raise ValueError(f"no layouts for {name}")
    return Platform(
        name,
        stat=layouts.stat_of(machine),
        dirent=_dirent_linux,
        statvfs=_statvfs_linux,
        at_fdcwd=-100,
        at_removedir=0x200,
        at_symlink_nofollow=0x100,
        open_flags=_FLAGS_LINUX if machine == "x86_64" else _FLAGS_AARCH64,
    )


def translated_flags(platform: Platform) -> list[tuple[int, int]] | None:
    """(the platform's bits, ours) of each flag that differs here; None where all are the same.

    Widest first, so that O_SYNC is taken before the O_DSYNC in it.
    """
    pairs = [(bits, getattr(os, name, 0)) for name, bits in platform.open_flags.items()]
    if all(bits == ours for bits, ours in pairs):
        return None
    return sorted(pairs, key=lambda pair: -pair[0].bit_count())
