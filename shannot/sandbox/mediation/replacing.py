"""Replacing: descriptors of a file of the host follow it into the layer.

A descriptor that was opened for reading shows the host's file. When the same process then opens
that file for writing, its contents move to the spool, and the old descriptor would go on showing
what they were. So each such descriptor of the calling process is replaced, under its number, by
one of the spool's file at the same offset; what shared an open file shares it still.

Other processes cannot be reached, and a mapping stays with the file that was mapped.
"""

from __future__ import annotations

import fcntl
import os

from shannot.sandbox.channel.kernel_calls import same_open_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from shannot.sandbox.kernel.task import Task
    from shannot.sandbox.vfs.node import File

    class Replacer(Protocol):
        """A channel, as far as it puts descriptors in the place of others."""

        def replace(self, call: int, source: int, number: int, cloexec: bool) -> None:
            """Put the host descriptor `source`, which stays the caller's, under a number."""


_KEPT = os.O_NONBLOCK | os.O_SYNC | os.O_DSYNC


def replace(listener: Replacer, call: int, task: Task, node: File, key: tuple[int, int]) -> None:
    """Let the caller's descriptors of the host file `key` show what the layer has of it.

    The call must not be answered yet. What cannot be replaced stays as it is.
    """
    done: list[tuple[int, int]] = []  # the old open file and the new one, as descriptors of ours
    try:
        for number in task.descriptors.numbers():
            try:
                found = task.descriptors.stat(number)
                if (found.st_dev, found.st_ino) == key:
                    source = _successor(task, node, number, done)
                    listener.replace(call, source, number, task.descriptors.closes_on_exec(number))
            except OSError:
                continue  # it was closed meanwhile
    finally:
        for old, new in done:
            os.close(old)
            os.close(new)


def _successor(task: Task, node: File, number: int, done: list[tuple[int, int]]) -> int:
    """What the number is to refer to: for another number of the same open file, the same."""
    old = task.descriptors.duplicate(number)
    try:
        for other, new in done:
            if same_open_file(old, other):
                os.close(old)
                return new
        flags = fcntl.fcntl(old, fcntl.F_GETFL)
        new = task.system.overlay.open_file(node, os.O_RDONLY | flags & _KEPT)
    except OSError:
        os.close(old)
        raise
    done.append((old, new))
    os.lseek(new, os.lseek(old, 0, os.SEEK_CUR), os.SEEK_SET)
    return new
