"""The rules as data: complete, without contradiction, and careful where they allow."""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
from errno import ENOSYS, EPERM
from pathlib import Path

import pytest

from shannot.sandbox.syscalls import rules as data
from shannot.sandbox.syscalls.numbers import AARCH64, X86_64

RULES = data.rules()
EVERY_BIT = 2**64 - 1


def test_every_rule_names_a_call_and_no_call_twice() -> None:
    known = set(X86_64.numbers()) | set(AARCH64.numbers())
    groups = (data.ALLOWED, data.KILLED, data.ABSENT, data.FORBIDDEN)
    names = [name for group in groups for name in group.split()] + list(data.BY_ARGUMENT)
    assert set(names) <= known
    assert len(set(names)) == len(names) == len(RULES)


def test_no_call_with_a_path_passes() -> None:
    """A pointer to a path means nothing to a filter: another thread can change what it shows."""
    takes_a_path = """open openat openat2 creat stat lstat newfstatat access faccessat faccessat2
        readlink readlinkat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link
        linkat symlink symlinkat chmod fchmodat fchmodat2 chown lchown fchownat utime utimes
        futimesat utimensat truncate statfs chdir mknod mknodat setxattr lsetxattr getxattr
        lgetxattr listxattr llistxattr removexattr lremovexattr execve execveat inotify_add_watch
        name_to_handle_at uselib acct quotactl getcwd setxattrat getxattrat file_setattr"""
    for name in takes_a_path.split():
        assert name not in RULES, name


def test_no_call_passes_that_changes_a_file_through_a_read_only_descriptor() -> None:
    for name in ("fchmod", "fchown", "fsetxattr", "fremovexattr", "flock", "futimesat", "fchdir"):
        assert name not in RULES, name


def test_what_reaches_other_processes_never_passes() -> None:
    for name in ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open",
                 "pidfd_send_signal", "sched_setaffinity", "setpriority", "process_mrelease",
                 "fork", "vfork", "setsid", "setpgid", "setuid", "setgroups"):  # fmt: skip
        assert name not in RULES, name


def test_allowing_cases_compare_all_bits_or_say_which() -> None:
    masked = {("mmap", 3), ("socketpair", 1)}
    for name, (cases, _) in RULES.items():
        for action, conditions, _ in cases:
            assert conditions
            for index, mask, values in conditions:
                assert 0 <= index < 6
                assert all(value & mask == value for value in values), name
                if action == "allow" and (name, index) not in masked:
                    assert mask == EVERY_BIT, name


def test_fallbacks_of_the_c_library_are_told_that_the_call_is_absent() -> None:
    for name in ("clone3", "statx", "io_uring_setup", "landlock_create_ruleset"):
        assert RULES[name] == ((), ENOSYS)
    for name in ("unshare", "setns", "chroot"):
        assert RULES[name] == ((), EPERM)


def test_constants_agree_with_the_headers() -> None:
    headers = [
        Path("/usr/include") / name
        for name in (
            "asm-generic/ioctls.h",
            "linux/prctl.h",
            "linux/fcntl.h",
            "linux/close_range.h",
        )
    ]
    if not all(header.exists() for header in headers):
        pytest.skip("no kernel headers on this machine")
    text = "".join(header.read_text() for header in headers)
    for name in ("FIONREAD", "FIONBIO", "FIONCLEX", "FIOCLEX", "TCGETS", "TIOCGWINSZ",
                 "PR_GET_DUMPABLE", "PR_SET_NAME", "PR_GET_NAME", "PR_SET_VMA"):  # fmt: skip
        found = re.search(rf"#define\s+{name}\s+(0x[0-9a-fA-F]+|\d+)", text)
        assert found is not None, name
        assert int(found[1], 0) == getattr(data, name), name
    small = [fcntl.F_DUPFD, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL]
    assert small == [0, 1, 2, 3, 4]
    assert data.F_DUPFD_CLOEXEC == fcntl.F_DUPFD_CLOEXEC
    assert data.F_GETPIPE_SZ == 1032


def test_importing_is_cheap() -> None:
    """Nothing that costs milliseconds comes along at a start."""
    code = (
        "import sys; before = set(sys.modules);"
        "import shannot.sandbox.syscalls.rules, shannot.sandbox.channel.seccomp_filter;"
        "import shannot.sandbox.channel.landlock, shannot.sandbox.channel.stub;"
        "print(*set(sys.modules) - before)"
    )
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[3],
    ).stdout.split()  # fmt: skip
    heavy = {"dataclasses", "typing", "re", "enum", "json", "subprocess", "signal", "inspect"}
    assert not heavy & set(loaded)
