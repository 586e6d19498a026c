"""Rows of the `pypy` table: open files, directory streams, what is known of a file."""

from __future__ import annotations

from errno import EINVAL

from shannot.sandbox.kernel import directory_streams, files, metadata, open_files, paths, terminals

from .pypy import is_inheritable, keep
from .pypy_kinds import CWD, NONE, PypyKinds
from .pypy_layouts import INT, LONG
from .table import (
    Constant,
    Row,
    Skip,
    descriptor,
    fd,
    integer,
    long,
    path,
    size,
    stored,
    unsigned,
    written,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.kernel.piped import PipedTask
    from shannot.sandbox.kernel.task import Task

    from .pypy_layouts import Platform
    from .table import Arguments

SKIP = Skip()
FALSE, TRUE = Constant(False), Constant(True)
_TIOCGWINSZ_DARWIN, _TIOCGWINSZ = 0x40087468, 0x5413
_PIECE = 1 << 20
_STDOUT = b"stdout"


def rows(platform: Platform) -> list[Row]:
    kinds = PypyKinds(platform)
    return [
        *_descriptor_rows(),
        *_contents_rows(),
        *_stream_rows(kinds),
        *_status_rows(platform, kinds),
        Row("openat(ipii)i", files.openat, (kinds.dirfd, path, kinds.flags, unsigned),
            kinds.opened(2)),
    ]  # fmt: skip


def _descriptor_rows() -> list[Row]:
    return [
        Row("dup(i)i", open_files.dup, (fd, FALSE)),
        Row("dup2(ii)i", open_files.dup2, (fd, fd, FALSE)),
        Row("rpy_dup_noninheritable(i)i", open_files.dup, (fd, TRUE)),
        Row("rpy_dup2_noninheritable(ii)i", open_files.dup2, (fd, fd, TRUE)),
        Row("rpy_set_inheritable(ii)i", set_inheritable, (fd, integer)),
        Row("rpy_get_status_flags(i)i", open_files.get_status_flags, (fd,)),
        Row("rpy_set_status_flags(ii)i", open_files.set_status_flags, (fd, integer)),
        Row("fcntl(iii)i", fcntl, (fd, integer, integer)),
        Row("pipe(p)i", open_files.pipe, (SKIP, NONE), _pair),
        Row("pipe2(pi)i", open_files.pipe, (SKIP, unsigned), _pair),
        Row("memfd_create(pi)i", files.memfd_create, (path, unsigned), descriptor(1, 1)),
        Row("ioctl(iip)i", ioctl, (fd, unsigned), stored(2)),
        Row("get_stdout()p", get_stdout, ()),
        Row("fileno(p)i", fileno, (size,)),
    ]


def _contents_rows() -> list[Row]:
    return [
        Row("pread(ipii)i", open_files.pread, (fd, SKIP, size, long), _filled),
        Row("pwrite(ipii)i", pwrite, (fd, size, size, long)),
        Row("ftruncate(ii)i", open_files.ftruncate, (fd, long)),
        Row("posix_fallocate(iii)i", fallocate, (fd, long, long)),
        Row("posix_fadvise(iiii)i", fadvise, (fd, long, long, integer)),
        Row("fsync(i)i", open_files.sync, (fd,)),
        Row("fdatasync(i)i", open_files.sync, (fd,)),
        Row("sync()v", _nothing, ()),
        Row("lockf(iii)i", open_files.lockf, (fd, integer, long)),
        Row("sendfile(iipi)i", sendfile, (fd, fd, size, size)),
        Row("sendfile(iiippi)i", sendfile_darwin, (fd, fd, long, size, size, integer)),
    ]


def _stream_rows(kinds: PypyKinds) -> list[Row]:
    return [
        Row("fdopendir(i)p", directory_streams.fdopendir, (fd,), kinds.stream),
        Row("dirfd(p)i", dirfd, (size,)),
        Row("rewinddir(p)v", rewinddir, (size,)),
    ]


def _status_rows(platform: Platform, kinds: PypyKinds) -> list[Row]:
    stat = written(2, platform.stat)
    at = (kinds.dirfd, path, SKIP, kinds.at_flags)
    return [
        Row("fstatat64(ippi)i", metadata.newfstatat, at, stat),
        Row("fstatat(ippi)i", metadata.newfstatat, at, stat),
        Row("faccessat(ipii)i", metadata.faccessat2, (kinds.dirfd, path, integer, kinds.at_flags)),
        Row("statvfs(pp)i", metadata.statfs, (path,), written(1, platform.statvfs)),
        Row("fstatvfs(ip)i", metadata.fstatfs, (fd,), written(1, platform.statvfs)),
        Row("readlinkat(ippi)i", metadata.readlinkat, (kinds.dirfd, path, SKIP, integer),
            _filled_third),
        Row("truncate(pi)i", files.truncate, (path, long)),
        Row("mkfifo(pi)i", files.not_permitted, ()),
        Row("mkfifoat(ipi)i", files.not_permitted, ()),
        Row("mknod(pii)i", paths.mknodat, (CWD, path, unsigned)),
        Row("mknodat(ipii)i", paths.mknodat, (kinds.dirfd, path, unsigned)),
    ]  # fmt: skip


# -- results -------------------------------------------------------------------------------------


def _filled(task: Task, arguments: Arguments, value: object) -> int:
    data: bytes = value  # type: ignore[assignment]  # the handler's bytes
    if data:
        task.memory.write(arguments[1], data)
    return len(data)


def _filled_third(task: Task, arguments: Arguments, value: object) -> int:
    return _filled(task, arguments[1:], value)


def _pair(task: Task, arguments: Arguments, value: object) -> int:
    """Two numbers where the first argument points."""
    numbers: tuple[int, int] = value  # type: ignore[assignment]  # the handler's pair
    task.memory.write(arguments[0], b"".join(map(INT.pack, numbers)))
    return 0


# -- descriptors ---------------------------------------------------------------------------------


def set_inheritable(task: PipedTask, number: int, inheritable: int) -> int:
    task.table.set_inheritable(number, bool(inheritable))
    return 0


def fcntl(task: PipedTask, number: int, command: int, value: int) -> int:
    """F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL of fcntl(2). Errors: EINVAL for others."""
    match command:
        case 0:
            return task.table.give(task.table.duplicate(number), True, value)
        case 1:
            return int(not is_inheritable(task, number))
        case 2:
            return set_inheritable(task, number, not value & 1)
        case 3:
            return open_files.get_status_flags(task, number)
        case 4:
            return open_files.set_status_flags(task, number, value)
    raise OSError(EINVAL, "not supported")


def ioctl(task: Task, number: int, request: int) -> bytes:
    """As on Linux; macOS asks for the window's size by another number."""
    if request == _TIOCGWINSZ_DARWIN:
        request = _TIOCGWINSZ
    return terminals.ioctl(task, number, request)


def get_stdout(task: PipedTask) -> int:
    """A pointer that stands for stdio's stdout: only `fileno` takes it."""
    return keep(task, _STDOUT)


def fileno(task: PipedTask, address: int) -> int:
    if address and task.kept.get(_STDOUT) == address:
        return 1
    raise OSError(9, "no such stream")


# -- contents ------------------------------------------------------------------------------------


def pwrite(task: PipedTask, number: int, address: int, count: int, offset: int) -> int:
    """pwrite(2), a piece at a time, as `pypy.write`."""
    done, count = 0, min(count, open_files.WRITE_MAX)
    while True:
        piece = min(_PIECE, count - done)
        try:
            data = task.memory.read(address + done, piece) if piece else b""
            written = open_files.pwrite(task, number, data, offset + done)
        except OSError:
            if done:
                return done
            raise
        done += written
        if written < piece or done >= count:
            return done


def fallocate(task: PipedTask, number: int, offset: int, length: int) -> int:
    """posix_fallocate(3) returns its error instead of setting errno."""
    try:
        return open_files.fallocate(task, number, offset, length)
    except OSError as error:
        return error.errno or EINVAL


def fadvise(task: PipedTask, number: int, _offset: int, length: int, advice: int) -> int:
    """posix_fadvise(2): nothing to gain. Returns its error."""
    try:
        task.table.host(number)
    except OSError as error:
        return error.errno or EINVAL
    return EINVAL if length < 0 or not 0 <= advice <= 5 else 0


def sendfile(task: PipedTask, target: int, source: int, address: int, count: int) -> int:
    offset = LONG.unpack(task.memory.read(address, 8))[0] if address else None
    done = open_files.sendfile(task, target, source, offset, count)
    if offset is not None:
        task.memory.write(address, LONG.pack(offset + done))
    return done


def sendfile_darwin(
    task: PipedTask, source: int, target: int, offset: int, length: int, _headers: int, _flags: int
) -> int:
    """sendfile(2) of macOS: how much is asked for, and then how much was sent, lies at `length`."""
    wanted = LONG.unpack(task.memory.read(length, 8))[0]
    count = wanted if wanted > 0 else open_files.READ_MAX
    done = open_files.sendfile(task, target, source, offset, count)
    task.memory.write(length, LONG.pack(done))
    return 0


# -- directory streams ---------------------------------------------------------------------------


def dirfd(task: PipedTask, address: int) -> int:
    return directory_streams.stream_at(task, address).number


def rewinddir(task: PipedTask, address: int) -> int:
    directory_streams.stream_at(task, address).rewind()
    return 0


def _nothing(_task: Task) -> int:
    return 0
