"""The quick stat and lstat answer what the rows of these names do."""

from __future__ import annotations

import os
from errno import EFAULT, ENOENT

import pytest

from shannot.sandbox.syscalls import pypy, pypy_stat
from shannot.sandbox.syscalls.pypy_layouts import platform_of
from tests.fakes.pypy_child import Conversation

LINUX = platform_of("linux", os.uname().machine)
NAMES = ("host", "host/", "link", "below", "below/", "below/deep", "none", "dangling", "made", "")
STAT, LSTAT = "stat64(pp)i", "lstat64(pp)i"


def status(conversation: Conversation, call: str, path: str) -> tuple[object, bytes]:
    child = conversation.child
    buffer = child.room(144)
    answer = child.call(call, child.text(path), buffer)
    return (answer.value, answer.errno), child.look(buffer, 144)


@pytest.mark.parametrize("call", [STAT, LSTAT])
def test_the_quick_answer_is_that_of_the_row(conversation: Conversation, call: str) -> None:
    child, project, table = conversation.child, conversation.project, conversation.mediator._table
    (project / "below").mkdir()
    for name in ("host", "below/deep"):
        (project / name).write_text(name)
    (project / "link").symlink_to("host")
    (project / "dangling").symlink_to("nowhere")
    number = child.call("open(pii)i", child.text("made"), os.O_WRONLY | os.O_CREAT, 0o640).value
    assert child.call("close(i)i", number) == (0, 0)
    signature = call.encode()
    quick, plain = pypy_stat.answers(LINUX), pypy.compiled(pypy.rows(LINUX))
    assert set(quick) <= set(plain)
    for name in NAMES:
        for path in (name, f"{project}/{name}", f"{project}/../project/{name}"):
            found = []
            for answers in (quick, plain, quick):
                table[signature] = answers[signature]
                conversation.mediator._learnt.clear()
                found.append(status(conversation, call, path))
            assert found[0] == found[1] == found[2], path


def test_a_file_that_another_takes_the_place_of_is_seen_at_once(
    conversation: Conversation,
) -> None:
    path = conversation.project / "file"
    path.write_text("one")
    before = status(conversation, STAT, str(path))
    assert status(conversation, STAT, str(path)) == before
    (conversation.project / "other").write_text("longer")
    os.rename(conversation.project / "other", path)
    after = status(conversation, STAT, str(path))
    assert after[0] == (0, 0)
    assert after[1][48:56] == (6).to_bytes(8, "little")
    path.unlink()
    assert status(conversation, STAT, str(path))[0] == (-1, ENOENT)
    path.mkdir()
    assert status(conversation, STAT, str(path))[0] == (0, 0)


def test_a_wild_pointer_is_an_errno_also_where_the_file_is_known(
    conversation: Conversation,
) -> None:
    child = conversation.child
    path = conversation.project / "file"
    path.write_text("one")
    text = child.text(str(path))
    for _ in range(3):
        assert child.call(STAT, text, child.room(144)) == (0, 0)
        assert child.call(STAT, text, 0) == (-1, EFAULT)
        assert child.call(STAT, 0, child.room(144)) == (-1, EFAULT)
        assert child.call(STAT, 1 << 63, child.room(144)) == (-1, EFAULT)
