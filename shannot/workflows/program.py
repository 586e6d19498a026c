"""What is to be run, checked before anything starts: the script and its interpreter.

For `workflows/run.py`. Every error here is the user's to mend, and is one line.
"""

from __future__ import annotations

import os
import stat
import sys

from shannot.errors import NotFoundError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

# The child's PATH, whatever the caller's is: an entry that others can write would decide what
# runs. Debian's own for root, which covers /usr/local and is a superset of other systems'.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_HEAD = 8 << 10  # bytes looked at to tell a text from a binary
_MAX_SCRIPT = 16 << 20  # bytes of a script that come on stdin, or are kept for review
_PYC = b"\r\n"  # bytes 2 and 3 of every compiled module, importlib/_bootstrap_external.py
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


class Program:
    """One of: a script's path, the code of -c, the module of -m, `-` for a script on stdin."""

    __slots__ = ("arguments", "kind", "text")

    def __init__(
        self,
        kind: Literal["script", "code", "module", "stdin"],
        text: str,
        arguments: Sequence[str] = (),
    ) -> None:
        self.kind = kind
        self.text = text
        self.arguments = tuple(arguments)

    def argv(self, interpreter: str) -> tuple[str, ...]:
        """The child's whole argv, as a person would type it for plain python.

        With -B: compiled copies of what the project imports are nobody's wish, and would stand
        in the plan.
        """
        option = {"script": (), "code": ("-c",), "module": ("-m",), "stdin": ()}[self.kind]
        return (interpreter, "-B", *option, self.text, *self.arguments)

    def name(self) -> str:
        """A word or two for a session's id and for lists."""
        if self.kind == "script":
            return os.path.basename(self.text).removesuffix(".py")
        return {"code": "code", "module": self.text, "stdin": "stdin"}[self.kind]


def check_script(path: str) -> None:
    """Raises NotFoundError where there is no script, UsageError where it can be none."""
    try:
        host_fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"no such script: {path}")
    except ValueError:
        raise NotFoundError("no such script: its name holds a NUL character")
    except OSError as error:
        raise UsageError(f"cannot read the script {path}: {error.strerror}")
    try:
        mode = os.fstat(host_fd).st_mode
        if stat.S_ISDIR(mode):
            _check_directory(path)
        elif not stat.S_ISREG(mode):
            raise UsageError(f"not a regular file: {path} (`shannot run - < FILE` reads a script)")
        elif _is_binary(os.read(host_fd, _HEAD)):
            raise UsageError(f"not a Python script but a binary file: {path}")
    finally:
        os.close(host_fd)


def _check_directory(path: str) -> None:
    if not os.path.isfile(os.path.join(path, "__main__.py")):
        raise UsageError(f"a directory without a __main__.py is no script: {path}")


def _is_binary(head: bytes) -> bool:
    return b"\0" in head and head[2:4] != _PYC and not head.startswith(_ZIP)


def find_interpreter(runtime: str, state: str, python: str | None, default: str) -> str:
    """The absolute path of the interpreter: for `pypy` the installed one, below the state
    directory, else `python`, or the default. Raises UsageError, NotFoundError."""
    if runtime == "pypy":
        from shannot.sandbox.runtimes import remembered  # the other runtime needs no looking

        if python is not None:
            raise UsageError("--python is for --runtime cpython: the pypy runtime has its own")
        return remembered.require(state)
    return find_python(python, default or own_bundled(state))


def own_bundled(state: str) -> str:
    """The Python that the native executable brings, where this is one; "" for every other."""
    if not getattr(sys, "frozen", False):
        return ""
    from shannot.workflows.bundled import bundled_python  # only where the machine has none

    return bundled_python(sys.executable, state)


def host_python() -> str:
    """The python3 of this machine's own directories; "" where there is none."""
    found = [f"{place}/python3" for place in PATH.split(":")]
    return next((path for path in found if os.access(path, os.X_OK)), "")


def find_python(python: str | None, default: str) -> str:
    """A CPython's absolute path. A virtual environment's python keeps its own path: resolved, it
    would be another one. Raises UsageError."""
    given = python or default
    if not given:
        raise UsageError(
            "there is no python3 on this machine's PATH: name one with `--python PATH`"
        )
    path = os.path.expanduser(given)
    if "/" not in path:
        found = [f"{place}/{path}" for place in PATH.split(":")]
        path = next((place for place in found if os.access(place, os.X_OK)), path)
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        raise UsageError(f"no such interpreter: {given}")
    if not os.access(path, os.X_OK):
        raise UsageError(
            f"the interpreter {given} cannot be executed (its mode, or a noexec mount)"
        )
    try:
        with open(path, "rb") as program:
            magic = program.read(4)
    except OSError as error:
        raise UsageError(f"cannot read the interpreter {path}: {error.strerror}")
    if magic != b"\x7fELF":
        raise UsageError(
            f"not an interpreter but a script that starts one: {path}"
            " (`--python` takes the path that `sys.executable` prints)"
        )
    return path


def read_stdin(host_fd: int) -> int | None:
    """The script that comes on stdin, whole, as an open file to give to the child in its place.

    So that a reviewer can see it: python itself also reads all of it before it runs any.
    None where a person sits at a terminal. Raises UsageError.
    """
    if os.isatty(host_fd):
        return None
    copy = os.memfd_create("script", os.MFD_CLOEXEC)
    total = 0
    try:
        while data := os.read(host_fd, 1 << 16):
            total += len(data)
            if total > _MAX_SCRIPT:
                raise UsageError(f"the script on stdin is longer than {_MAX_SCRIPT} bytes")
            os.write(copy, data)
    except OSError as error:
        raise UsageError(f"cannot read the script from stdin: {error.strerror}")
    os.lseek(copy, 0, os.SEEK_SET)
    return copy


def read_script(program: Program, script: str | None, stdin_copy: int | None) -> bytes:
    """What a reviewer can read as the script: empty for a module, a directory, a terminal.

    script: the path of the file, where it is one. Read before the run, so that it is what was
    run and not what the file says later.
    """
    match program.kind:
        case "code":
            return os.fsencode(program.text)
        case "stdin":
            return b"" if stdin_copy is None else os.pread(stdin_copy, _MAX_SCRIPT, 0)
        case "script":
            try:
                with open(script or program.text, "rb") as file:
                    return file.read(_MAX_SCRIPT)
            except OSError:
                return b""
        case "module":
            return b""
