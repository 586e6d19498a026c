"""A PyPy child that is none: it says what the test says, obeys orders, and keeps a memory.

The other end of `channel/pypy_pipe.py`, with the same C structures. The mediator runs on a thread
of its own, so that a test reads like the child's side of the conversation.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Mapping
from errno import EFAULT, ENAMETOOLONG, ESRCH
from pathlib import Path

from shannot.sandbox.channel.pypy_pipe import PypyPipe
from shannot.sandbox.kernel import command_device
from shannot.sandbox.kernel.children import Children
from shannot.sandbox.kernel.piped import PipedTask
from shannot.sandbox.mediation.pypy_mediator import PypyMediator
from shannot.sandbox.syscalls.pypy_layouts import Platform, platform_of
from tests.fakes.world import World

HEAP = 0x7000_0000_0000


class Crashed(Exception):
    """The child would have died of an order: a wild pointer, a result of the wrong kind."""


class Answered:
    """How a call ended."""

    def __init__(self, value: float, errno: int) -> None:
        self.value = value
        self.errno = errno

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple) and (self.value, self.errno) == other

    def __hash__(self) -> int:
        return hash((self.value, self.errno))

    def __repr__(self) -> str:
        return f"{self.value} (errno {self.errno})"


class ScriptedChild:
    """`reader` brings answers and orders, `writer` takes calls."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader = reader
        self._writer = writer
        self._blocks: dict[int, bytearray] = {}
        self._top = HEAP
        self.orders: list[str] = []  # of the last call

    # -- memory ----------------------------------------------------------------------------------

    def place(self, data: bytes) -> int:
        """Memory of its own that holds these bytes: its address."""
        address = self._top
        self._blocks[address] = bytearray(data)
        self._top += (len(data) + 31) & ~15
        return address

    def text(self, text: str | bytes) -> int:
        return self.place((text.encode() if isinstance(text, str) else text) + b"\0")

    def room(self, size: int) -> int:
        return self.place(bytes(size))

    def look(self, address: int, size: int) -> bytes:
        block, offset = self._find(address, size)
        return bytes(block[offset : offset + size])

    def poke(self, address: int, data: bytes) -> None:
        block, offset = self._find(address, len(data))
        block[offset : offset + len(data)] = data

    def string(self, address: int) -> bytes:
        block, offset = self._find(address, 1)
        return bytes(block[offset : block.index(0, offset)])

    def _find(self, address: int, size: int) -> tuple[bytearray, int]:
        for start, block in self._blocks.items():
            if start <= address and address + size <= start + len(block):
                return block, address - start
        raise Crashed(f"{size} bytes at {address:#x}")

    # -- conversation ----------------------------------------------------------------------------

    def say(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._writer, data) :]

    def hear(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = os.read(self._reader, size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def call(self, signature: str, *arguments: float) -> Answered:
        """One call to its end. EOFError where the mediator hung up."""
        name = signature.encode()
        codes = signature[signature.index("(") + 1 : -2]
        message = bytes([len(name)]) + name
        for code, argument in zip("" if codes == "v" else codes, arguments, strict=True):
            if code == "f":
                message += struct.pack("=d", argument)
            else:
                message += struct.pack("=Q", int(argument) & 0xFFFF_FFFF_FFFF_FFFF)
        self.say(message)
        return self._obey(signature[-1])

    def _obey(self, expected: str) -> Answered:
        errno = 0
        self.orders = []
        while True:
            letter = self.hear(1).decode()
            if letter in "vifp":
                if letter != expected:
                    raise Crashed(f"a result of kind {letter}")
                forms = {"v": "=", "i": "=q", "p": "=Q", "f": "=d"}
                form = struct.Struct(forms[letter])
                values = form.unpack(self.hear(form.size))
                return Answered(values[0] if values else 0, errno)
            self.orders.append(letter)
            if letter == "E":
                errno = struct.unpack("=i", self.hear(4))[0]
            else:
                self._memory_order(letter)

    def _memory_order(self, letter: str) -> None:
        first = struct.unpack("=Q", self.hear(8))[0]
        if letter == "F":
            del self._blocks[first]
        elif letter == "M":
            self.say(struct.pack("=Q", self.place(self.hear(first))))
        elif letter in "RZW":
            size = struct.unpack("=Q", self.hear(8))[0]
            if letter == "R":
                self.say(self.look(first, size))
            elif letter == "W":
                self.poke(first, self.hear(size))
            else:
                text = self.string(first)[:size]
                self.say(struct.pack("=Q", len(text)) + text)
        else:
            raise Crashed(f"an order {letter!r}")

    def close(self) -> None:
        for host_fd in (self._reader, self._writer):
            os.close(host_fd)
        self._reader = self._writer = -1


class DirectMemory:
    """The child's memory looked into, as /proc/PID/mem is: a wild pointer is EFAULT."""

    def __init__(self, child: ScriptedChild) -> None:
        self._child = child

    def read(self, address: int, size: int) -> bytes:
        try:
            return self._child.look(address, size)
        except Crashed:
            raise OSError(EFAULT, "bad address") from None

    def read_string(self, address: int, limit: int) -> bytes:
        try:
            text = self._child.string(address)
        except (Crashed, ValueError):
            raise OSError(EFAULT, "bad address") from None
        if len(text) >= limit:
            raise OSError(ENAMETOOLONG, "string too long")
        return text

    def write(self, address: int, data: bytes) -> None:
        try:
            self._child.poke(address, data)
        except Crashed:
            raise OSError(EFAULT, "bad address") from None

    def forget(self) -> None:
        """Nothing is open."""


class Conversation:
    """A scripted child, and the mediator that answers it, over a `World`."""

    def __init__(
        self,
        root: Path,
        environment: Mapping[bytes, bytes] | None = None,
        platform: Platform | None = None,
        pid: int = 0,
        direct: bool = False,
    ) -> None:
        self.project = root / "project"
        self.project.mkdir()
        self.world = World(root / "private")
        self.world.tree.private(b"/tmp")
        self.world.map(self.project)
        self.world.tree.devices()
        self.killed = False
        system = self.world.system
        system.children = Children()
        self.device = command_device.put(self.world.tree, system)
        calls, answers = os.pipe(), os.pipe()
        self.child = ScriptedChild(answers[0], calls[1])
        self._ours = [calls[0], answers[1]]
        self.pipe = PypyPipe(calls[0], answers[1])
        memory = DirectMemory(self.child) if direct else self.pipe.memory
        self.task = PipedTask(
            system, pid or os.getpid(), self.world.tree.root, 0o022, memory, environment or {}
        )
        self.enter(self.project)
        system.tasks[self.task.pid] = self.task
        system.process = self._only
        self.outputs = [os.memfd_create(name) for name in ("stdin", "stdout", "stderr")]
        self.reset_descriptors()
        self.mediator = PypyMediator(
            system,
            self.pipe,
            self.task,
            platform or platform_of("linux", os.uname().machine),
            system.children.turn,
        )
        self.mediator.kill = self._kill
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def enter(self, directory: Path | str) -> None:
        node = self.task.existing(-100, os.fsencode(directory))
        self.task.cwd = node  # type: ignore[assignment]

    def reset_descriptors(self) -> None:
        """0, 1 and 2, none of which has to be waited for, and nothing else."""
        self.task.table.close_all()
        for number, host_fd in enumerate(self.outputs):
            self.task.table.put(number, os.dup(host_fd))

    def _only(self, pid: int) -> PipedTask:
        if pid != self.task.pid:
            raise ProcessLookupError(ESRCH, "no such process")
        return self.task

    def _kill(self) -> None:
        self.killed = True

    def _run(self) -> None:
        try:
            self.mediator.run()
        finally:
            for host_fd in self._ours:
                os.close(host_fd)
            self._ours = []

    def written(self, number: int) -> bytes:
        """What stands in stdout (1) or stderr (2) so far."""
        return os.pread(self.outputs[number], 1 << 20, 0)

    def end(self) -> None:
        """The child ends; afterwards the mediator has, too."""
        if self.child._writer >= 0:
            self.child.close()
        self._thread.join(10)
        assert not self._thread.is_alive(), "the mediator goes on"

    def close(self) -> None:
        self.end()
        self.device.close()
        self.task.table.close_all()
        for host_fd in self.outputs:
            os.close(host_fd)
        self.world.close()


WILD = 0xDEAD_0000
"""An address that the child has nothing at."""
NULL = 0
