"""Programs: what execve(2) starts, how a verdict is taken on it, and what fork copies."""

from __future__ import annotations

import os
from errno import E2BIG, EACCES, ELOOP, ENOEXEC, EPERM

from ..spec import Answer, CommandRequest
from ..vfs.node import File

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .task import Task

ARGUMENTS_MAX = 2 << 20
"""Bytes of argv and environment together: what Linux allows under the usual 8 MiB stack."""

_INTERPRETERS_MAX = 4  # BINPRM's own bound on scripts that name scripts
_HEAD = 256  # BINPRM_BUF_SIZE of linux/binfmts.h

CLONE_THREAD_FLAGS = 0x3D0F00
_CLONE_VM = 0x100
_CLONE_VFORK = 0x4000
_CLONE_PARENT = 0x8000
_CLONE_THREAD = 0x10000
_CLONE_PTRACE = 0x2000
_CLONE_UNTRACED = 0x800000
_CLONE_INTO_CGROUP = 0x200000000
_CLONE_NAMESPACES = 0x7E020000 | 0x80  # NEWNS, NEWCGROUP … NEWNET, NEWTIME


class Program:
    """A file that the host kernel can execute, and the arguments it gets for a `#!` line."""

    __slots__ = ("node", "path", "prefix")

    def __init__(self, node: File, path: bytes, prefix: tuple[bytes, ...]) -> None:
        self.node = node
        self.path = path  # in the virtual tree, links resolved
        self.prefix = prefix  # takes argv[0]'s place: interpreter, its argument, the script's path

    def open(self, task: Task) -> int:
        """A descriptor to execute. Errors: those of opening it."""
        node = self.node
        if node.spool is None:
            return task.system.overlay.open_lower(node)
        host_fd = node.spool.open(node.key, os.O_RDONLY)
        os.fchmod(host_fd, 0o755)  # below a directory that only we can enter
        return host_fd


class Execution:
    """What an execve turned into."""

    __slots__ = ("answer", "argv", "environment", "program")

    def __init__(
        self,
        program: Program,
        argv: tuple[bytes, ...],
        environment: tuple[bytes, ...],
        answer: Answer,
    ) -> None:
        self.program = program
        self.argv = argv
        self.environment = environment
        self.answer = answer


def prepare(
    task: Task, path: bytes, argv: Sequence[bytes], environment: Sequence[bytes]
) -> Execution:
    """Resolve a program and take the verdict on it. Errors: execve(2)'s; EPERM if it is denied."""
    size = sum(map(len, argv)) + sum(map(len, environment)) + 16 * len(argv)
    if size > ARGUMENTS_MAX:
        raise OSError(E2BIG, "arguments too long")
    named = find_executable(task, path)
    program = _with_interpreter(task, named, path)
    request = CommandRequest(
        tuple(argv),
        task.cwd.path(),
        _variables(environment),
        named.path(),
        _only_in_layer(named),
        own=program.path == task.system.interpreter and not program.prefix,
    )
    answer = task.system.gate.command(request)
    if answer.kind == "refuse":
        raise OSError(answer.errno or EPERM, "refused by policy")
    return Execution(program, tuple(argv), tuple(environment), answer)


def find_executable(task: Task, path: bytes) -> File:
    """The file that a path names. Errors: ENOENT, EACCES, as execve(2) has them."""
    node = task.existing(-100, path)
    if not isinstance(node, File):
        raise OSError(EACCES, "not a regular file")
    if not task.system.identity.permits(node, 1):
        raise OSError(EACCES, "not executable")
    return node


def _with_interpreter(task: Task, node: File, path: bytes) -> Program:
    """Follow `#!` lines as the kernel does: each interpreter gets the path of what named it."""
    prefix: list[bytes] = []
    named = path
    for _ in range(_INTERPRETERS_MAX + 1):
        host_fd = task.system.overlay.open_file(node, os.O_RDONLY)
        try:
            head = os.pread(host_fd, _HEAD, 0)
        finally:
            os.close(host_fd)
        if head[:4] == b"\x7fELF":
            return Program(node, node.path(), tuple(prefix))
        if head[:2] != b"#!":
            raise OSError(ENOEXEC, "not a program")
        words = _interpreter_line(head)
        prefix = [*words, named, *prefix[1:]]
        named = words[0]
        node = find_executable(task, named)
    raise OSError(ELOOP, "too many interpreters")


def _interpreter_line(head: bytes) -> list[bytes]:
    """The interpreter of a `#!` line and its one argument, as binfmt_script reads them."""
    line, newline, _ = head[2:].partition(b"\n")
    line = line.strip(b" \t")
    if not line or (not newline and len(head) == _HEAD and b" " not in line and b"\t" not in line):
        raise OSError(ENOEXEC, "no interpreter")
    words = line.replace(b"\t", b" ", 1).split(b" ", 1)
    argument = words[1].strip(b" \t") if len(words) > 1 else b""
    return [words[0], argument] if argument else [words[0]]


def _variables(environment: Sequence[bytes]) -> dict[bytes, bytes]:
    variables: dict[bytes, bytes] = {}
    for entry in environment:
        name, separator, value = entry.partition(b"=")
        if separator and name not in variables:
            variables[name] = value
    return variables


def _only_in_layer(node: File) -> bool:
    """New, changed or moved: not the file that the host has at this path."""
    if node.origin is None or node.original is not None:
        return True
    lower, name = node.origin
    return (b"" if lower.path == b"/" else lower.path) + b"/" + name != node.path()


def check_clone(task: Task, flags: int) -> bool:
    """May this clone(2) go on? Returns whether it makes a thread. Errors: EPERM, EAGAIN."""
    forbidden = _CLONE_PARENT | _CLONE_PTRACE | _CLONE_UNTRACED | _CLONE_NAMESPACES
    if flags & (forbidden | _CLONE_INTO_CGROUP) or flags >> 33:
        raise OSError(EPERM, "not permitted")
    thread = bool(flags & _CLONE_THREAD)
    if not thread:
        task.forks.append((task.cwd, task.umask, bool(flags & _CLONE_VM)))
        del task.forks[:-1000]
    return thread
