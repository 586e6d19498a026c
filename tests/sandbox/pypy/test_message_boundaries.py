"""However the bytes of calls come, each call is answered once, in order, and by its own row."""

from __future__ import annotations

import struct
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.fakes.pypy_child import Conversation, ScriptedChild

CALLS = (b"getpid()i", b"getuid()i", b"dup(i)i", b"sync()v", b"clock()i")


def message(signature: bytes, *arguments: int) -> bytes:
    packed = b"".join(struct.pack("=q", argument) for argument in arguments)
    return bytes([len(signature)]) + signature + packed


def result(child: ScriptedChild) -> tuple[int, int]:
    """What the next answer says: the value, 0 for a void one, and errno."""
    errno = 0
    while (letter := child.hear(1)) == b"E":
        errno = struct.unpack("=i", child.hear(4))[0]
    return (0 if letter == b"v" else struct.unpack("=q", child.hear(8))[0]), errno


def failing(number: int) -> bytes:
    return message(b"close(i)i", 1000 + number)


@pytest.mark.parametrize("known", [False, True], ids=["new", "learnt"])
def test_two_calls_that_come_at_once_are_two_calls(conversation: Conversation, known: bool) -> None:
    child = conversation.child
    if known:
        child.call("getpid()i")
        child.call("close(i)i", 1000)
    before = conversation.mediator.answered
    child.say(message(b"getpid()i") + failing(1) + message(b"getpid()i"))
    pid = (conversation.task.pid, 0)
    assert [result(child) for _ in "123"] == [pid, (-1, 9), pid]
    assert conversation.mediator.answered == before + 3


@pytest.mark.parametrize("known", [False, True], ids=["new", "learnt"])
def test_a_call_that_comes_in_pieces_is_one_and_leaves_the_turn_to_others(
    conversation: Conversation, known: bool
) -> None:
    child = conversation.child
    if known:
        child.call("close(i)i", 1000)
    whole = failing(2)
    turn = conversation.world.system.children.turn  # type: ignore[union-attr]
    for place in (1, 5, len(whole) - 1):
        child.say(whole[:place])
        time.sleep(0.02)
        with turn:  # is not kept by who waits for the rest
            assert conversation.mediator.stopped is False
        child.say(whole[place:])
        assert result(child) == (-1, 9)


def test_what_a_hostile_child_sends_behind_the_answer_to_an_order_is_the_next_call(
    conversation: Conversation,
) -> None:
    child = conversation.child
    child.say(message(b"get_environ()p"))
    assert child.hear(1) == b"M"
    size = struct.unpack("=Q", child.hear(8))[0]
    first = struct.pack("=Q", child.place(child.hear(size)))
    child.say(first + message(b"getpid()i") + message(b"getuid()i"))
    while (letter := child.hear(1)) == b"M":
        size = struct.unpack("=Q", child.hear(8))[0]
        child.say(struct.pack("=Q", child.place(child.hear(size))))
    assert letter == b"p"
    child.hear(8)
    assert result(child)[0] == conversation.task.pid


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(some.lists(some.sampled_from(CALLS), min_size=1, max_size=8), some.data())
def test_any_cut_gives_the_same_answers(
    conversation: Conversation, calls: list[bytes], choice: some.DataObject
) -> None:
    child = conversation.child
    said = [message(name, *([1000] if b"(i)" in name else [])) for name in calls]
    plain = []
    for one in said:
        child.say(one)
        plain.append(result(child)[1])
    together = b"".join(said)
    cuts = sorted(choice.draw(some.sets(some.integers(0, len(together)), max_size=4)))
    for start, end in zip([0, *cuts], [*cuts, len(together)], strict=True):
        child.say(together[start:end])
    assert [result(child)[1] for _ in said] == plain
