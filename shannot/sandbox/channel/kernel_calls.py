"""System calls that Python has no function for, as thin functions that raise OSError.

Used at launch, by the mediator and by the probe. One libc function does it all: `syscall(3)`.
Numbers are from arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h;
constants from include/uapi/linux/{seccomp,prctl,landlock,fcntl}.h. The hot path of the
mediator uses the struct and ioctl constants here with `fcntl.ioctl`, not the functions.
"""

from __future__ import annotations

import ctypes
import os
from fcntl import ioctl
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Buffer = ctypes.Array[ctypes.c_char]
    Strings = ctypes.Array[ctypes.c_char_p]

_AARCH64 = os.uname().machine == "aarch64"
SYS_EXECVEAT = 281 if _AARCH64 else 322
SYS_GETCPU = 168 if _AARCH64 else 309
SYS_KCMP = 272 if _AARCH64 else 312
SYS_PRCTL = 167 if _AARCH64 else 157
SYS_SECCOMP = 277 if _AARCH64 else 317
SYS_PIDFD_SEND_SIGNAL = 424
SYS_PIDFD_OPEN = 434
SYS_CLOSE_RANGE = 436
SYS_PIDFD_GETFD = 438
SYS_LANDLOCK_CREATE_RULESET = 444
SYS_LANDLOCK_ADD_RULE = 445
SYS_LANDLOCK_RESTRICT_SELF = 446

SECCOMP_SET_MODE_FILTER = 1
SECCOMP_FILTER_FLAG_NEW_LISTENER = 1 << 3  # 5.0
SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 1 << 5  # 5.19

# struct seccomp_notif, 80 bytes, zeroed before RECV or the kernel answers EINVAL:
#   u64 id @0; u32 pid @8 (the thread's, in our namespace); u32 flags @12;
#   struct seccomp_data { int nr @16; u32 arch @20; u64 instruction_pointer @24; u64 args[6] @32 }
NOTIF = Struct("<QIIiIQ6Q")
# struct seccomp_notif_resp, 24 bytes:
#   u64 id @0; s64 val @8; s32 error @16 (a negative errno); u32 flags @20
RESPONSE = Struct("<QqiI")
# struct seccomp_notif_addfd, 24 bytes:
#   u64 id @0; u32 flags @8; u32 srcfd @12 (ours); u32 newfd @16 (0, or with SETFD);
#   u32 newfd_flags @20
ADDFD = Struct("<QIIII")
# RECV and SEND are _IOWR of their struct with the letter '!', the others _IOW of theirs or of u64.
SECCOMP_IOCTL_NOTIF_RECV = 0xC0502100
SECCOMP_IOCTL_NOTIF_SEND = 0xC0182101
SECCOMP_IOCTL_NOTIF_ID_VALID = 0x40082102
SECCOMP_IOCTL_NOTIF_ADDFD = 0x40182103
SECCOMP_IOCTL_NOTIF_SET_FLAGS = 0x40082104  # 6.6
SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1
SECCOMP_ADDFD_FLAG_SETFD = 1
SECCOMP_ADDFD_FLAG_SEND = 2  # 5.14
SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP = 1

PR_SET_PDEATHSIG = 1
PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4
PR_SET_NO_NEW_PRIVS = 38

KCMP_FILE, KCMP_VM = 0, 1  # include/uapi/linux/kcmp.h

AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
CLOSE_RANGE_CLOEXEC = 4

LANDLOCK_CREATE_RULESET_VERSION = 1
LANDLOCK_RULE_PATH_BENEATH = 1
# struct landlock_ruleset_attr: u64 handled_access_fs; handled_access_net (ABI 4); scoped (ABI 6).
# The kernel takes a longer one than it knows if the rest is zero.
RULESET = Struct("<QQQ")
# struct landlock_path_beneath_attr, packed: u64 allowed_access; s32 parent_fd
PATH_BENEATH = Struct("<Qi")
SOCK_FPROG = Struct("<H6xQ")  # struct sock_fprog: u16 len; struct sock_filter *filter

_syscall = ctypes.CDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long
# Always seven registers: a Python int would otherwise travel as a 32-bit C int.
_syscall.argtypes = (ctypes.c_long,) * 7


def call(number: int, *arguments: int | Buffer | Strings) -> int:
    """syscall(2) with up to six integers or buffers. Returns the result, raises OSError."""
    words = [a if isinstance(a, int) else ctypes.addressof(a) for a in arguments]
    result: int = _syscall(number, *words, *(0,) * (6 - len(words)))
    if result == -1:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
    return result


def prctl(option: int, *arguments: int) -> int:
    return call(SYS_PRCTL, option, *arguments)


def seccomp_listener(program: bytes) -> int:
    """Put this thread under the filter; returns the listener, close-on-exec.

    The caller has set NO_NEW_PRIVS. OSError: EBUSY where an outer filter has a listener already,
    EINVAL before 5.19 (WAIT_KILLABLE_RECV) or for a program the kernel does not take.
    """
    flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
    return seccomp_filter(program, flags)


def seccomp_filter(program: bytes, flags: int) -> int:
    instructions = _buffer(program)
    header = SOCK_FPROG.pack(len(program) // 8, ctypes.addressof(instructions))
    return call(SYS_SECCOMP, SECCOMP_SET_MODE_FILTER, flags, _buffer(header))


def sync_wake_up(listener: int) -> None:
    """Let child and mediator wake each other on the same CPU. OSError EINVAL before 6.6.

    The ioctl takes its argument by value, whatever its _IOW says.
    """
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP)


def pidfd_open(pid: int) -> int:
    return call(SYS_PIDFD_OPEN, pid, 0)


def pidfd_getfd(pidfd: int, number: int) -> int:
    """Our duplicate of the descriptor `number` of another process (5.6), close-on-exec.

    OSError: EBADF if it has none, EPERM if it is not ours to inspect, ESRCH if it is gone.
    """
    return call(SYS_PIDFD_GETFD, pidfd, number, 0)


def same_memory(pid: int, other: int) -> bool:
    """Do two processes share their memory, as after vfork(2)? True where it cannot be told."""
    try:
        return call(SYS_KCMP, pid, other, KCMP_VM) == 0
    except OSError:
        return True


def same_open_file(host_fd: int, other: int) -> bool:
    """Do two descriptors of ours share an open file? False where it cannot be told."""
    try:
        return call(SYS_KCMP, os.getpid(), os.getpid(), KCMP_FILE, host_fd, other) == 0
    except OSError:
        return False


def pidfd_send_signal(pidfd: int, signal: int) -> None:
    """The `signal` module has this too, and imports `enum`, which costs a start 4 ms."""
    call(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, 0, 0)


def execveat(
    dirfd: int, path: bytes, argv: Sequence[bytes], envp: Sequence[bytes], flags: int
) -> None:
    """Returns only by raising OSError."""
    arguments = (ctypes.c_char_p * (len(argv) + 1))(*argv, None)
    environment = (ctypes.c_char_p * (len(envp) + 1))(*envp, None)
    name = _string(path)
    call(
        SYS_EXECVEAT,
        dirfd,
        name,
        arguments,
        environment,
        flags,
    )


def close_range(first: int, last: int, flags: int = 0) -> None:
    """Close, or with CLOSE_RANGE_CLOEXEC (5.11) mark, the descriptors from first to last."""
    call(SYS_CLOSE_RANGE, first, last, flags)


def sched_getcpu() -> int:
    """The CPU this thread is on, right now."""
    number = ctypes.create_string_buffer(4)
    call(SYS_GETCPU, number)
    return int.from_bytes(number.raw, "little")


def landlock_version() -> int:
    """The kernel's Landlock ABI (1 is 5.13); 0 where it is not built in or not enabled."""
    try:
        return call(SYS_LANDLOCK_CREATE_RULESET, 0, 0, LANDLOCK_CREATE_RULESET_VERSION)
    except OSError:  # ENOSYS: not built in. EOPNOTSUPP: disabled at boot. EPERM: a container
        return 0


def landlock_create_ruleset(access_fs: int, access_net: int = 0, scoped: int = 0) -> int:
    """A descriptor, close-on-exec. What is handled and in no rule is refused. OSError."""
    attributes = RULESET.pack(access_fs, access_net, scoped)
    return call(SYS_LANDLOCK_CREATE_RULESET, _buffer(attributes), RULESET.size, 0)


def landlock_add_path(ruleset: int, path_fd: int, access: int) -> None:
    """Allow `access` at and beneath the file open at `path_fd` (O_PATH does)."""
    attributes = PATH_BENEATH.pack(access, path_fd)
    call(SYS_LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, _buffer(attributes), 0)


def landlock_restrict_self(ruleset: int) -> None:
    """Confine this thread and what it starts, for ever. The caller has set NO_NEW_PRIVS."""
    call(SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0)


def _string(path: bytes) -> Buffer:
    """With its final NUL. Raises ValueError for a NUL inside, as the `os` functions do."""
    if b"\0" in path:
        raise ValueError("embedded null byte")
    return ctypes.create_string_buffer(path)


def _buffer(data: bytes) -> Buffer:
    """A copy at an address that stays while `call` holds it."""
    return ctypes.create_string_buffer(data, len(data))
