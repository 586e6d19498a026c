"""A classic-BPF interpreter for struct seccomp_data: what the kernel does with our filter.

Knows the instructions seccomp accepts that we use, and refuses what the kernel's checker
(`bpf_check_classic` and `seccomp_check_filter`) refuses: jumps out of the program, unaligned or
overlong loads, a program that does not end in a return, more than 4096 instructions.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

LD_W_ABS, LD_IMM, AND_K, JA, JEQ_K, JGT_K, JGE_K, JSET_K, RET_K = (
    0x20, 0x00, 0x54, 0x05, 0x15, 0x25, 0x35, 0x45, 0x06
)  # fmt: skip
JUMPS = (JEQ_K, JGT_K, JGE_K, JSET_K)
MASK32 = 0xFFFFFFFF


class Program:
    """A checked filter. Raises ValueError where the kernel would answer EINVAL."""

    def __init__(self, code: bytes) -> None:
        self.instructions = list(struct.iter_unpack("=HBBI", code))
        count = len(self.instructions)
        if not 0 < count <= 4096:
            raise ValueError(f"{count} instructions")
        for place, (op, yes, no, k) in enumerate(self.instructions):
            if op in JUMPS and place + 1 + max(yes, no) >= count:
                raise ValueError(f"jump out of the program at {place}")
            if op == JA and place + 1 + k >= count:
                raise ValueError(f"long jump out of the program at {place}")
            if op == LD_W_ABS and (k % 4 or k > 60):
                raise ValueError(f"load of offset {k} at {place}")
            if op not in (*JUMPS, JA, LD_W_ABS, LD_IMM, AND_K, RET_K):
                raise ValueError(f"instruction {op:#x} at {place}")
        if self.instructions[-1][0] != RET_K:
            raise ValueError("the last instruction does not return")

    def run(self, arch: int, number: int, arguments: Sequence[int] = ()) -> tuple[int, int]:
        """Returns (the 32-bit action, how many instructions ran)."""
        padded = [value & (2**64 - 1) for value in arguments] + [0] * (6 - len(arguments))
        data = struct.pack("<IIQ6Q", number & MASK32, arch, 0, *padded)
        accumulator = place = steps = 0
        while True:
            op, yes, no, k = self.instructions[place]
            place += 1
            steps += 1
            if op == RET_K:
                return k, steps
            if op == LD_W_ABS:
                (accumulator,) = struct.unpack_from("<I", data, k)
            elif op == LD_IMM:
                accumulator = k
            elif op == AND_K:
                accumulator &= k
            elif op == JA:
                place += k
            else:
                holds = {
                    JEQ_K: accumulator == k,
                    JGT_K: accumulator > k,
                    JGE_K: accumulator >= k,
                    JSET_K: bool(accumulator & k),
                }[op]
                place += yes if holds else no
