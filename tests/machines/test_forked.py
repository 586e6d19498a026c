"""A request's process, forked from the server: what it keeps, and how its end is told."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable

from shannot.machines.forked import Forked, fork


def forked(work: Callable[[], int], kept: int | None = None) -> Forked:
    nothing = os.open("/dev/null", os.O_RDWR)
    try:
        return fork(work, (nothing, nothing, nothing), kept, None)
    finally:
        os.close(nothing)


def test_it_keeps_no_descriptor_but_what_it_is_given() -> None:
    others = [os.open("/dev/null", os.O_RDONLY) for _ in range(5)]
    reader, writer = os.pipe()

    def work() -> int:
        left = [number for number in range(256) if is_open(number)]
        os.write(writer, json.dumps([left, os.getsid(0) == os.getpid()]).encode())
        return 0

    process = forked(work, writer)
    os.close(writer)
    with open(reader, "rb") as file:
        left, leads = json.loads(file.read())
    assert (left, leads, process.wait()) == ([0, 1, 2, writer], True, 0)
    for number in others:
        os.close(number)


def is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def test_how_it_ended_is_told_to_whoever_waits_and_again() -> None:
    def leave() -> int:
        raise SystemExit(7)

    def fail() -> int:
        raise OSError

    for work, status in ((lambda: 3, 3), (leave, 7), (fail, 125)):
        process = forked(work)
        assert (process.wait(), process.is_over(), process.wait()) == (status, True, status)
        process.terminate()  # nobody


def test_one_that_is_asked_to_end_says_by_which_signal() -> None:
    def wait() -> int:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        time.sleep(60)
        return 0

    process = forked(wait)
    assert not process.is_over()
    process.terminate()
    assert process.wait() == 128 + signal.SIGTERM
