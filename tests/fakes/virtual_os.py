"""The calls of a task, spelled like those of `os`: so that a test reads like a script, and can be
run on the real thing as well."""

from __future__ import annotations

import os
import stat
import struct

from shannot.sandbox.kernel import directories, files, metadata, paths
from tests.fakes.world import World

NOW = (1 << 30) - 1
OMIT = (1 << 30) - 2
CWD = -100


class Virtual:
    def __init__(self, world: World) -> None:
        self.world = world
        self.task = world.task
        world.system.pack_stat = packed

    def open(self, path: str, flags: int, mode: int = 0o777, dir_fd: int = CWD) -> int:
        return files.openat(self.task, dir_fd, os.fsencode(path), flags, mode)

    def stat(self, path: str, follow: bool = True, dir_fd: int = CWD) -> os.stat_result:
        flags = 0 if follow else metadata.AT_SYMLINK_NOFOLLOW
        return result(metadata.newfstatat(self.task, dir_fd, os.fsencode(path), flags))

    def fstat(self, number: int) -> os.stat_result:
        return result(metadata.fstat(self.task, number))

    def mkdir(self, path: str, mode: int = 0o777, dir_fd: int = CWD) -> None:
        directories.mkdirat(self.task, dir_fd, os.fsencode(path), mode)

    def rmdir(self, path: str, dir_fd: int = CWD) -> None:
        paths.unlinkat(self.task, dir_fd, os.fsencode(path), paths.AT_REMOVEDIR)

    def unlink(self, path: str, dir_fd: int = CWD) -> None:
        paths.unlinkat(self.task, dir_fd, os.fsencode(path), 0)

    def rename(
        self, old: str, new: str, flags: int = 0, old_fd: int = CWD, new_fd: int = CWD
    ) -> None:
        paths.renameat2(self.task, old_fd, os.fsencode(old), new_fd, os.fsencode(new), flags)

    def link(
        self, old: str, new: str, flags: int = 0, old_fd: int = CWD, new_fd: int = CWD
    ) -> None:
        paths.linkat(self.task, old_fd, os.fsencode(old), new_fd, os.fsencode(new), flags)

    def symlink(self, target: str, path: str, dir_fd: int = CWD) -> None:
        paths.symlinkat(self.task, os.fsencode(target), dir_fd, os.fsencode(path))

    def readlink(self, path: str, dir_fd: int = CWD) -> str:
        return os.fsdecode(metadata.readlinkat(self.task, dir_fd, os.fsencode(path), 4096))

    def chmod(self, path: str, mode: int, dir_fd: int = CWD) -> None:
        metadata.fchmodat2(self.task, dir_fd, os.fsencode(path), mode, 0)

    def fchmod(self, number: int, mode: int) -> None:
        metadata.fchmod(self.task, number, mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        metadata.fchownat(self.task, CWD, os.fsencode(path), uid, gid, 0)

    def utime(self, path: str, times: tuple[int, int] | None, follow: bool = True) -> None:
        """Times in ns, None for now."""
        asked = None
        if times is not None:
            asked = (*divmod(times[0], 10**9), *divmod(times[1], 10**9))
        flags = 0 if follow else metadata.AT_SYMLINK_NOFOLLOW
        metadata.utimensat(self.task, CWD, os.fsencode(path), asked, flags)

    def access(self, path: str, mode: int, dir_fd: int = CWD) -> None:
        metadata.faccessat2(self.task, dir_fd, os.fsencode(path), mode, 0)

    def truncate(self, path: str, length: int) -> None:
        files.truncate(self.task, os.fsencode(path), length)

    def chdir(self, path: str) -> None:
        directories.chdir(self.task, os.fsencode(path))

    def fchdir(self, number: int) -> None:
        directories.fchdir(self.task, number)

    def getcwd(self) -> str:
        return os.fsdecode(directories.getcwd(self.task, 4096)[:-1])

    def umask(self, mask: int) -> int:
        return metadata.umask(self.task, mask)

    def listdir(self, path: str, dir_fd: int = CWD) -> list[str]:
        number = self.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=dir_fd)
        try:
            names = []
            while records := directories.getdents64(self.task, number, 512):
                while records:
                    length = int.from_bytes(records[16:18], "little")
                    names.append(os.fsdecode(records[19:length].rstrip(b"\0")))
                    records = records[length:]
        finally:
            os.close(number)
        return [name for name in names if name not in (".", "..")]

    # -- in several calls -------------------------------------------------------------------------

    def read(self, path: str) -> bytes:
        with open(self.open(path, os.O_RDONLY), "rb") as file:
            return file.read()

    def write(self, path: str, data: bytes, flags: int = os.O_CREAT | os.O_TRUNC) -> None:
        number = self.open(path, os.O_WRONLY | flags, 0o666)
        try:
            os.write(number, data)
        finally:
            os.close(number)

    def exists(self, path: str) -> bool:
        try:
            self.stat(path, follow=False)
        except FileNotFoundError:
            return False
        return True


def packed(values: tuple[int, ...]) -> bytes:
    """In place of the machine's struct stat, which leaves some of it out."""
    return struct.pack("=12q", *(value - (1 << 64) if value >> 63 else value for value in values))


def result(values: tuple[int, ...] | bytes) -> os.stat_result:
    """What a handler says, as `os.stat` would."""
    if isinstance(values, bytes):
        values = struct.unpack("=12q", values)
    dev, ino, nlink, mode, uid, gid, rdev, size, blocks, atime, mtime, ctime = values
    return os.stat_result(
        (mode, ino, dev, nlink, uid, gid, size, atime // 10**9, mtime // 10**9, ctime // 10**9),
        {
            "st_atime_ns": atime, "st_mtime_ns": mtime, "st_ctime_ns": ctime,
            "st_blocks": blocks, "st_rdev": rdev,
        },
    )  # fmt: skip


def kind(status: os.stat_result) -> str:
    return stat.filemode(status.st_mode)[0]
