"""The pipe of a sandboxed PyPy: calls come up one descriptor, answers and orders go down another.

Counterparts: `mediation/pypy_mediator.py`, which answers, and the child's own
rpython/translator/sandbox/src/rsandbox.c, version 20001 of the protocol. Nothing that the child
says is believed: a message is bounded, or it ends the run.

Theory of operation
-------------------
A call is one length byte, a signature such as `open(pii)i`, and its arguments without padding:
`i` and `f` are 8 bytes, `p` is a pointer. While it waits the child obeys orders: R, W, Z read and
write its memory, M and F allocate and free, E sets errno. The result's letter ends the call. The
child does one thing at a time, so an order's answer is the next thing on the pipe.

Orders cost a hand-over between two processes each. Where the kernel lets us into the child's
memory (`seccomp_notify.ProcessMemory`) only M is needed, and `PipeMemory` is for everywhere else.
"""

from __future__ import annotations

import os
from errno import EFAULT, ENAMETOOLONG, ENOMEM
from struct import Struct

from shannot.errors import ShannotError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.channel.base import Memory

_READ = 1 << 16
MESSAGE = 470
"""Bytes that are asked for: nearly all messages are shorter, and what is larger than 512 with its
header is no object of Python's own pool."""
_QUEUED = 1024  # bytes that are rather sent with the answer than put into the child's memory
_SIGNATURES_MAX = 512
"""Signatures whose shape is remembered: a build has fewer than 200."""
_ARGUMENTS_MAX = 32  # what the child's own buffer has room for
_LETTERS = {"i": "Q", "f": "d", "p": "Q"}
_STEPS = (256, 4097)  # bytes of a string that are asked for: most paths are short
_PIECE = 1 << 20  # bytes of one R: what the child can make us hold at once

_POINTER = Struct("=Q")
INTEGER_REPLY = Struct("=cQ")
_FLOAT_REPLY = Struct("=cd")
_ERRNO = Struct("=ci")
_ORDER = Struct("=cQQ")
_MALLOC = Struct("=cQ")
WORD = 0xFFFF_FFFF_FFFF_FFFF


class ProtocolError(ShannotError):
    """The child said what no PyPy says; it cannot be answered any more."""


class ClosedError(ProtocolError):
    """The child reads no more answers: it has ended, or is of no use any more."""


class Form:
    """How a signature's arguments are laid out."""

    __slots__ = ("letter", "letters", "result", "size", "unpack_from")

    def __init__(self, arguments: str, result: str) -> None:
        letters = "" if arguments == "v" else "".join([_LETTERS[letter] for letter in arguments])
        layout = Struct("=" + letters)
        self.letters = letters  # of `struct`
        self.size = layout.size
        self.unpack_from = layout.unpack_from
        self.result = result  # "v", "i", "f" or "p"
        self.letter = result.encode()


def read_signature(signature: bytes) -> Form:
    """The form of `name(codes)code`. Errors: ProtocolError for anything else."""
    try:
        text = signature.decode("ascii")
    except UnicodeDecodeError:
        raise ProtocolError("a message with a name that is not ASCII") from None
    opening = text.find("(")
    arguments, result = text[opening + 1 : -2], text[-1:]
    if opening < 1 or text[-2:-1] != ")" or result not in ("v", "i", "f", "p"):
        raise ProtocolError("a message that names no call")
    if len(arguments) > _ARGUMENTS_MAX or (arguments != "v" and set(arguments) - {*"ifp"}):
        raise ProtocolError("a call with arguments of an unknown kind")
    return Form(arguments, result)


class PypyPipe:
    """Both directions: `reader` brings calls, `writer` takes answers. Host descriptors of ours."""

    __slots__ = ("_forms", "form", "memory", "pending", "queued", "reader", "writer")

    def __init__(self, reader: int, writer: int) -> None:
        self.reader = reader
        self.writer = writer
        self.memory: Memory = PipeMemory(self)
        self._forms: dict[bytes, Form] = {}
        self.pending = b""  # received, and not looked at yet
        self.queued = b""  # orders that the child need not answer, sent with what comes next
        self.form = Form("v", "v")  # of the call that was received last

    def next_call(self) -> tuple[bytes, tuple[int, ...]] | None:
        """A signature and its arguments, unsigned; None where the child has ended.

        Errors: ProtocolError.
        """
        data = self.pending or os.read(self.reader, MESSAGE)
        if not data:
            return None
        end = data[0] + 1
        if len(data) < end:
            data = self._more(data, end)
        signature = data[1:end]
        form = self._forms.get(signature)
        if form is None:
            form = self._learn(signature)
        after = end + form.size
        if len(data) < after:
            data = self._more(data, after)
        self.pending = data[after:]
        self.form = form
        return signature, form.unpack_from(data, end)

    def _learn(self, signature: bytes) -> Form:
        form = read_signature(signature)
        if len(self._forms) < _SIGNATURES_MAX:
            self._forms[signature] = form
        return form

    def _more(self, data: bytes, size: int) -> bytes:
        """At least `size` bytes. Errors: ProtocolError where the child ends in mid-message."""
        parts, length = [data], len(data)
        while length < size:
            piece = os.read(self.reader, _READ)
            if not piece:
                raise ProtocolError("a message that is cut off")
            parts.append(piece)
            length += len(piece)
        return b"".join(parts)

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes of an order's answer. Errors: ProtocolError."""
        data = self.pending
        if len(data) < size:
            data = self._more(data, size)
        self.pending = data[size:]
        return data[:size]

    def send(self, data: bytes) -> None:
        """All of it. Errors: ClosedError."""
        if self.queued:
            data = self.queued + data
            self.queued = b""
        try:
            done = os.write(self.writer, data)
            while done < len(data):
                done += os.write(self.writer, memoryview(data)[done:])
        except BrokenPipeError:
            raise ClosedError("its pipe is closed") from None

    def reply(self, value: float) -> None:
        """End the call with a result; of a void call it is ignored. Errors: ProtocolError."""
        form = self.form
        if form.result in "ip":
            data = INTEGER_REPLY.pack(form.letter, int(value) & WORD)
        elif form.result == "f":
            data = _FLOAT_REPLY.pack(b"f", value)
        else:
            data = b"v"
        if self.queued:
            data = self.queued + data
            self.queued = b""
        try:
            if os.write(self.writer, data) == len(data):
                return
        except BrokenPipeError:
            pass
        raise ClosedError("its pipe is closed")

    def queue(self, order: bytes) -> None:
        """Send an order that the child does not answer, with whatever is sent next."""
        self.queued += order

    def set_errno(self, errno: int) -> None:
        """What errno is when the call returns."""
        self.queue(_ERRNO.pack(b"E", errno))

    def fail(self, errno: int) -> None:
        """End the call as a C function that failed: errno, and -1 or NULL."""
        self.set_errno(errno)
        self.reply(-1 if self.form.result in ("i", "f") else 0)

    def allocate(self, data: bytes) -> int:
        """Memory from the child's malloc(3) that holds these bytes: its address.

        Errors: ProtocolError; ENOMEM where the child says NULL.
        """
        self.send(_MALLOC.pack(b"M", len(data)) + data)
        address: int = _POINTER.unpack(self.take(_POINTER.size))[0]
        if not address:
            raise OSError(ENOMEM, "no memory")
        return address

    def release(self, address: int) -> None:
        """Give back what `allocate` returned."""
        self.queue(_MALLOC.pack(b"F", address))


class PipeMemory:
    """`Memory` of `base.py` by way of orders. A wild pointer ends the child, as natively."""

    __slots__ = ("_pipe",)

    def __init__(self, pipe: PypyPipe) -> None:
        self._pipe = pipe

    def read(self, address: int, size: int) -> bytes:
        if not address:
            raise OSError(EFAULT, "NULL")
        parts = []
        for start in range(0, size, _PIECE):
            piece = min(_PIECE, size - start)
            self._pipe.send(_ORDER.pack(b"R", address + start & WORD, piece))
            parts.append(self._pipe.take(piece))
        return b"".join(parts)

    def read_string(self, address: int, limit: int) -> bytes:
        """Z cuts without saying so: what fills its limit is asked for again with a higher one."""
        if not address:
            raise OSError(EFAULT, "NULL")
        for step in (*_STEPS, limit):
            bound = min(step, limit)
            self._pipe.send(_ORDER.pack(b"Z", address, bound))
            size: int = _POINTER.unpack(self._pipe.take(_POINTER.size))[0]
            if size > bound:
                raise ProtocolError("a string that is longer than was asked for")
            data = self._pipe.take(size)
            if size < bound:
                return data
        raise OSError(ENAMETOOLONG, "string too long")

    def write(self, address: int, data: bytes) -> None:
        if not address:
            raise OSError(EFAULT, "NULL")
        self._pipe.queue(_ORDER.pack(b"W", address, len(data)) + data)

    def forget(self) -> None:
        """There is nothing that could be kept open."""

    def detach(self) -> Memory:
        return self


class DirectMemory:
    """`Memory` of `base.py` where the kernel lets us into the child's: no hand-over for a read.

    What little is written goes with the answer, which is cheaper than a call for it.
    """

    __slots__ = ("_memory", "_pipe", "read_string")

    def __init__(self, pipe: PypyPipe, memory: Memory) -> None:
        self._pipe = pipe
        self._memory = memory  # of the same process; closed by `forget`
        self.read_string = memory.read_string

    def read(self, address: int, size: int) -> bytes:
        return self._memory.read(address, size)

    def write(self, address: int, data: bytes) -> None:
        if not address:
            raise OSError(EFAULT, "NULL")
        if len(data) <= _QUEUED:
            self._pipe.queued += _ORDER.pack(b"W", address, len(data)) + data
        else:
            self._memory.write(address, data)

    def forget(self) -> None:
        self._memory.forget()

    def detach(self) -> Memory:
        return self
