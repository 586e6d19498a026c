"""The number tables against the kernel headers of the machine the tests run on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shannot.errors import ShannotError
from shannot.sandbox.syscalls.numbers import AARCH64, X86_64, Architecture, of_machine

X86_HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
GENERIC_HEADER = Path("/usr/include/asm-generic/unistd.h")
# What arch/arm64/include/uapi/asm/unistd.h defines before it includes the generic header.
ARM64_WANTS = ("RENAMEAT", "NEW_STAT", "SET_GET_RLIMIT", "TIME32_SYSCALLS", "SYS_CLONE3")


def test_x86_64_agrees_with_the_kernel_header() -> None:
    if not X86_HEADER.exists():
        pytest.skip(f"no {X86_HEADER} on this machine")
    ours = X86_64.numbers()
    theirs = dict(re.findall(r"#define __NR_(\w+) (\d+)", X86_HEADER.read_text()))
    assert len(theirs) > 300
    assert {name: ours.get(name) for name in theirs} == {n: int(v) for n, v in theirs.items()}
    newest = max(map(int, theirs.values()))
    extra = {name for name, number in ours.items() if number <= newest} - set(theirs)
    assert extra <= {"uretprobe", "uprobe"}


def test_aarch64_agrees_with_the_generic_header() -> None:
    compiler = shutil.which("cc")
    if compiler is None or not GENERIC_HEADER.exists():
        pytest.skip("needs a C preprocessor and the generic kernel headers")
    source = "".join(f"#define __ARCH_WANT_{want}\n" for want in ARM64_WANTS)
    source += "#define __ARCH_WANT_MEMFD_SECRET\n#include <asm-generic/unistd.h>\n"
    macros = subprocess.run(
        [compiler, "-E", "-dM", "-"], input=source, capture_output=True, text=True, check=True
    ).stdout
    defined = dict(re.findall(r"#define (__NR\w+) (\S+)", macros))
    theirs = {}
    for name, value in defined.items():
        while value in defined:
            value = defined[value]
        if name.startswith("__NR_") and name not in ("__NR_syscalls", "__NR_arch_specific_syscall"):
            theirs[name.removeprefix("__NR_")] = int(value)
    ours = AARCH64.numbers()
    assert len(theirs) > 250
    assert {name: ours.get(name) for name in theirs} == theirs


@pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda a: a.machine)
def test_every_number_has_one_name(architecture: Architecture) -> None:
    numbers = architecture.numbers()
    assert len(set(numbers.values())) == len(numbers)
    assert architecture.names()[numbers["openat"]] == "openat"
    assert max(numbers.values()) == numbers["listns"] == 470


def test_numbers_above_423_are_the_same_everywhere() -> None:
    common = {name: number for name, number in X86_64.numbers().items() if number >= 424}
    assert common.items() <= AARCH64.numbers().items()


def test_flag_values_are_those_of_this_machine() -> None:
    machine = os.uname().machine
    if machine not in ("x86_64", "aarch64"):
        pytest.skip(f"no table for {machine}")
    here = of_machine(machine)
    assert here.o_direct == os.O_DIRECT
    assert here.o_directory == os.O_DIRECTORY
    assert here.o_nofollow == os.O_NOFOLLOW
    assert here.o_tmpfile == os.O_TMPFILE


def test_another_machine_is_refused_by_name() -> None:
    with pytest.raises(ShannotError, match="riscv64"):
        of_machine("riscv64")


def test_importing_brings_no_other_module() -> None:
    code = (
        "import sys, __future__, shannot.errors, shannot.sandbox.syscalls;"
        "before = set(sys.modules);"
        "import shannot.sandbox.syscalls.numbers; print(*set(sys.modules) - before)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.split() == ["shannot.sandbox.syscalls.numbers"]
