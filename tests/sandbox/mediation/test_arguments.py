"""argv and environment of an execve(2), read once and put right for the stub."""

from __future__ import annotations

import struct
from errno import E2BIG, EFAULT, ENAMETOOLONG

import pytest

from shannot.sandbox.channel.stub import BUFFER, BUFFER_SIZE, EXECUTE, ORDER
from shannot.sandbox.mediation.arguments import Strings, instruct

STACK = 0x7000_0000


class FlatMemory:
    """Pages of bytes at their addresses."""

    def __init__(self, **regions: bytes) -> None:
        self.regions = {int(name[1:], 16): bytearray(data) for name, data in regions.items()}

    def _at(self, address: int) -> tuple[bytearray, int]:
        for start, data in self.regions.items():
            if start <= address < start + len(data):
                return data, address - start
        raise OSError(EFAULT, "bad address")

    def read(self, address: int, size: int) -> bytes:
        data, offset = self._at(address)
        if offset + size > len(data):
            raise OSError(EFAULT, "bad address")
        return bytes(data[offset : offset + size])

    def read_string(self, address: int, limit: int) -> bytes:
        data, offset = self._at(address)
        found = bytes(data[offset : data.index(0, offset)])
        if len(found) >= limit:
            raise OSError(ENAMETOOLONG, "too long")
        return found

    def write(self, address: int, written: bytes) -> None:
        data, offset = self._at(address)
        data[offset : offset + len(written)] = written

    def forget(self) -> None: ...

    def detach(self) -> FlatMemory:
        return self


def test_strings_end_at_null_across_pages() -> None:
    pointers = struct.pack("=3Q", 0x5000, 0x5003, 0)
    memory = FlatMemory(x5000=b"ab\0cde\0", x1FF0=bytes(8) + pointers + bytes(4096))
    assert Strings(memory, 0x1FF8).words == [b"ab", b"cde"]
    assert Strings(memory, 0).words == []


def test_strings_are_bounded() -> None:
    long = FlatMemory(
        x100000=b"x" * 131072 + b"\0", x1000=struct.pack("=512Q", 0x100000, *[0] * 511)
    )
    for memory, expected in ((long, E2BIG), (FlatMemory(), EFAULT)):
        with pytest.raises(OSError) as caught:
            Strings(memory, 0x1000)
        assert caught.value.errno == expected
    endless = FlatMemory(x100000=b"x" * 131071 + b"\0", x1000=struct.pack("=Q", 0x100000) * 4096)
    with pytest.raises(OSError) as caught:
        Strings(endless, 0x1000)
    assert caught.value.errno == E2BIG


def test_words_that_hold_the_overwritten_bytes_are_found() -> None:
    pointers = struct.pack("=4Q", 0x5000, 0x5004, 0x5001, 0)
    memory = FlatMemory(x5000=b"/bin/sh\0", x1000=pointers + bytes(4096))
    strings = Strings(memory, 0x1000)
    assert list(strings.overlapping(0x5000, 2, 10)) == [(10, b"/bin/sh"), (12, b"bin/sh")]


def test_a_stub_is_told_its_program_and_given_its_words_back() -> None:
    stack = struct.pack("=5Q", 2, 0x10, 0x20, 0, 0)
    memory = FlatMemory(x70000000=bytes(256) + stack)
    memory.regions[BUFFER] = bytearray(BUFFER_SIZE)
    top = STACK + 256
    instruct(memory, top, 9, (), [(0, b"./x")])
    order, number, argv, environment = ORDER.unpack(memory.read(BUFFER, ORDER.size))
    assert (order, number, argv, environment) == (EXECUTE, 9, top + 8, top + 32)
    words = struct.unpack("=2Q", memory.read(argv, 16))
    assert memory.read_string(words[0], 100) == b"./x"
    assert words[1] == 0x20


def test_a_script_line_takes_the_place_of_the_name() -> None:
    memory = FlatMemory(x70000000=bytes(256) + struct.pack("=5Q", 2, 0x10, 0x20, 0, 0))
    memory.regions[BUFFER] = bytearray(BUFFER_SIZE)
    top = STACK + 256
    instruct(memory, top, 9, (b"/bin/sh", b"-e", b"script"), [])
    _, _, argv, environment = ORDER.unpack(memory.read(BUFFER, ORDER.size))
    assert environment == top + 32
    pointers = struct.unpack("=5Q", memory.read(argv, 40))
    assert [memory.read_string(pointer, 100) for pointer in pointers[:3]] == [
        b"/bin/sh", b"-e", b"script",
    ]  # fmt: skip
    assert pointers[3:] == (0x20, 0)
