"""Run a piece of a test in a child process, as root or as an ordinary user."""

from __future__ import annotations

import ast
import os
import traceback
from collections.abc import Callable

import pytest

from shannot.sandbox.channel import kernel_calls as kernel

NOBODY = 65534
USERS = pytest.mark.parametrize(
    "user",
    [
        None,
        pytest.param(
            NOBODY,
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user"),
        ),
    ],
    ids=["caller", "ordinary"],
)


def become(user: int | None) -> None:
    """Drop to this user for good, inspectable by the same user again."""
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


def in_child(body: Callable[[], object], user: int | None = None) -> object:
    """What `body` returns (a literal) in a forked child; fails the test if it raises there."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            become(user)
            text = "=" + repr(body())
        except BaseException:
            text = traceback.format_exc()
        os.write(writer, text.encode()[:60000])
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(pid, 0)
    if not said.startswith("="):
        pytest.fail(f"in the child (wait status {status:#x}): {said}")
    return ast.literal_eval(said[1:])


def errno_of(call: Callable[[], object]) -> int:
    """The errno that the call fails with, 0 if it succeeds."""
    try:
        call()
    except OSError as error:
        return error.errno or -1
    return 0
