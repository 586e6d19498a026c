"""Compiles the rules into the BPF program that `seccomp(2)` installs in the child.

Called before the fork (`runtimes/cpython.py`) with `syscalls/rules.py` and an architecture of
`syscalls/numbers.py`; checked against a BPF interpreter in `tests/fakes/bpf.py`.

Theory of operation. The program loads the architecture, then the number, and then searches: the
numbers are cut into ranges that share one action, and a tree of `jge` halves them, eight levels
for about 170 ranges. So every call pays about 12 instructions, where the usual chain of
comparisons makes the last one pay hundreds. Numbers the kernel's own cache knows to be allowed
pay none: since 5.11 it finds, at install time, the calls that are allowed whatever their
arguments are, for which it follows `ld nr`, `ld arch`, `jge`, `ja`, `and` but no load of an
argument (`seccomp_is_const_allow` in kernel/seccomp.c).

Jumps of classic BPF are forward and hold 8 bits; a longer one goes through `ja`, which holds 32.
The bytes depend on nothing but the arguments, so a caller may keep them.
"""

from __future__ import annotations

from errno import ENOSYS
from struct import pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    # The shapes of `syscalls/rules.py`, which this layer may not import.
    Condition = tuple[int, int, tuple[int, ...]]
    Case = tuple[str | int, tuple[Condition, ...], str]
    Rule = tuple[tuple[Case, ...], str | int]
    Instruction = tuple[int, int, int, int]

    class Architecture(Protocol):
        @property
        def audit_arch(self) -> int: ...
        @property
        def x32_bit(self) -> int: ...
        def numbers(self) -> dict[str, int]: ...


# include/uapi/linux/bpf_common.h and filter.h
LD_W_ABS = 0x20
ALU_AND_K = 0x54
JA, JEQ_K, JGE_K = 0x05, 0x15, 0x35
RET_K = 0x06
LIMIT = 4096  # BPF_MAXINSNS
FAR = 255  # the longest conditional jump

# include/uapi/linux/seccomp.h
RET_KILL_PROCESS = 0x80000000
RET_USER_NOTIF = 0x7FC00000
RET_ERRNO = 0x00050000
RET_ALLOW = 0x7FFF0000
RETURNS = {"allow": RET_ALLOW, "notify": RET_USER_NOTIF, "kill": RET_KILL_PROCESS}

# struct seccomp_data { int nr; u32 arch; u64 instruction_pointer; u64 args[6]; }, little-endian
OFFSET_NUMBER, OFFSET_ARCH, OFFSET_ARGUMENTS = 0, 4, 16

# What a ptracer puts in place of a call to skip it, and what syscall(-1) asks: no call at all.
NO_CALL = 0xFFFFFFFF


def compile_filter(
    rules: Mapping[str, Rule],
    architecture: Architecture,
    terminal: bool = False,
    native_threads: bool = False,
    otherwise: str | int = "notify",
) -> bytes:
    """An array of struct sock_filter, 8 bytes each, for `kernel_calls.seccomp_listener`.

    terminal: the child's stdio may be a terminal, and we are asked. native_threads: clone of a
    thread passes unseen. Raises AssertionError if the rules need more than 4096 instructions.
    """
    chosen = ("", "terminal" if terminal else "", "native_threads" if native_threads else "")
    ranges: list[tuple[int, Sequence[Instruction]]] = [(0, _action(otherwise))]
    numbers = architecture.numbers()
    by_number = {numbers[name]: rule for name, rule in rules.items() if name in numbers}
    last = -1
    for number in sorted(by_number):
        if number != last + 1:
            _extend(ranges, last + 1, _action(otherwise))
        _extend(ranges, number, _rule(by_number[number], chosen))
        last = number
    _extend(ranges, last + 1, _action(otherwise))
    if architecture.x32_bit:
        _extend(ranges, architecture.x32_bit, _action("kill"))
    _extend(ranges, NO_CALL, _action(ENOSYS))
    program = [
        (LD_W_ABS, 0, 0, OFFSET_ARCH),
        (JEQ_K, 1, 0, architecture.audit_arch),
        *_action("kill"),
        (LD_W_ABS, 0, 0, OFFSET_NUMBER),
        *_search(ranges),
    ]
    if len(program) > LIMIT:
        raise AssertionError(
            f"the filter has {len(program)} instructions, the kernel takes {LIMIT}"
        )
    return b"".join([pack("=HBBI", *instruction) for instruction in program])


def _extend(
    ranges: list[tuple[int, Sequence[Instruction]]], first: int, code: Sequence[Instruction]
) -> None:
    """Let `code` decide from the number `first` on; ranges come in ascending order."""
    if ranges[-1][0] == first:
        ranges.pop()
    if not ranges or ranges[-1][1] != code:
        ranges.append((first, code))


def _search(ranges: Sequence[tuple[int, Sequence[Instruction]]]) -> list[Instruction]:
    """A balanced tree: `jge middle` to the upper half, the lower half follows at once."""
    if len(ranges) == 1:
        return list(ranges[0][1])
    half = len(ranges) // 2
    lower, upper = _search(ranges[:half]), _search(ranges[half:])
    middle = ranges[half][0]
    if len(lower) <= FAR:
        return [(JGE_K, len(lower), 0, middle), *lower, *upper]
    return [(JGE_K, 0, 1, middle), (JA, 0, 0, len(lower)), *lower, *upper]


def _action(action: str | int) -> tuple[Instruction, ...]:
    value = RET_ERRNO | action if isinstance(action, int) else RETURNS[action]
    return ((RET_K, 0, 0, value),)


def _rule(rule: Rule, chosen: Sequence[str]) -> Sequence[Instruction]:
    """Cases in order, built from the last: each falls through to the next."""
    cases, otherwise = rule
    code = _action(otherwise)
    for action, conditions, option in reversed(cases):
        if option not in chosen:
            continue
        body = _action(action)
        for condition in reversed(conditions):
            body = _condition(condition, body)
        code = body + code
    return code


def _condition(condition: Condition, success: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """The success code follows if the argument matches, else control arrives just behind it."""
    index, mask, values = condition
    low_mask, high_mask = mask & 0xFFFFFFFF, mask >> 32
    behind = len(success)
    low = _load(OFFSET_ARGUMENTS + 8 * index, low_mask)
    last = len(values) - 1
    for place, value in enumerate(values):
        miss = behind if place == last else 0
        low += ((JEQ_K, last - place, miss, value & 0xFFFFFFFF),)
    code = low + success
    if high_mask:
        high_values = {value >> 32 for value in values}
        if len(high_values) != 1:
            raise AssertionError("the values of one condition share their high half")
        high = _load(OFFSET_ARGUMENTS + 8 * index + 4, high_mask)
        code = (*high, (JEQ_K, 0, len(code), high_values.pop()), *code)
    if len(code) > FAR:
        raise AssertionError("a condition is too long for a conditional jump")
    return code


def _load(offset: int, mask: int) -> tuple[Instruction, ...]:
    load = (LD_W_ABS, 0, 0, offset)
    return (load,) if mask == 0xFFFFFFFF else (load, (ALU_AND_K, 0, 0, mask))
