"""An interpreter for the few AArch64 instructions of the stub.

Encodings: Arm Architecture Reference Manual, A64 base instructions. An instruction it does not
know is an error, so it is also the decoder that checks the bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

MASK = 2**64 - 1


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


class Machine:
    """Memory is a dictionary of 8-byte words and the code; `system` answers svc."""

    def __init__(self, code: bytes, base: int, stack: int, system: Callable[[Machine], None]):
        self.code, self.base, self.system = code, base, system
        self.registers = [0] * 31
        self.stack = stack
        self.words: dict[int, int] = {}
        self.zero = False
        self.place = base
        self.running = True

    def run(self, entry: int, limit: int = 1000) -> None:
        self.place = entry
        while self.running and limit:
            limit -= 1
            (word,) = struct.unpack_from("<I", self.code, self.place - self.base)
            self.step(word)
        assert limit, "the program does not end"

    def step(self, word: int) -> None:
        x, following = self.registers, self.place + 4
        rd, rn = word & 31, word >> 5 & 31
        if word & 0xFFFFFC00 == 0x91000000 and rn == 31:  # mov xd, sp (add xd, sp, 0)
            x[rd] = self.stack
        elif word & 0xFFE0FFE0 == 0xAA0003E0:  # mov xd, xm (orr xd, xzr, xm)
            x[rd] = x[word >> 16 & 31]
        elif word & 0xFF800000 == 0xD2800000:  # movz
            x[rd] = (word >> 5 & 0xFFFF) << 16 * (word >> 21 & 3)
        elif word & 0xFFC00000 == 0xA9400000:  # ldp xt, xt2, [xn, imm]
            address = x[rn] + 8 * signed(word >> 15 & 0x7F, 7)
            x[rd], x[word >> 10 & 31] = self.words[address], self.words[address + 8]
        elif word & 0xFFC0001F == 0xF100001F:  # cmp xn, imm
            self.zero = x[rn] == word >> 10 & 0xFFF
        elif word & 0xFFC0001F == 0xB100001F:  # cmn xn, imm
            self.zero = (x[rn] + (word >> 10 & 0xFFF)) & MASK == 0
        elif word & 0xFF00001E == 0x54000000:  # b.eq, b.ne
            if self.zero != bool(word & 1):
                following = self.place + 4 * signed(word >> 5 & 0x7FFFF, 19)
        elif word & 0xFE000000 == 0xB4000000:  # cbz, cbnz
            if (x[rd] == 0) != bool(word >> 24 & 1):
                following = self.place + 4 * signed(word >> 5 & 0x7FFFF, 19)
        elif word & 0x9F000000 == 0x10000000:  # adr
            x[rd] = self.place + signed((word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3, 21)
        elif word == 0xD4000001:  # svc 0
            self.system(self)
        else:
            raise AssertionError(f"unknown instruction {word:#010x} at {self.place:#x}")
        self.place = following
