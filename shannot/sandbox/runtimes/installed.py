"""The installed PyPy: where it is, what belongs to it, and whether it is the one we can mediate.

`workflows/setup` fills the directory, `runtimes/pypy.py` starts what is in it.
"""

from __future__ import annotations

import os
import stat

from shannot.errors import NotFoundError, ShannotError

BINARY = "pypy3-c"
LIBRARIES = ("libpypy3-c.so", "libpypy3-c.dylib")
"""A shared build has one of them beside the binary."""
STANDARD_LIBRARY = ("lib-python", "lib_pypy")
"""Directories; the modules are in `lib-python/3` and `lib_pypy`."""

VERSION = "20001"
"""Of the protocol, rpython/translator/sandbox/rsandbox.py."""
_DUMP_MAX = 1 << 16  # bytes
_PATIENCE = 20.0  # seconds


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


def require(state: str) -> str:
    """The binary's path, of an installation that was found right. Errors: as `check`."""
    directory = pypy_directory(state)
    if missing_parts(directory):
        raise NotFoundError("no PyPy is installed: run `shannot setup pypy`")
    return f"{directory}/{BINARY}"


def check(directory: str) -> Dump:
    """Is a whole, sandboxed PyPy in this directory, one that we have a row for every call of?

    Runs the binary once. Errors: NotFoundError where something is missing, ShannotError where it
    is not the right one.
    """
    missing = missing_parts(directory)
    if missing:
        raise NotFoundError(f"{directory} has no {missing[0]}: run `shannot setup pypy`")
    return read_dump(_dump_of(f"{directory}/{BINARY}"))


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


def _dump_of(binary: str) -> bytes:
    """What the binary prints. Errors: ShannotError where it cannot be run."""
    import subprocess  # once for each binary

    try:
        done = subprocess.run(
            [binary],
            env={"RPY_SANDBOX_DUMP": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "it does not end"
        raise ShannotError(f"cannot run {binary}: {reason}") from None
    return done.stdout[:_DUMP_MAX]
