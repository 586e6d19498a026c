"""Recorded conversations with a real interpreter, said once more: not one call may end the run."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.fakes.pypy_child import Conversation, ScriptedChild

RECORDED = Path(__file__).parent / "recorded"
POINTERS = {"readdir(p)p": 0, "closedir(p)i": 0, "dirfd(p)i": 0, "rewinddir(p)v": 0}
"""Arguments that are pointers which the controller returned, by call."""
NUMBERS = {
    "read(ipi)i": 0, "close(i)i": 0, "fstat64(ip)i": 0, "lseek(iii)i": 0, "isatty(i)i": 0,
    "write(ipi)i": 0, "rpy_get_inheritable(i)i": 0,
}  # fmt: skip
"""And those that are descriptors."""


class Replayed:
    """The child of a recording: its memory is filled with what it answered then."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.child: ScriptedChild = conversation.child
        self.numbers: dict[int, int] = {}  # recorded: now
        self.pointers: dict[int, int] = {}
        self.calls: list[tuple[str, float, int]] = []

    def play(self, line: dict[str, object]) -> None:
        signature = str(line["call"])
        codes = signature[signature.index("(") + 1 : -2]
        recorded: list[int] = line["args"]  # type: ignore[assignment]
        memory = self._memory(line["commands"])  # type: ignore[arg-type]
        arguments = []
        for place, (code, value) in enumerate(zip(codes, recorded, strict=True)):
            if code == "p" and value:
                value = self.pointers.get(value) if POINTERS.get(signature) == place else None
                value = memory.get(recorded[place]) or value or self.child.room(70_000)
            elif NUMBERS.get(signature) == place:
                value = self.numbers.get(value, value)
            arguments.append(value)
        answer = self.child.call(signature, *arguments)
        self.calls.append((signature, answer.value, answer.errno))
        result = line["result"]
        if signature.startswith("open(") and result != -1:
            self.numbers[int(result)] = int(answer.value)  # type: ignore[call-overload]
        elif signature.endswith(")p") and result:
            self.pointers[int(result)] = int(answer.value)  # type: ignore[call-overload]

    def _memory(self, commands: list[list[object]]) -> dict[int, int]:
        """What was read of the child during the call, by the address it had."""
        found = {}
        for letter, address, *rest in commands:
            if letter in ("Z", "R"):
                data = rest[1]
                if isinstance(data, dict):
                    data = bytes.fromhex(data["hex"]).ljust(data["len"], b"\0").decode("latin-1")
                size = rest[0] if isinstance(rest[0], int) else 0
                raw = str(data or "").encode("latin-1").ljust(size if letter == "R" else 0, b"\0")
                found[int(str(address))] = self.child.place(raw + b"\0")
        return found


@pytest.mark.parametrize("name", ["pass", "files"])
def test_a_recorded_conversation_is_answered_to_its_end(name: str, tmp_path: Path) -> None:
    conversation = Conversation(tmp_path, {b"HOME": b"/root"})
    library = tmp_path / "lib"
    for directory in ("lib-python/3", "lib_pypy"):
        (library / directory).mkdir(parents=True)
        (library / directory / "os.py").write_text("pass\n")
    script = tmp_path / "script.py"
    script.write_text("print(1)\n")
    conversation.world.map(library, "/lib", mode="ro")
    conversation.world.map(script, "/script.py", mode="ro")
    replayed = Replayed(conversation)
    with gzip.open(RECORDED / f"{name}.jsonl.gz", "rt") as lines:
        for line in lines:
            replayed.play(json.loads(line))
    conversation.close()
    assert conversation.mediator.faults == []
    assert not conversation.killed
    assert len(replayed.calls) == {"pass": 746, "files": 2394}[name]
    answers = {signature for signature, value, _ in replayed.calls if value != -1}
    assert {"stat64(pp)i", "open(pii)i", "read(ipi)i", "opendir(p)p", "readdir(p)p"} <= answers
