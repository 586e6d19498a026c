"""Programs: what execve(2) starts, how a verdict is taken on it, and what fork copies."""

from __future__ import annotations

import fcntl
import os
import struct
from errno import E2BIG, EACCES, EAGAIN, ELOOP, ENOEXEC, EPERM, ETXTBSY

from shannot.sandbox.spec import Answer, CommandRequest
from shannot.sandbox.vfs.node import File, host_path

from .private_names import names_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .task import Task

ARGUMENTS_MAX = 6 << 20
"""Bytes of argv and environment together: three quarters of _STK_LIM, whatever the stack."""

_ARGUMENTS_MIN = 128 << 10  # ARG_MAX of linux/limits.h: allowed however small the stack
_INTERPRETERS_MAX = 5  # exec_binprm's own bound on scripts that name scripts
_HEAD = 256  # BINPRM_BUF_SIZE of linux/binfmts.h
_COPY = 1 << 20

# Elf64_Ehdr: class and byte order; machine; e_phoff; e_phentsize and e_phnum
_MACHINES = {"x86_64": 62, "aarch64": 183}
_ELF_HEADER = struct.Struct("<4sBB10xHHIQQQIHHH")
_PROGRAM_HEADER = struct.Struct("<IIQQQQ")
_PT_INTERP = 3
_OFFSET_MAX = 1 << 62  # of a file, with room to add

_CLONE_VM = 0x100
_CLONE_FILES = 0x400
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
            host_fd = task.system.overlay.open_lower(node)
            return _for_everybody(host_fd) if task.system.identity.uid == 0 else host_fd
        host_fd = node.spool.open(node.key, os.O_RDONLY)
        os.fchmod(host_fd, 0o755)  # below a directory that only we can enter
        return host_fd


class Execution:
    """What an execve turned into."""

    __slots__ = ("answer", "path", "program", "restore_signals")

    def __init__(self, program: Program, path: bytes, answer: Answer) -> None:
        self.program = program
        self.path = path  # as the child gave it
        self.answer = answer
        self.restore_signals = False  # those that Python ignores, where we start it ourselves

    def names(self, number: int) -> tuple[bytes, ...]:
        """What a process list shows; what it may have become, as a descriptor was executed."""
        node = self.program.node
        host = node.key or (node.origin[1] if node.origin is not None else b"")
        return self.path.rpartition(b"/")[2], host, b"%d" % number, b"memfd:program"


def prepare(
    task: Task, path: bytes, argv: Sequence[bytes], environment: Sequence[bytes]
) -> Execution:
    """Resolve a program and take the verdict on it. Errors: execve(2)'s; EPERM if it is denied."""
    strings = len(argv) + len(environment)
    size = sum(map(len, argv)) + sum(map(len, environment)) + len(path) + 1 + 9 * strings
    heir = task.pid if task.system.children is None else os.getpid()  # whose limits it inherits
    if size > _ARGUMENTS_MIN and size > _room(heir):
        raise OSError(E2BIG, "arguments too long")
    named = find_executable(task, path)
    program = _with_interpreter(task, named, path)
    if task.system.children is not None and program.path == task.system.interpreter:
        raise OSError(ENOEXEC, "speaks only with a mediator of its own")
    request = CommandRequest(
        tuple(argv) or (b"",),
        host_path(task.cwd),
        _variables(environment),
        host_path(named),
        _only_in_layer(named),
        own=program.path == task.system.interpreter and not program.prefix,
        confinable=task.system.children is None or task.system.children.confines,
        in_private=task.cwd.mount.mode == "private"
        or names_private(task.system.lookup.root, task.cwd.path(), argv),
    )
    answer = task.system.gate.command(request)
    if answer.kind == "refuse":
        raise OSError(answer.errno or EPERM, "refused by policy")
    return Execution(program, path, answer)


def _room(pid: int) -> int:
    """Bytes for arguments: a quarter of the stack's soft limit (`bprm_stack_limits`)."""
    with open(b"/proc/%d/limits" % pid, "rb") as limits:
        line = next(line for line in limits if line.startswith(b"Max stack size"))
    soft = line[len(b"Max stack size") :].split()[0]
    stack = ARGUMENTS_MAX * 4 if soft == b"unlimited" else int(soft)
    return max(_ARGUMENTS_MIN, min(ARGUMENTS_MAX, stack // 4))


def find_executable(task: Task, path: bytes) -> File:
    """The file that a path names. Errors: ENOENT, EACCES, as execve(2) has them."""
    node = task.existing(-100, path)
    if not isinstance(node, File):
        raise OSError(EACCES, "not a regular file")
    if not task.system.identity.permits(node, 1):
        raise OSError(EACCES, "not executable")
    if node.spool is not None and _is_being_written(node.spool.open(node.key, os.O_RDONLY)):
        raise OSError(ETXTBSY, "open for writing")
    return node


def _is_being_written(host_fd: int) -> bool:
    """Has anybody this file open for writing? Then there can be no read lease on it."""
    try:
        fcntl.fcntl(host_fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == EAGAIN  # else a filesystem without leases
    finally:
        os.close(host_fd)
    return False


def _with_interpreter(task: Task, node: File, path: bytes) -> Program:
    """Follow `#!` lines as the kernel does: each interpreter gets the path of what named it."""
    prefix: list[bytes] = []
    named = path
    for _ in range(_INTERPRETERS_MAX + 1):
        host_fd = task.system.overlay.open_file(node, os.O_RDONLY)
        try:
            head = os.pread(host_fd, _HEAD, 0)
            if head[:4] == b"\x7fELF":
                _check_elf(task, host_fd)
                return Program(node, node.path(), tuple(prefix))
        finally:
            os.close(host_fd)
        if head[:2] != b"#!":
            raise OSError(ENOEXEC, "not a program")
        words = _interpreter_line(head)
        prefix = [*words, named, *prefix[1:]]
        named = words[0]
        node = find_executable(task, named)
    raise OSError(ELOOP, "too many interpreters")


def _check_elf(task: Task, host_fd: int) -> None:
    """What the kernel would say after it is too late for us to say it. Errors: ENOEXEC, ENOENT."""
    head = os.pread(host_fd, _ELF_HEADER.size, 0)
    if len(head) < _ELF_HEADER.size:
        raise OSError(ENOEXEC, "cut short")
    _, width, order, kind, machine, *_, start, _, _, _, size, count = _ELF_HEADER.unpack(head)
    if (width, order) != (2, 1) or kind not in (2, 3) or size != 56 or not 0 < count <= 1000:
        raise OSError(ENOEXEC, "not of this machine")
    if machine != _MACHINES.get(os.uname().machine, machine):
        raise OSError(ENOEXEC, "not of this machine")
    if start > _OFFSET_MAX:
        raise OSError(ENOEXEC, "cut short")
    table = os.pread(host_fd, size * count, start)
    if len(table) != size * count:
        raise OSError(ENOEXEC, "cut short")
    for place in range(0, len(table), size):
        what, _, offset, _, _, length = _PROGRAM_HEADER.unpack_from(table, place)
        if what == _PT_INTERP:
            if offset > _OFFSET_MAX:
                raise OSError(ENOEXEC, "no interpreter")
            path = os.pread(host_fd, min(length, 4096), offset).rstrip(b"\0")
            if not path:
                raise OSError(ENOEXEC, "no interpreter")
            task.existing(-100, path)  # ENOENT, as natively, where a program's loader is missing


def _for_everybody(host_fd: int) -> int:
    """Where root has started the run: a program that only root may read, as a copy in memory.

    The child has another user number, so that the kernel would not let it execute this file.
    """
    mode = os.fstat(host_fd).st_mode
    if mode & 0o005 == 0o005:
        return host_fd
    copy = os.memfd_create("program", os.MFD_CLOEXEC)
    try:
        while os.sendfile(copy, host_fd, None, _COPY):
            pass
        os.fchmod(copy, 0o755)
        return os.open(b"/proc/self/fd/%d" % copy, os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(copy)
        os.close(host_fd)


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
    return (b"" if lower.path == b"/" else lower.path) + b"/" + name != host_path(node)


def check_clone(task: Task, flags: int) -> bool:
    """May this clone(2) go on? Returns whether it makes a thread. Errors: EPERM, EAGAIN."""
    forbidden = _CLONE_PARENT | _CLONE_PTRACE | _CLONE_UNTRACED | _CLONE_NAMESPACES
    if flags & (forbidden | _CLONE_INTO_CGROUP) or flags >> 33:
        raise OSError(EPERM, "not permitted")
    thread = bool(flags & _CLONE_THREAD)
    if thread and not flags & _CLONE_FILES:
        raise OSError(EPERM, "descriptors of its own")  # those that we look at are the process's
    if not thread:
        task.forks += 1
        task.lends_memory = task.lends_memory or bool(flags & _CLONE_VM)
    return thread
