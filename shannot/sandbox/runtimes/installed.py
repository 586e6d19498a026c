"""The installed PyPy: where it is, what belongs to it, and whether it is the one we can mediate.

`workflows/setup` fills the directory, `runtimes/pypy.py` starts what is in it.
"""

from __future__ import annotations

import os
import select
import stat

from shannot.errors import NotFoundError, ShannotError
from shannot.escape import escape

BINARY = "pypy3-c"
LIBRARIES = ("libpypy3-c.so", "libpypy3-c.dylib")
"""A shared build has one of them beside the binary."""
STANDARD_LIBRARY = ("lib-python", "lib_pypy")
"""Directories; the modules are in `lib-python/3` and `lib_pypy`."""

VERSION = "20001"
"""Of the protocol, rpython/translator/sandbox/rsandbox.py."""
_DUMP_MAX = 1 << 16  # bytes
_PATIENCE = 20_000  # milliseconds
_ENVIRONMENT = [b"RPY_SANDBOX_DUMP=1"]
_KILL = 9
_LOADER_SAYS = ("shared librar", "(required by ")
"""What ld.so(8) has in its message about a library that is missing, or too old."""


def pypy_directory(state: str) -> str:
    """The directory of the installation below shannot's state directory; it may not exist."""
    return f"{state}/runtime/pypy"


class Dump:
    """What a sandboxed binary says of itself under RPY_SANDBOX_DUMP=1."""

    __slots__ = ("functions", "platform", "version")

    def __init__(self, version: str, platform: str, functions: tuple[str, ...]) -> None:
        self.version = version
        self.platform = platform  # "linux" or "darwin"
        self.functions = functions  # signatures


def check(directory: str) -> Dump:
    """Is a whole, sandboxed PyPy in this directory, one that we have a row for every call of?

    Runs the binary once. Errors: NotFoundError where something is missing, ShannotError where it
    is not the right one.
    """
    missing = missing_parts(directory)
    if missing:
        raise NotFoundError(f"{directory} has no {missing[0]}: run `shannot setup pypy`")
    return check_program(directory)


def check_program(directory: str) -> Dump:
    """The same of the program alone, without a standard library. Errors: as `check`."""
    printed, complaint = _dump_of(f"{directory}/{BINARY}")
    if not printed and any(words in complaint for words in _LOADER_SAYS):
        raise ShannotError(f"this PyPy cannot start: {escape(complaint)}")
    dump = read_dump(printed)
    _require_rows(dump)
    return dump


def missing_parts(directory: str) -> list[str]:
    """Names that an installation must have and this one does not."""
    wanted = ((BINARY, stat.S_ISREG), *((name, stat.S_ISDIR) for name in STANDARD_LIBRARY))
    missing = []
    for name, is_kind in wanted:
        try:
            fits = is_kind(os.stat(f"{directory}/{name}").st_mode)
        except OSError:
            fits = False
        if not fits:
            missing.append(name)
    return missing


def read_dump(data: bytes) -> Dump:
    """Parse what was printed; unknown keys are ignored. Errors: ShannotError."""
    try:
        lines = data.decode("ascii").splitlines()
    except UnicodeDecodeError:
        lines = []
    values = {key: value for key, found, value in (line.partition(": ") for line in lines) if found}
    if not {"Version", "Platform", "Funcs"} <= values.keys():
        raise ShannotError("this PyPy is not a sandboxed one: it prints no list of its calls")
    if values["Version"] != VERSION:
        raise ShannotError(f"this PyPy speaks version {values['Version'][:20]!a}, not {VERSION}")
    platform = values["Platform"]
    platform = "linux" if platform in ("linux2", "linux3") else platform
    return Dump(values["Version"], platform, tuple(values["Funcs"].split()))


def _dump_of(binary: str) -> tuple[bytes, str]:
    """What the binary prints, confined as it will be, and what it complains of.

    Errors: ShannotError where it cannot run.
    """
    # Once for each binary.
    from shannot.sandbox.runtimes.pypy import start_binary
    from shannot.sandbox.spec import Limits
    from shannot.sandbox.syscalls.numbers import of_machine

    program = os.fsencode(os.path.realpath(binary))
    directory = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        architecture = of_machine(os.uname().machine)
        process = start_binary(program, [program], _ENVIRONMENT, architecture, directory, Limits())
    except OSError as error:
        raise ShannotError(f"cannot run {binary}: {error.strerror}") from None
    finally:
        os.close(directory)
    try:
        try:
            printed = _read(process.reader)
        finally:
            os.kill(process.pid, _KILL)
            os.waitpid(process.pid, 0)
        return printed, process.complaint()
    finally:
        process.close()


def _read(reader: int) -> bytes:
    """To its end, its bound, or until nothing comes for too long."""
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    data = b""
    while len(data) < _DUMP_MAX and poll.poll(_PATIENCE):
        piece = os.read(reader, _DUMP_MAX)
        if not piece:
            break
        data += piece
    return data


def _require_rows(dump: Dump) -> None:
    """Errors: ShannotError where a call of it is in no table, or it is for another platform."""
    from shannot.sandbox.syscalls import pypy, pypy_seldom
    from shannot.sandbox.syscalls.pypy_layouts import platform_of

    here = os.uname().sysname.lower()
    if dump.platform != here:
        raise ShannotError(f"this PyPy is made for {escape(dump.platform[:20])}, not for {here}")
    platform = platform_of(here, os.uname().machine)
    rows = (*pypy.rows(platform), *pypy_seldom.rows(platform))
    unknown = sorted(set(dump.functions) - {row.name for row in rows})
    if unknown:
        raise ShannotError(f"this PyPy makes calls that are in no table: {unknown[0][:80]!a}")
