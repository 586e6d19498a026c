"""What is no call ends the run, and nothing else of ours: the child is killed, no traceback."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from shannot.sandbox.channel.pypy_pipe import ProtocolError, PypyPipe, read_signature
from shannot.sandbox.syscalls import pypy, pypy_seldom
from shannot.sandbox.syscalls.pypy_layouts import platform_of
from tests.fakes.pypy_child import Conversation

LINUX = platform_of("linux", "x86_64")
SIGNATURES = sorted(
    pypy.compiled(pypy.rows(LINUX)) | pypy.compiled(pypy_seldom.rows(LINUX)), key=bytes
)
ENDLESS = (b"_exit", b"kill", b"select", b"read(", b"posix_fallocate")
"""These end the test, wait for ever as they should, or take the memory they were asked to."""
HARMLESS = [signature for signature in SIGNATURES if not signature.startswith(ENDLESS)]


def listen(data: bytes) -> list[tuple[bytes, tuple[int, ...]]]:
    """What a pipe that brought these bytes and was closed is read as. Errors: ProtocolError."""
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        os.write(writer, data[:65536])
        os.close(writer)
        pipe = PypyPipe(reader, -1)
        heard = []
        while (call := pipe.next_call()) is not None:
            heard.append(call)
        return heard
    finally:
        os.close(reader)


def message(signature: bytes, arguments: bytes = b"") -> bytes:
    return bytes([len(signature)]) + signature + arguments


def test_calls_are_read_one_after_the_other_whatever_their_kinds() -> None:
    data = message(b"open(pii)i", struct.pack("=QQQ", 9, 1, (1 << 64) - 1))
    data += message(b"_exit(i)v", struct.pack("=q", -1)) + message(b"sync()v")
    data += message(b"f(v)v") + message(b"g(fp)f", struct.pack("=dQ", 1.5, 7))
    assert listen(data) == [
        (b"open(pii)i", (9, 1, (1 << 64) - 1)),
        (b"_exit(i)v", ((1 << 64) - 1,)),
        (b"sync()v", ()),
        (b"f(v)v", ()),
        (b"g(fp)f", (1.5, 7)),
    ]


@pytest.mark.parametrize(
    "signature",
    [
        b"", b"x", b"()i", b"open", b"open(pii)", b"open(pii)x", b"open)pii(i", b"open(piz)i",
        b"open(pii)i ", b"open(pii)ii", b"open(pii\0)i", b"\xff(p)i", b"o(iv)i", b"o(vv)i",
        b"o(" + b"i" * 33 + b")i", b"o(pi", b"(i)i",
    ],
)  # fmt: skip
def test_what_names_no_call_is_an_error(signature: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_signature(signature)


@settings(deadline=None)
@given(some.binary(max_size=600))
def test_random_bytes_are_calls_or_an_error(data: bytes) -> None:
    try:
        listen(data)
    except ProtocolError:
        pass


@settings(deadline=None)
@given(some.sampled_from(SIGNATURES), some.data())
def test_a_message_that_is_cut_off_is_an_error(signature: bytes, choice: some.DataObject) -> None:
    whole = message(signature, bytes(8 * (len(signature.partition(b"(")[2]) - 2)))
    cut = choice.draw(some.integers(1, len(whole) - 1))
    assert len(listen(whole)) == 1
    with pytest.raises(ProtocolError, match="cut off"):
        listen(whole[:cut])


@pytest.fixture
def conversation(tmp_path: Path) -> Conversation:
    return Conversation(tmp_path)


@pytest.mark.parametrize(
    "said",
    [
        b"\0",
        message(b"unknown(p)i", bytes(8)),
        message(b"open(pii)p", bytes(24)),
        message(b"open(pii)i")[:-1],
        b"\xff" * 300,
    ],
)
def test_the_child_is_killed_and_the_fault_is_told(conversation: Conversation, said: bytes) -> None:
    child = conversation.child
    assert child.call("mkdir(pi)i", child.text("made"), 0o755) == (0, 0)
    child.say(said)
    conversation.end()
    assert conversation.killed
    assert len(conversation.mediator.faults) == 1
    assert "the interpreter was ended" in conversation.mediator.faults[0]
    assert conversation.mediator.exit_status == 125
    made = conversation.world.task.existing(-100, os.fsencode(conversation.project / "made"))
    assert made is not None
    conversation.close()


def test_an_answer_to_an_order_that_is_too_long_is_an_error(conversation: Conversation) -> None:
    child = conversation.child
    child.say(message(b"unlink(p)i", struct.pack("=Q", 1)))
    assert child.hear(1) == b"Z"
    child.hear(16)
    child.say(struct.pack("=Q", 1 << 40))
    conversation.end()
    assert conversation.killed
    conversation.close()


def test_a_pipe_that_is_closed_in_mid_order_ends_the_run(conversation: Conversation) -> None:
    conversation.child.say(message(b"unlink(p)i", struct.pack("=Q", 1)))
    assert conversation.child.hear(1) == b"Z"
    conversation.end()
    conversation.close()


def test_a_child_that_is_gone_before_its_answer_is_no_fault(conversation: Conversation) -> None:
    os.close(conversation.child._reader)
    conversation.child.say(message(b"getpid()i"))
    os.close(conversation.child._writer)
    conversation.child._reader = conversation.child._writer = -1
    conversation.end()
    assert conversation.mediator.faults == []
    assert conversation.mediator.exit_status is None
    conversation.close()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    some.lists(
        some.tuples(
            some.sampled_from(HARMLESS),
            some.lists(some.integers(0, (1 << 64) - 1), min_size=9, max_size=9),
        ),
        max_size=20,
    )
)
def test_random_calls_never_end_the_run(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[bytes, list[int]]]
) -> None:
    conversation = Conversation(tmp_path_factory.mktemp("random"), direct=True)
    try:
        for signature, numbers in calls:
            codes = signature.partition(b"(")[2][:-2]
            conversation.child.call(signature.decode(), *numbers[: len(codes)])
        assert conversation.mediator.faults == []
        assert not conversation.killed
    finally:
        conversation.close()
