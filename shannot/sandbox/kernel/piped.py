"""A task whose process has nothing but a pipe to us: its descriptors, environment and directory
streams are ours. For the `pypy` runtime; `task.py` is what both runtimes share."""

from __future__ import annotations

import os
import resource
import stat

from .descriptors import NUMBERS_MAX, DescriptorTable
from .task import Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shannot.sandbox.channel.base import Memory
    from shannot.sandbox.vfs.node import Directory

    from .directory_streams import DirectoryStream
    from .task import System

    Wait = Callable[[int, int, "float | None"], bool]


_OURS = 160
"""Descriptors that stay ours, whatever the child opens: each of its own is one of ours."""
_FEWEST = 32


class PipedTask(Task):
    """The one process of the `pypy` runtime."""

    __slots__ = ("allocate", "environment", "kept", "release", "streams", "table", "wait")

    def __init__(
        self,
        system: System,
        pid: int,
        cwd: Directory,
        umask: int,
        memory: Memory,
        environment: Mapping[bytes, bytes],
    ) -> None:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        room = NUMBERS_MAX if soft < 0 else soft - _OURS
        self.table = DescriptorTable(max(_FEWEST, min(NUMBERS_MAX, room)))
        super().__init__(system, pid, 0, cwd, umask, memory, self.table)
        self.environment = dict(environment)
        self.streams: dict[int, DirectoryStream] = {}  # by the address that stands for the DIR
        self.kept: dict[bytes, int] = {}
        """Addresses of what the child was given and may look at for as long as it likes."""
        self.allocate: Callable[[bytes], int] = _none  # as `PypyPipe.allocate`
        self.release: Callable[[int], None] = lambda _address: None
        self.wait: Wait = lambda _host_fd, _events, _seconds: True
        """Until one of the poll(2) events is there on a descriptor of ours (-1: none), or so many
        seconds have passed (None: for ever). False where the time is up or the child gone."""

    def open(self, host_fd: int, cloexec: bool) -> int:
        """Give the child a number for a descriptor of ours. Errors: EMFILE."""
        number = self.table.give(host_fd, not cloexec)
        if may_wait(os.fstat(host_fd).st_mode):
            self.table.waiting.add(number)
        return number


def may_wait(mode: int) -> bool:
    """Can reading or writing what has this st_mode take for ever?"""
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


def _none(_data: bytes) -> int:
    raise AssertionError("no pipe yet")
