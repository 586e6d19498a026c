"""Signals: to whom they may go."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from shannot.sandbox.kernel import signals
from shannot.sandbox.kernel.answers import CONTINUE
from tests.fakes.world import World

if TYPE_CHECKING:
    from shannot.sandbox.channel.base import Memory


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "private")
    yield made
    made.close()


def test_a_process_signals_itself_by_the_kernel(world: World) -> None:
    assert signals.kill(world.task, os.getpid(), signal.SIGUSR1) == CONTINUE
    assert signals.tgkill(world.task, os.getpid(), 12345, 0) == CONTINUE


@pytest.mark.parametrize("number", [-1, 65, 1 << 20])
def test_an_unknown_signal_is_an_error(world: World, number: int) -> None:
    with pytest.raises(OSError, match="no such signal"):
        signals.kill(world.task, os.getpid(), number)
    with pytest.raises(OSError, match="no such signal"):
        signals.tgkill(world.task, os.getpid(), os.getpid(), number)


def test_what_runs_outside_does_not_exist(world: World) -> None:
    outside = subprocess.Popen(["sleep", "60"])
    try:
        for target in (outside.pid, -outside.pid, 1, os.getppid()):
            with pytest.raises(ProcessLookupError):
                signals.kill(world.task, target, signal.SIGKILL)
        with pytest.raises(ProcessLookupError):
            signals.tgkill(world.task, outside.pid, outside.pid, signal.SIGKILL)
        with pytest.raises(ProcessLookupError):
            signals.pidfd_open(world.task, outside.pid, 0)
        assert outside.poll() is None
    finally:
        outside.kill()
        outside.wait()


def test_a_member_is_signalled_and_minus_one_spares_the_caller(world: World) -> None:
    members = [subprocess.Popen(["sleep", "60"]) for _ in range(2)]
    numbers = [member.pid for member in members]
    world.system.is_member = lambda pid: pid in numbers
    world.system.processes = lambda: [os.getpid(), *numbers]
    assert signals.kill(world.task, numbers[0], signal.SIGTERM) == 0
    assert signals.kill(world.task, -1, signal.SIGKILL) == 0
    assert [member.wait() for member in members] == [-signal.SIGTERM, -signal.SIGKILL]


def test_a_pidfd_is_of_the_process_and_takes_no_unknown_flags(world: World) -> None:
    os.close(signals.pidfd_open(world.task, os.getpid(), 0))
    for pid, flags in ((os.getpid(), 1), (0, 0), (-1, 0)):
        with pytest.raises(OSError, match="unknown flags"):
            signals.pidfd_open(world.task, pid, flags)


class Action:
    """Memory that holds one struct sigaction."""

    def __init__(self, handler: int, flags: int) -> None:
        self.data = signals._ACTION.pack(handler, flags)

    def read(self, address: int, size: int) -> bytes:
        if address != 64:
            raise OSError(14, "bad address")
        return self.data[:size]

    def write(self, address: int, data: bytes) -> None:
        assert address == 64
        self.data = data

    def flags(self) -> int:
        return struct.unpack("=QQ", self.data)[1]


@pytest.mark.parametrize(
    ("program", "handler", "expected"),
    [
        (b"/bin/sh", 0x1000, signals.SA_RESTART | 4),
        (b"/usr/bin/dash", 0x1000, signals.SA_RESTART | 4),
        (b"/bin/busybox", 0x1000, signals.SA_RESTART | 4),
        (b"/bin/sh", signal.SIG_IGN, 4),
        (b"/bin/sh", signal.SIG_DFL, 4),
        (b"/usr/bin/python3", 0x1000, 4),
        (b"/bin/zsh", 0x1000, 4),
    ],
)
def test_a_shell_that_takes_an_interrupted_fork_for_a_failed_one_gets_restarts(
    world: World, program: bytes, handler: int, expected: int
) -> None:
    action = Action(handler, 4)
    world.task.memory = cast("Memory", action)
    world.task.executable = program
    assert signals.rt_sigaction(world.task, signal.SIGCHLD, 64) == CONTINUE
    assert action.flags() == expected


def test_a_handler_at_a_bad_address_is_the_kernels_to_refuse(world: World) -> None:
    world.task.memory = cast("Memory", Action(1, 0))
    world.task.executable = b"/bin/sh"
    assert signals.rt_sigaction(world.task, signal.SIGCHLD, 0) == CONTINUE
