"""Structures of the kernel's interface, packed for each architecture.

Sources: arch/x86/include/uapi/asm/stat.h, include/uapi/asm-generic/stat.h and statfs.h,
include/uapi/linux/utsname.h.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 4096
_SECOND = 1_000_000_000
_MASK = 0xFFFF_FFFF_FFFF_FFFF

# dev, ino, nlink, mode, uid, gid, pad, rdev, size, blksize, blocks, 3 × (s, ns), 3 unused: 144
_STAT_X86_64 = struct.Struct("=QQQIIIIQqqqqqqqqq24x")
# dev, ino, mode, nlink, uid, gid, rdev, pad, size, blksize, pad, blocks, 3 × (s, ns), 2 unused: 128
_STAT_GENERIC = struct.Struct("=QQIIIIQQqiiqqqqqqq8x")
# type, bsize, blocks, bfree, bavail, files, ffree, fsid[2], namelen, frsize, flags, spare[4]: 120
_STATFS = struct.Struct("=qqQQQQQiiqqq32x")
_EXT4_SUPER_MAGIC = 0xEF53
TIMES = struct.Struct("=qqqq")
RLIMIT = struct.Struct("=QQ")


def stat_x86_64(values: tuple[int, ...]) -> bytes:
    """`Overlay.stat`'s values as the 144 bytes of x86_64's struct stat."""
    dev, ino, nlink, mode, uid, gid, rdev, size, blocks, atime, mtime, ctime = values
    return _STAT_X86_64.pack(
        dev & _MASK, ino & _MASK, nlink, mode, uid, gid, 0, rdev, size, _BLOCK, blocks,
        atime // _SECOND, atime % _SECOND, mtime // _SECOND, mtime % _SECOND,
        ctime // _SECOND, ctime % _SECOND,
    )  # fmt: skip


def stat_generic(values: tuple[int, ...]) -> bytes:
    """The same as the 128 bytes of aarch64's struct stat."""
    dev, ino, nlink, mode, uid, gid, rdev, size, blocks, atime, mtime, ctime = values
    return _STAT_GENERIC.pack(
        dev & _MASK, ino & _MASK, mode, nlink, uid, gid, rdev, 0, size, _BLOCK, 0, blocks,
        atime // _SECOND, atime % _SECOND, mtime // _SECOND, mtime % _SECOND,
        ctime // _SECOND, ctime % _SECOND,
    )  # fmt: skip


def stat_of(machine: str) -> Callable[[tuple[int, ...]], bytes]:
    return stat_x86_64 if machine == "x86_64" else stat_generic


def statfs(values: tuple[int, ...]) -> bytes:
    """bsize, blocks, bfree, bavail, files, ffree, flags, namemax as struct statfs, 120 bytes."""
    bsize, blocks, bfree, bavail, files, ffree, flags, namemax = values
    return _STATFS.pack(
        _EXT4_SUPER_MAGIC, bsize, blocks, bfree, bavail, files, ffree, 0, 0, namemax, bsize,
        flags | 0x20,
    )  # fmt: skip
