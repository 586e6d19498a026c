"""A program in the place of an interpreter whose C code was taken over: it says one word, waits
for an answer, and then makes any system calls it likes, and reports what each returned.

x86_64 machine code, made from:

    write(1, 0x400800, 1)   read(0, 0x400800, 1)
    rbx = 0x401000; rbp = 0x402000
    while [rbx] != -1: [rbp++] = syscall([rbx], [rbx+8] … [rbx+40], 0); rbx += 48
    write(1, 0x402000, rbp - 0x402000)   exit(0)
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

_CODE = bytes.fromhex(
    "b801000000bf01000000be00084000ba010000000f0531c031ffbe000840"
    "00ba010000000f05bb00104000bd00204000488b034883f8ff7427488b7b"
    "08488b7310488b53184c8b53204c8b43284531c90f05488945004883c508"
    "4883c330ebd0b801000000bf01000000be002040004889ea4829f20f05b8"
    "3c00000031ff0f05"
)
_BASE, _ENTRY, _WORD, _TABLE, _DATA = 0x400000, 0x100, 0x800, 0x1000, 0x2800
_SIZE = 0x6000

Attempt = tuple["int | bytes", ...]
"""A system call's number and up to five arguments; bytes are put into memory and pointed at."""


def write_intruder(path: Path, attempts: Sequence[Attempt]) -> None:
    """An executable that makes these calls."""
    image = bytearray(_SIZE)
    image[:64] = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, _BASE + _ENTRY, 64, 0, 0, 64, 56, 1,
        64, 0, 0,
    )  # fmt: skip
    image[64:120] = struct.pack("<IIQQQQQQ", 1, 7, 0, _BASE, _BASE, _SIZE, _SIZE, 0x1000)
    image[_ENTRY : _ENTRY + len(_CODE)] = _CODE
    image[_WORD : _WORD + 1] = b"!"
    free, table = _DATA, b""
    for attempt in attempts:
        words = []
        for word in attempt:
            if isinstance(word, bytes):
                image[free : free + len(word)] = word
                words.append(_BASE + free)
                free += len(word) + 8
            else:
                words.append(word)
        words += [0] * (6 - len(words))
        table += struct.pack("<6Q", *(word & 0xFFFF_FFFF_FFFF_FFFF for word in words))
    assert free < _SIZE
    table += struct.pack("<q", -1)
    assert len(table) <= 0x1000
    image[_TABLE : _TABLE + len(table)] = table
    path.write_bytes(image)
    path.chmod(0o755)


def results(data: bytes) -> list[int]:
    """What each returned: -errno where it failed."""
    return [value for (value,) in struct.iter_unpack("<q", data)]


def write_silent_intruder(path: Path, attempts: Sequence[Attempt]) -> None:
    """The same without the first word and the answer: its calls come while it is loaded."""
    write_intruder(path, attempts)
    with path.open("r+b") as file:
        file.seek(_ENTRY)
        start = _CODE.index(b"\xbb\x00\x10\x40\x00")
        file.write(b"\x90" * start)
