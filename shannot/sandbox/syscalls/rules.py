"""Which system calls the kernel may answer by itself: the filter as data.

Compiled by `channel/seccomp_filter.py`; what it sends to us is answered by the table in
`linux.py`. A call named here in no row is notified, and answered ENOSYS where the table has no
row either: a call that nobody thought of never passes.

Theory of operation. A case says *allow* only for registers that mean the same to the filter and
to the kernel. The kernel takes an `int` argument from the low half of a register; an argument of
an allowing case is compared in all 64 bits all the same, so that a value with garbage above is
no match and goes the careful way. Where single bits decide (mmap) the bits are masked, and the
mask has every bit that could turn the call into one that must be seen.

An action is "allow", "notify", "kill" (the whole process) or an errno. Which errno: ENOSYS where
programs have a way round a kernel that lacks the call, EPERM where an ordinary user could not do
it anyway, and libraries (`os.unshare`, `os.chroot`) expect to be told so.
"""

from __future__ import annotations

from errno import EINVAL, ENOSYS, ENOTTY, EPERM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Action = Literal["allow", "notify", "kill"] | int
    Option = Literal["", "terminal", "native_threads"]
    # (argument index, mask, values): argument & mask is one of values.
    Condition = tuple[int, int, tuple[int, ...]]
    # The action if every condition holds and the option, if any, is chosen.
    Case = tuple[Action, tuple[Condition, ...], Option]
    # The first case that holds decides, else the last word.
    Rule = tuple[tuple[Case, ...], Action]

EXACTLY = 0xFFFF_FFFF_FFFF_FFFF

OTHERWISE: Action = "notify"

ALLOWED = """
read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek close
dup dup2 dup3 pipe pipe2 ftruncate fallocate fsync fdatasync sync_file_range fadvise64
sendfile copy_file_range recvfrom recvmsg shutdown
munmap mprotect mremap msync brk madvise
rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack
pause restart_syscall
futex set_robust_list set_tid_address rseq arch_prctl sched_yield getcpu
getpid gettid getppid exit exit_group wait4 waitid getrusage times getrandom
clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time
timer_create timer_settime timer_gettime timer_getoverrun timer_delete
setitimer getitimer alarm timerfd_create timerfd_settime timerfd_gettime
poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
eventfd eventfd2 signalfd signalfd4
"""

# No program calls these by mistake, and no answer to them is of use to a script.
KILLED = """
ptrace process_vm_readv process_vm_writev kexec_load kexec_file_load
init_module finit_module delete_module create_module query_module
bpf mount umount2 pivot_root open_by_handle_at perf_event_open userfaultfd
iopl ioperm reboot swapon swapoff
"""

# glibc falls back from clone3 to clone (flags in a register) and from statx to newfstatat.
ABSENT = """
clone3 statx io_uring_setup io_uring_enter io_uring_register
io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents
add_key request_key keyctl statmount listmount seccomp
landlock_create_ruleset landlock_add_rule landlock_restrict_self
shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl
mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
splice tee vmsplice modify_ldt pkey_mprotect pkey_alloc pkey_free
mbind set_mempolicy get_mempolicy set_mempolicy_home_node migrate_pages move_pages
"""

FORBIDDEN = """
fanotify_init fanotify_mark open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick
mount_setattr unshare setns chroot process_madvise pidfd_getfd kcmp personality
clock_settime settimeofday capset
"""

# include/uapi/asm-generic/ioctls.h
FIONREAD, FIONBIO, FIONCLEX, FIOCLEX = 0x541B, 0x5421, 0x5450, 0x5451
TCGETS, TIOCGWINSZ = 0x5401, 0x5413
TCGETS2 = 0x802C542A  # what isatty(3) asks since glibc 2.42
# include/uapi/linux/fcntl.h; F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL are 0 to 4
F_DUPFD_CLOEXEC, F_GETPIPE_SZ = 1030, 1032
# include/uapi/linux/prctl.h
PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_SET_VMA = 3, 15, 16, 0x53564D41
# CLONE_VM | FS | FILES | SIGHAND | THREAD | SYSVSEM | SETTLS | PARENT_SETTID | CHILD_CLEARTID
THREAD_FLAGS = 0x3D0F00
MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20  # MAP_SHARED_VALIDATE (3) has the bit too
AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK = 1, 0o2000000, 0o4000
SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET = 1, 2, 5
CLOSE_RANGE_CLOEXEC = 4

SIGCHLD = 17  # signal(7), on x86_64 and aarch64

BY_ARGUMENT: dict[str, Rule] = {
    # Any handler may be set. That of SIGCHLD is looked at: see `kernel/signals.py`.
    "rt_sigaction": (
        (("allow", ((1, EXACTLY, (0,)),), ""), ("notify", ((0, EXACTLY, (SIGCHLD,)),), "")),
        "allow",
    ),
    "ioctl": (
        (
            ("allow", ((1, EXACTLY, (FIONREAD, FIONBIO, FIONCLEX, FIOCLEX)),), ""),
            ("notify", ((1, EXACTLY, (TCGETS, TIOCGWINSZ, TCGETS2)),), "terminal"),
        ),
        ENOTTY,
    ),
    "fcntl": (
        (("allow", ((1, EXACTLY, (0, 1, 2, 3, 4, F_DUPFD_CLOEXEC, F_GETPIPE_SZ)),), ""),),
        "notify",
    ),
    "prctl": (
        (
            (
                "allow",
                ((0, EXACTLY, (PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_SET_VMA)),),
                "",
            ),
        ),
        EPERM,
    ),
    # A new thread is counted, and ends the pinning to one CPU: so it is seen, though harmless.
    "clone": ((("allow", ((0, EXACTLY, (THREAD_FLAGS,)),), "native_threads"),), "notify"),
    # Two ends without a name, and the child has no other socket: what could give one a name or send
    # to one (bind, connect, sendmsg, sendto with an address) is notified, and refused. Programs ask
    # for each kind: Rust's standard library starts no process without the third.
    "socketpair": (
        (
            (
                "allow",
                (
                    (0, EXACTLY, (AF_UNIX,)),
                    (
                        1,
                        EXACTLY ^ (SOCK_CLOEXEC | SOCK_NONBLOCK),
                        (SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET),
                    ),
                    (2, EXACTLY, (0,)),
                ),
                "",
            ),
        ),
        "notify",
    ),
    # With an address it could reach a socket outside; on a socketpair nobody passes one.
    "sendto": ((("allow", ((4, EXACTLY, (0,)),), ""),), "notify"),
    "prlimit64": ((("allow", ((0, EXACTLY, (0,)), (2, EXACTLY, (0,))), ""),), "notify"),
    # A store through a shared mapping outlives the descriptor: the layer must know of it. One that
    # only reads counts as well, since mprotect, which nobody sees, makes it writable.
    "mmap": (
        (
            ("allow", ((3, MAP_ANONYMOUS, (MAP_ANONYMOUS,)),), ""),
            ("allow", ((3, MAP_SHARED, (0,)),), ""),
        ),
        "notify",
    ),
    # CLOSE_RANGE_UNSHARE would give one thread descriptors that the others do not have.
    "close_range": ((("allow", ((2, EXACTLY, (0, CLOSE_RANGE_CLOEXEC)),), ""),), EINVAL),
}


def rules() -> dict[str, Rule]:
    """Every call that has a rule, by name; any other gets `OTHERWISE`. A new dictionary."""
    found: dict[str, Rule] = dict(BY_ARGUMENT)
    groups: tuple[tuple[str, Action], ...] = (
        (ALLOWED, "allow"),
        (KILLED, "kill"),
        (ABSENT, ENOSYS),
        (FORBIDDEN, EPERM),
    )
    for names, action in groups:
        for name in names.split():
            found[name] = ((), action)
    return found
