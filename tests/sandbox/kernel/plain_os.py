"""The same calls as `tests/fakes/virtual_os.py`, made by the real kernel: the oracle."""

from __future__ import annotations

import ctypes
import os

CWD = -100
_libc = ctypes.CDLL(None, use_errno=True)


def _at(dir_fd: int) -> int | None:
    return None if dir_fd == CWD else dir_fd


class Plain:
    """Relative to this process's directory."""

    def open(self, path: str, flags: int, mode: int = 0o777, dir_fd: int = CWD) -> int:
        return os.open(path, flags, mode, dir_fd=_at(dir_fd))

    def stat(self, path: str, follow: bool = True, dir_fd: int = CWD) -> os.stat_result:
        return os.stat(path, dir_fd=_at(dir_fd), follow_symlinks=follow)

    def fstat(self, number: int) -> os.stat_result:
        return os.fstat(number)

    def mkdir(self, path: str, mode: int = 0o777, dir_fd: int = CWD) -> None:
        os.mkdir(path, mode, dir_fd=_at(dir_fd))

    def rmdir(self, path: str, dir_fd: int = CWD) -> None:
        os.rmdir(path, dir_fd=_at(dir_fd))

    def unlink(self, path: str, dir_fd: int = CWD) -> None:
        os.unlink(path, dir_fd=_at(dir_fd))

    def rename(
        self, old: str, new: str, flags: int = 0, old_fd: int = CWD, new_fd: int = CWD
    ) -> None:
        _checked(_libc.renameat2(old_fd, os.fsencode(old), new_fd, os.fsencode(new), flags))

    def link(
        self, old: str, new: str, flags: int = 0, old_fd: int = CWD, new_fd: int = CWD
    ) -> None:
        _checked(_libc.linkat(old_fd, os.fsencode(old), new_fd, os.fsencode(new), flags))

    def symlink(self, target: str, path: str, dir_fd: int = CWD) -> None:
        os.symlink(target, path, dir_fd=_at(dir_fd))

    def readlink(self, path: str, dir_fd: int = CWD) -> str:
        return os.readlink(path, dir_fd=_at(dir_fd))

    def chmod(self, path: str, mode: int, dir_fd: int = CWD) -> None:
        os.chmod(path, mode, dir_fd=_at(dir_fd))

    def fchmod(self, number: int, mode: int) -> None:
        os.fchmod(number, mode)

    def utime(self, path: str, times: tuple[int, int] | None, follow: bool = True) -> None:
        if times is None:
            os.utime(path, follow_symlinks=follow)
        else:
            os.utime(path, ns=times, follow_symlinks=follow)

    def access(self, path: str, mode: int, dir_fd: int = CWD) -> None:
        _checked(_libc.faccessat(dir_fd, os.fsencode(path), mode, 0x200))

    def truncate(self, path: str, length: int) -> None:
        os.truncate(path, length)

    def chdir(self, path: str) -> None:
        os.chdir(path)

    def fchdir(self, number: int) -> None:
        os.fchdir(number)

    def getcwd(self) -> str:
        return os.getcwd()

    def listdir(self, path: str, dir_fd: int = CWD) -> list[str]:
        number = self.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=dir_fd)
        try:
            return os.listdir(number)
        finally:
            os.close(number)


def _checked(returned: int) -> None:
    if returned < 0:
        raise OSError(ctypes.get_errno(), "as the kernel says")
