"""The compiled filter, on both architectures, against a direct reading of the rules."""

from __future__ import annotations

import itertools
import subprocess
import sys
from errno import EINVAL, ENOSYS, ENOTTY, EPERM
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shannot.sandbox.channel.seccomp_filter import (
    RET_ALLOW,
    RET_ERRNO,
    RET_KILL_PROCESS,
    RET_USER_NOTIF,
    RETURNS,
    compile_filter,
)
from shannot.sandbox.syscalls.numbers import AARCH64, X86_64, Architecture
from shannot.sandbox.syscalls.rules import rules
from tests.fakes.bpf import Program

if TYPE_CHECKING:
    from shannot.sandbox.syscalls.rules import Rule

I386, ARM = 0x40000003, 0x40000028  # AUDIT_ARCH_*
GARBAGE = 0xDEAD_BEEF_0000_0000
BOTH = pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda a: a.machine)
OPTIONS = [set(), {"terminal"}, {"native_threads"}, {"terminal", "native_threads"}]
PROGRAMS = {
    (a.machine, frozenset(o)): Program(
        compile_filter(rules(), a, "terminal" in o, "native_threads" in o)
    )
    for a in (X86_64, AARCH64)
    for o in OPTIONS
}
RULES = rules()
ROOT = Path(__file__).parents[3]


def read_directly(rule: Rule | None, options: set[str], arguments: tuple[int, ...]) -> int:
    """What the rule says, in the words of its definition."""
    if rule is None:
        return RET_USER_NOTIF
    cases, action = rule
    for candidate, conditions, option in cases:
        if option and option not in options:
            continue
        if all(arguments[index] & mask in values for index, mask, values in conditions):
            action = candidate
            break
    return RET_ERRNO | action if isinstance(action, int) else RETURNS[action]


def variants(rule: Rule | None) -> list[tuple[int, ...]]:
    """Zeros, ones, and every value a condition names: itself, its neighbours, garbage above."""
    found = [(0,) * 6, (2**64 - 1,) * 6, (GARBAGE,) * 6]
    pools: list[set[int]] = [{0} for _ in range(6)]
    for _, conditions, _ in rule[0] if rule else ():
        for index, _, values in conditions:
            for value in values:
                near = {value, value + 1, value - 1, value | GARBAGE, value | 1 << 63}
                pools[index] |= {x & (2**64 - 1) for x in near} | {2**32, value | 2**31}
    found.extend(itertools.product(*pools))
    return found


@BOTH
@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "+".join(sorted(o)) or "plain")
def test_every_number_is_decided_as_the_rules_say(
    architecture: Architecture, options: set[str]
) -> None:
    program = PROGRAMS[architecture.machine, frozenset(options)]
    names = architecture.names()
    for number in range(600):
        rule = RULES.get(names.get(number, ""))
        for arguments in variants(rule):
            action, _ = program.run(architecture.audit_arch, number, arguments)
            expected = read_directly(rule, options, arguments)
            assert action == expected, (number, names.get(number), arguments)


@BOTH
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_random_calls_are_decided_as_the_rules_say(
    architecture: Architecture, data: st.DataObject
) -> None:
    names = architecture.names()
    number = data.draw(st.integers(0, 500))
    word = st.integers(0, 2**64 - 1) | st.integers(0, 64) | st.sampled_from([0x5401, 0x3D0F00])
    arguments = data.draw(st.tuples(word, word, word, word, word, word))
    program = PROGRAMS[architecture.machine, frozenset()]
    action, _ = program.run(architecture.audit_arch, number, arguments)
    assert action == read_directly(RULES.get(names.get(number, "")), set(), arguments)


@BOTH
def test_no_call_walks_far(architecture: Architecture) -> None:
    for options in OPTIONS:
        program = PROGRAMS[architecture.machine, frozenset(options)]
        names = architecture.names()
        for number in [*range(500), 2**30 - 1, -1]:
            by_argument = bool(RULES.get(names.get(number, ""), ((), ""))[0])
            for arguments in variants(RULES.get(names.get(number, ""))):
                _, steps = program.run(architecture.audit_arch, number, arguments)
                assert steps <= (26 if by_argument else 13), names.get(number)


@BOTH
def test_another_architecture_is_killed(architecture: Architecture) -> None:
    program = PROGRAMS[architecture.machine, frozenset()]
    other = AARCH64 if architecture is X86_64 else X86_64
    for arch in (I386, ARM, other.audit_arch, 0, 0xFFFFFFFF, architecture.audit_arch ^ 1 << 31):
        for number in (0, 1, 39, 57, 221, 600, -1):
            assert program.run(arch, number) == (RET_KILL_PROCESS, 3)


def test_an_x32_call_is_killed() -> None:
    program = PROGRAMS["x86_64", frozenset()]
    for number in (0, 1, 59, 512, 520, 547, 0x3FFFFFFE, 0x3FFFFFFF):
        action, _ = program.run(X86_64.audit_arch, 0x40000000 | number)
        assert action == RET_KILL_PROCESS
    assert program.run(X86_64.audit_arch, -2)[0] == RET_KILL_PROCESS


@BOTH
def test_numbers_without_a_call_do_not_pass(architecture: Architecture) -> None:
    program = PROGRAMS[architecture.machine, frozenset()]
    assert program.run(architecture.audit_arch, -1)[0] == RET_ERRNO | ENOSYS
    for number in (471, 999, 21320, 0x3FFFFFFF):
        assert program.run(architecture.audit_arch, number)[0] == RET_USER_NOTIF


@BOTH
def test_what_the_specification_names_is_where_it_says(architecture: Architecture) -> None:
    program = PROGRAMS[architecture.machine, frozenset()]
    numbers = architecture.numbers()

    def ask(name: str, *arguments: int) -> int:
        return program.run(architecture.audit_arch, numbers[name], arguments)[0]

    for name in (
        "read",
        "write",
        "recvmsg",
        "lseek",
        "close",
        "futex",
        "exit_group",
        "wait4",
        "getrandom",
    ):
        assert ask(name) == RET_ALLOW, name
    for name in ("openat", "newfstatat", "fstat", "execve", "clone", "kill", "umask", "sendmsg",
                 "recvmmsg", "memfd_create", "setsid", "fchmod", "flock", "socket", "bind",
                 "pidfd_open", "sched_setaffinity", "getdents64", "uname", "setuid",
                 "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tgkill", "mknodat"):  # fmt: skip
        assert ask(name) == RET_USER_NOTIF, name
    for name in ("ptrace", "process_vm_readv", "bpf", "mount", "kexec_load", "init_module"):
        assert ask(name) == RET_KILL_PROCESS, name
    for name in ("clone3", "io_uring_setup", "keyctl", "landlock_restrict_self", "shmget"):
        assert ask(name) == RET_ERRNO | ENOSYS, name
    for name in ("unshare", "setns", "chroot", "capset", "clock_settime", "pidfd_getfd"):
        assert ask(name) == RET_ERRNO | EPERM, name
    assert ask("ioctl", 1, 0x5401) == RET_ERRNO | ENOTTY
    assert ask("ioctl", 1, 0x5412) == RET_ERRNO | ENOTTY  # TIOCSTI
    assert ask("ioctl", 1, 0x5421) == RET_ALLOW
    assert ask("ioctl", 1, 0x5421 | GARBAGE) == RET_ERRNO | ENOTTY
    assert ask("prctl", 4, 0) == RET_ERRNO | EPERM  # PR_SET_DUMPABLE
    assert ask("clone", 0x3D0F00) == RET_USER_NOTIF
    assert ask("socketpair", 1, 0o2000001, 0) == RET_ALLOW
    assert ask("socketpair", 1, 5, 0) == ask("socketpair", 1, 2, 0) == RET_ALLOW
    assert ask("socketpair", 2, 1, 0) == ask("socketpair", 1, 3, 0) == RET_USER_NOTIF
    assert ask("mmap", 0, 4096, 3, 0x22) == ask("mmap", 0, 4096, 1, 2, 5) == RET_ALLOW
    assert ask("mmap", 0, 4096, 3, 0x21) == ask("mmap", 0, 4096, 5, 2, 5) == RET_ALLOW
    assert ask("mmap", 0, 4096, 1, 1, 5) == RET_USER_NOTIF  # mprotect may make it writable
    assert ask("mmap", 0, 4096, 3, 1, 5) == ask("mmap", 0, 4096, 2, 3, 5) == RET_USER_NOTIF
    assert ask("close_range", 3, 2**32 - 1, 2) == RET_ERRNO | EINVAL
    assert ask("prlimit64", 0, 7, 0, 4096) == RET_ALLOW
    assert ask("prlimit64", 0, 7, 4096, 0) == ask("prlimit64", 1, 7, 0, 4096) == RET_USER_NOTIF


def test_a_terminal_is_asked_about_only_where_there_may_be_one() -> None:
    program = PROGRAMS["x86_64", frozenset({"terminal"})]
    for command in (0x5401, 0x5413, 0x802C542A):
        assert program.run(X86_64.audit_arch, 16, (1, command))[0] == RET_USER_NOTIF
    for command in (0x5412, 0x541C, 0x5423, 0x5402):  # TIOCSTI, TIOCLINUX, TIOCSETD, TCSETS
        assert program.run(X86_64.audit_arch, 16, (1, command))[0] == RET_ERRNO | ENOTTY


def test_a_thread_passes_unseen_only_with_its_option() -> None:
    program = PROGRAMS["x86_64", frozenset({"native_threads"})]
    assert program.run(X86_64.audit_arch, 56, (0x3D0F00,))[0] == RET_ALLOW
    for flags in (0x3D0F01, 0x3D0F00 | GARBAGE, 0x11, 0x4111, 0x10000000 | 0x3D0F00):
        assert program.run(X86_64.audit_arch, 56, (flags,))[0] == RET_USER_NOTIF


def test_the_program_is_the_same_every_time() -> None:
    code = (
        "import sys; from shannot.sandbox.channel.seccomp_filter import compile_filter as c;"
        "from shannot.sandbox.syscalls import numbers as n, rules as r;"
        "sys.stdout.buffer.write(c(r.rules(), n.X86_64))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env=env, cwd=ROOT
        )
        for env in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"})
    ]
    assert runs[0].stdout == runs[1].stdout == compile_filter(RULES, X86_64)


def test_jumps_over_more_than_255_instructions_arrive() -> None:
    many: dict[str, Rule] = {
        name: ((("allow", ((0, 2**64 - 1, tuple(range(number, number + 40))),), ""),), number % 200)
        for name, number in X86_64.numbers().items()
        if number < 60
    }
    program = Program(compile_filter(many, X86_64))
    assert len(program.instructions) > 2000
    names = X86_64.names()
    for number in range(100):
        for argument in (0, number, number + 39, number + 40, number | GARBAGE):
            action, _ = program.run(X86_64.audit_arch, number, (argument,) * 6)
            assert action == read_directly(many.get(names[number]), set(), (argument,) * 6)


def test_too_long_a_program_is_refused_before_the_kernel_does() -> None:
    values = tuple(range(0, 400, 2))
    huge: dict[str, Rule] = {
        name: ((("allow", ((0, 2**64 - 1, values),), ""),), number)
        for name, number in X86_64.numbers().items()
        if number < 60
    }
    with pytest.raises(AssertionError, match="4096"):
        compile_filter(huge, X86_64)
