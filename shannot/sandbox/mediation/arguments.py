"""The argv and environment of an execve(2): read from the caller, and set right for the stub."""

from __future__ import annotations

import struct
from errno import E2BIG, EFAULT, ENAMETOOLONG

from shannot.sandbox.channel.stub import BUFFER, BUFFER_SIZE, EXECUTE, EXIT, ORDER
from shannot.sandbox.kernel.processes import ARGUMENTS_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shannot.sandbox.channel.base import Memory

_PAGE = 4096
_STRING_MAX = 131072  # MAX_ARG_STRLEN of linux/binfmts.h, the NUL included
_COUNT_MAX = ARGUMENTS_MAX // 9  # a pointer and a NUL each
_FREE = BUFFER + 64  # what the stub leaves to us, above its order


class Strings:
    """A NULL-terminated array of strings, bounded as execve(2) bounds it."""

    __slots__ = ("pointers", "words")

    def __init__(self, memory: Memory, address: int) -> None:
        """Errors: EFAULT, E2BIG."""
        self.pointers: list[int] = []
        self.words: list[bytes] = []
        if address:
            self._read(memory, address)

    def _read(self, memory: Memory, address: int) -> None:
        size = 0
        for pointer in _pointers(memory, address):
            word = _string(memory, pointer)
            self.pointers.append(pointer)
            self.words.append(word)
            size += len(word) + 9
            if size > ARGUMENTS_MAX or len(self.words) > _COUNT_MAX:
                raise OSError(E2BIG, "arguments too long")

    def overlapping(self, address: int, size: int, first: int) -> Iterator[tuple[int, bytes]]:
        """Words that hold any of these bytes, numbered from `first`: a path is often argv[0]."""
        for index, pointer in enumerate(self.pointers):
            if pointer < address + size and pointer + len(self.words[index]) >= address:
                yield first + index, self.words[index]


def _string(memory: Memory, pointer: int) -> bytes:
    try:
        return memory.read_string(pointer, _STRING_MAX)
    except OSError as error:
        if error.errno == ENAMETOOLONG:
            raise OSError(E2BIG, "argument too long") from None
        raise


def _pointers(memory: Memory, address: int) -> Iterator[int]:
    """The pointers of an array up to its NULL, read a page at a time."""
    while True:
        room = _PAGE - address % _PAGE
        block = memory.read(address, room - room % 8 if room >= 8 else 8)
        for (pointer,) in struct.iter_unpack("=Q", block):
            if not pointer:
                return
            yield pointer
        address += len(block)


def instruct(
    memory: Memory,
    stack: int,
    number: int,
    prefix: Sequence[bytes],
    overlaps: Sequence[tuple[int, bytes]],
) -> None:
    """Order a stub to execute the descriptor `number` with the arguments it was started with.

    `stack`: where its argc lies. `prefix` takes argv[0]'s place, as for a `#!` line. `overlaps`:
    words to put right, by their place behind argc. Errors: EFAULT.
    """
    count = struct.unpack("=Q", memory.read(stack, 8))[0]
    argv = stack + 8
    environment = argv + 8 * (count + 1)
    free = _FREE
    for index, word in overlaps:
        free = _put(memory, free, word, argv + 8 * index)
    if prefix:
        argv -= 8 * (len(prefix) - 1)  # what is below the stack is free
        for index, word in enumerate(prefix):
            free = _put(memory, free, word, argv + 8 * index)
    memory.write(BUFFER, ORDER.pack(EXECUTE, number, argv, environment))


def end(memory: Memory, status: int) -> None:
    """Order a stub to exit with this status. Errors: EFAULT."""
    memory.write(BUFFER, ORDER.pack(EXIT, status, 0, 0))


def _put(memory: Memory, free: int, word: bytes, place: int) -> int:
    """Store a word in the stub's buffer and its address at `place`; returns what is free now."""
    after = free + len(word) + 1
    if after > BUFFER + BUFFER_SIZE:
        raise OSError(EFAULT, "no room")
    memory.write(free, word + b"\0")
    memory.write(place, struct.pack("=Q", free))
    return after
