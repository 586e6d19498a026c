"""What stands for a terminal says so, and nothing else does."""

from __future__ import annotations

import os
import pty
import termios
from errno import EBADF, ENOTTY
from fcntl import ioctl
from pathlib import Path

import pytest

from shannot.sandbox.kernel import terminals
from tests.fakes.world import World

TCGETS, TIOCGWINSZ, TCGETS2 = 0x5401, 0x5413, 0x802C542A


def test_only_the_pipe_of_a_terminal_is_one(tmp_path: Path) -> None:
    world = World(tmp_path / "private")
    reader, writer = os.pipe()
    found = os.fstat(writer)
    with pytest.raises(OSError) as refused:
        terminals.ioctl(world.task, writer, TCGETS)
    assert refused.value.errno == ENOTTY
    world.system.terminals = frozenset(((found.st_dev, found.st_ino),))
    assert len(terminals.ioctl(world.task, writer, TCGETS)) == 36
    assert len(terminals.ioctl(world.task, writer, TCGETS2)) == 44
    assert len(terminals.ioctl(world.task, writer, TIOCGWINSZ)) == 8
    with pytest.raises(OSError) as refused:
        terminals.ioctl(world.task, writer, termios.TIOCSTI)
    assert refused.value.errno == ENOTTY
    os.close(reader)
    os.close(writer)
    with pytest.raises(OSError) as refused:
        terminals.ioctl(world.task, writer, TCGETS)
    assert refused.value.errno == EBADF
    world.close()


def test_its_attributes_are_laid_out_as_the_kernel_has_them() -> None:
    leader, follower = pty.openpty()
    real = ioctl(follower, TCGETS, bytes(36))
    ours = terminals._TERMIOS
    assert len(ours) == len(real)
    assert ours[12:16] == real[12:16]  # c_lflag of a new terminal: cooked, with echo
    os.close(leader)
    os.close(follower)
