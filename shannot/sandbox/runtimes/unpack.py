"""Take the parts of a PyPy out of a tar archive that an enemy may have made, or out of a directory.

Called by `workflows/setup.py`. Nothing is written but plain files and directories below the place
that is handed in, each once, with modes of our own; an archive with anything else in these parts,
or with a path that leads out, is refused whole. What belongs to no part is passed over.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from errno import ENOSPC
from typing import TYPE_CHECKING

from shannot.errors import ShannotError, UnsuccessfulError
from shannot.escape import escape
from shannot.sandbox.runtimes.installed import BINARY, LIBRARIES, STANDARD_LIBRARY
from shannot.sandbox.runtimes.tar_stream import Bounds, TarStream, TooMuchError

if TYPE_CHECKING:
    from tarfile import TarInfo

Watch = Callable[[int, int | None], None]
"""Told (bytes of the archive read, its size) now and then."""

_CHUNK = 1 << 18  # bytes
_CACHES = "__pycache__"
"""Compiled modules are not taken: nobody can see what they do, and they are made again."""
_DEPTH = 3
"""Words in the path of a program: `pypy3-c`, `pypy/pypy3-c`, `pypy/bin/pypy3-c`."""
_SPECIAL_MODES = stat.S_ISUID | stat.S_ISGID


@dataclass(frozen=True, slots=True)
class Archive:
    """A file, and what it is called in messages."""

    path: str
    name: str


def unpack(
    archive: Archive, place: str, wanted: Collection[str], watch: Watch, bounds: Bounds
) -> frozenset[str]:
    """Unpack the wanted parts that the archive has into the directory `place`; their names.

    A part is `pypy3-c`, its library, `lib-python` or `lib_pypy`, at the archive's top or in a
    directory of it. Errors: UnsuccessfulError where the archive is damaged or not to be trusted,
    ShannotError where it cannot be read or written.
    """
    try:
        with open(archive.path, "rb") as file, TarStream(file, bounds) as stream:
            return _Unpacking(archive.name, place, wanted).take(
                stream, watch, os.fstat(file.fileno()).st_size
            )
    except TooMuchError as error:
        raise _refused(archive.name, str(error)) from None
    except (tarfile.TarError, EOFError, ValueError, RecursionError) as error:
        reason = escape(str(error))[:200] or type(error).__name__
        raise UnsuccessfulError(
            f"{escape(archive.name)} cannot be unpacked, it is damaged or no tar archive: {reason}"
        ) from None
    except OSError as error:
        if error.strerror is None:  # gzip and bz2 raise it for contents that are damaged
            raise _refused(archive.name, escape(str(error))[:200]) from None
        where = "; XDG_STATE_HOME names another place for it" if error.errno == ENOSPC else ""
        raise ShannotError(
            f"cannot unpack {escape(archive.name)}: {error.strerror}{where}"
        ) from error


class _Unpacking:
    """One archive on its way into a directory."""

    def __init__(self, archive: str, place: str, wanted: Collection[str]) -> None:
        self._archive = archive
        self._place = place
        self._wanted = wanted
        self._parts: dict[str, str] = {}
        """The part's name: where in the archive it stands."""

    def take(self, stream: TarStream, watch: Watch, size: int) -> frozenset[str]:
        with tarfile.TarFile(fileobj=stream) as tar:
            while (member := tar.next()) is not None:
                stream.count_member()
                self._member(member, stream)
                # All that was seen, kept for a random access that never comes.
                tar.members = []  # type: ignore[attr-defined]  # typeshed leaves it out
                watch(stream.compressed_position(), size)
            stream.finish()
        return frozenset(self._parts)

    def _member(self, member: TarInfo, stream: TarStream) -> None:
        words = self._words(member.name)
        found = part_of(words)
        if found is None or _CACHES in words:
            return
        where, inside = found
        part = where[-1]
        if part not in self._wanted or (member.isdir() and part not in STANDARD_LIBRARY):
            return
        if self._parts.setdefault(part, "/".join(where)) != "/".join(where):
            raise self._refused(f"it holds {part} twice")
        name = escape(member.name)[:200]
        path = "/".join((self._place, part, *inside))
        if member.isdir():
            self._make_directory(path, name)
        elif member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise self._refused(f"{name} is a link, a device or something else that is no file")
        elif not inside and part in STANDARD_LIBRARY:
            raise self._refused(f"{name} is no directory")
        elif member.mode & _SPECIAL_MODES:
            raise self._refused(f"{name} would run with another user's rights (setuid)")
        else:
            self._make_directory(os.path.dirname(path), name)
            self._write(member, path, stream)

    def _make_directory(self, path: str, name: str) -> None:
        try:
            os.makedirs(path, mode=0o755, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise self._refused(f"{name} stands below a file") from None

    def _words(self, name: str) -> list[str]:
        """The path's words, `.` left out. Refuses what leads out, or cannot be a name."""
        if name.startswith("/"):
            raise self._refused(f"it has an absolute path: {escape(name)[:200]}")
        words = [word for word in name.split("/") if word not in ("", ".")]
        if ".." in words:
            raise self._refused(f"it has a path that leads out: {escape(name)[:200]}")
        if "\0" in name:
            raise self._refused("it has a path with a NUL character")
        return words

    def _write(self, member: TarInfo, path: str, stream: TarStream) -> None:
        try:
            file_fd = _create(path)
        except (FileExistsError, IsADirectoryError):
            raise self._refused(f"it holds {escape(member.name)[:200]} twice") from None
        try:
            stream.seek(member.offset_data)
            left = member.size
            while left > 0:
                piece = stream.take(min(left, _CHUNK))
                _write_all(file_fd, piece)
                left -= len(piece)
        finally:
            os.close(file_fd)

    def _refused(self, reason: str) -> UnsuccessfulError:
        return _refused(self._archive, reason)


def part_of(words: list[str]) -> tuple[list[str], list[str]] | None:
    """(path of the part that this path belongs to, the rest of the path below it).

    None where it belongs to none.
    """
    if words and len(words) <= _DEPTH and words[-1] in (BINARY, *LIBRARIES):
        return words, []
    for depth in (0, 1):
        if len(words) > depth and words[depth] in STANDARD_LIBRARY:
            return words[: depth + 1], words[depth + 1 :]
    return None


def copy(directory: str, place: str, wanted: Collection[str], bounds: Bounds) -> frozenset[str]:
    """The same from a directory that holds the parts unpacked. Links are refused.

    Errors: as `unpack`.
    """
    parts: set[str] = set()
    budget = bounds
    for part in sorted(wanted):
        source = f"{directory}/{part}"
        try:
            kind = os.lstat(source).st_mode
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ShannotError(f"cannot read {escape(source)}: {error.strerror}") from error
        parts.add(part)
        if (part in STANDARD_LIBRARY) != stat.S_ISDIR(kind):
            raise UnsuccessfulError(f"{escape(source)} is not what an unpacked PyPy has there")
        for path, below in _walk(source):
            budget = _copy_file(path, f"{place}/{part}{below}", budget, directory)
    return frozenset(parts)


def _walk(top: str) -> Iterator[tuple[str, str]]:
    """(path, its part below top) of each file below a directory, or of the one file."""
    if not stat.S_ISDIR(os.lstat(top).st_mode):
        yield top, ""
        return

    def fail(error: OSError) -> None:
        raise error

    for parent, directories, names in os.walk(top, onerror=fail):
        if _CACHES in directories:
            directories.remove(_CACHES)
        links = [name for name in directories if os.path.islink(f"{parent}/{name}")]
        for name in (*links, *names):
            yield f"{parent}/{name}", f"{parent}/{name}"[len(top) :]


def _copy_file(source: str, path: str, budget: Bounds, directory: str) -> Bounds:
    """Copy one file; what is left of the bounds."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        source_fd = os.open(source, flags)
    except OSError as error:
        reason = "is a link" if os.path.islink(source) else f"cannot be read: {error.strerror}"
        raise UnsuccessfulError(f"{escape(source)} {reason}") from None
    try:
        if not stat.S_ISREG(os.fstat(source_fd).st_mode):
            raise UnsuccessfulError(f"{escape(source)} is not a plain file")
        if budget.members < 1:
            raise _refused(directory, "it holds too many files to be a PyPy")
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        file_fd = _create(path)
        size = budget.size
        try:
            while piece := os.read(source_fd, _CHUNK):
                size -= len(piece)
                if size < 0:
                    raise _refused(directory, "it holds too much to be a PyPy")
                _write_all(file_fd, piece)
        finally:
            os.close(file_fd)
        return Bounds(budget.members - 1, size)
    except OSError as error:
        raise ShannotError(f"cannot copy {escape(source)}: {error.strerror}") from error
    finally:
        os.close(source_fd)


def _create(path: str) -> int:
    """A new file; the program and its library are made executable, nothing else is."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    mode = 0o755 if os.path.basename(path) in (BINARY, *LIBRARIES) else 0o644
    file_fd = os.open(path, flags, mode)
    os.fchmod(file_fd, mode)  # whatever the umask: a run started by root drops to another user
    return file_fd


def _write_all(file_fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file_fd, view) :]


def _refused(archive: str, reason: str) -> UnsuccessfulError:
    return UnsuccessfulError(f"{escape(archive)} is refused: {reason}")
