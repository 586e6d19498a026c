"""Rows of the `pypy` table: names, modes, owners and times of files."""

from __future__ import annotations

from shannot.sandbox.kernel import directories, files, metadata, paths

from . import times
from .pypy import mkdir
from .pypy_kinds import CWD, NONE, PypyKinds
from .table import Constant, Row, fd, integer, optional_path, path, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.kernel.task import Task

    from .pypy_layouts import Platform


def rows(platform: Platform) -> list[Row]:
    kinds = PypyKinds(platform)
    return [*_name_rows(kinds), *_mode_rows(kinds), *_attribute_rows()]


def _name_rows(kinds: PypyKinds) -> list[Row]:
    remove_directory = Constant(paths.AT_REMOVEDIR)
    at = kinds.dirfd
    return [
        Row("unlink(p)i", paths.unlinkat, (CWD, path, NONE)),
        Row("rmdir(p)i", paths.unlinkat, (CWD, path, remove_directory)),
        Row("unlinkat(ipi)i", paths.unlinkat, (at, path, kinds.at_flags)),
        Row("rename(pp)i", paths.renameat2, (CWD, path, CWD, path, NONE)),
        Row("renameat(ipip)i", paths.renameat2, (at, path, at, path, NONE)),
        Row("link(pp)i", paths.linkat, (CWD, path, CWD, path, NONE)),
        Row("linkat(ipipi)i", paths.linkat, (at, path, at, path, integer)),
        Row("symlink(pp)i", paths.symlinkat, (path, CWD, path)),
        Row("symlinkat(pip)i", paths.symlinkat, (path, at, path)),
        Row("mkdirat(ipi)i", _mkdirat, (at, path, unsigned)),
        Row("chdir(p)i", directories.chdir, (path,)),
        Row("fchdir(i)i", directories.fchdir, (fd,)),
    ]


def _mode_rows(kinds: PypyKinds) -> list[Row]:
    no_follow = Constant(metadata.AT_SYMLINK_NOFOLLOW)
    at = kinds.dirfd
    return [
        Row("umask(i)i", metadata.umask, (unsigned,)),
        Row("chmod(pi)i", metadata.fchmodat2, (CWD, path, unsigned, NONE)),
        Row("fchmod(ii)i", metadata.fchmod, (fd, unsigned)),
        Row("fchmodat(ipii)i", metadata.fchmodat2, (at, path, unsigned, kinds.at_flags)),
        Row("chown(pii)i", metadata.fchownat, (CWD, path, integer, integer, NONE)),
        Row("lchown(pii)i", metadata.fchownat, (CWD, path, integer, integer, no_follow)),
        Row("fchown(iii)i", metadata.fchown, (fd, integer, integer)),
        Row("fchownat(ipiii)i", metadata.fchownat, (at, path, integer, integer, kinds.at_flags)),
        Row("utimensat(ippi)i", metadata.utimensat,
            (at, optional_path, times.nanoseconds, kinds.at_flags)),
        Row("futimens(ip)i", metadata.utimensat, (fd, Constant(None), times.nanoseconds, NONE)),
        Row("utimes(pp)i", metadata.utimensat, (CWD, path, times.microseconds, NONE)),
    ]  # fmt: skip


def _attribute_rows() -> list[Row]:
    forms = (
        "getxattr(pppi)i", "setxattr(pppii)i", "removexattr(pp)i", "listxattr(ppi)i",
        "lgetxattr(pppi)i", "lsetxattr(pppii)i", "lremovexattr(pp)i", "llistxattr(ppi)i",
        "fgetxattr(ippi)i", "fsetxattr(ippii)i", "fremovexattr(ip)i", "flistxattr(ipi)i",
    )  # fmt: skip
    return [Row(form, files.unsupported, ()) for form in forms]


def _mkdirat(task: Task, dirfd: int, path: bytes, mode: int) -> int:
    if dirfd == -100:
        return mkdir(task, path, mode)
    return directories.mkdirat(task, dirfd, path, mode)
