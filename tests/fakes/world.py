"""A virtual system without a child: a tree over host directories, and a task whose calls are
function calls. Its descriptors are this process's own, so that what a handler hands over can be
read and written at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from errno import EBADF
from pathlib import Path

from shannot.sandbox.kernel.proc import Proc
from shannot.sandbox.kernel.task import System, Task
from shannot.sandbox.spec import Limits, Spec
from shannot.sandbox.vfs.hidden import Hidden
from shannot.sandbox.vfs.node import Directory, Mount
from shannot.sandbox.vfs.rights import Identity
from shannot.sandbox.vfs.tree import Tree


class OwnDescriptors:
    """The test's own descriptors, as if they were the child's."""

    def stat(self, number: int) -> os.stat_result:
        try:
            return os.fstat(number)
        except OverflowError:
            raise OSError(EBADF, "no such descriptor") from None

    def reopen(self, number: int, flags: int) -> int:
        self.stat(number)
        return os.open(f"/proc/self/fd/{number}", flags | os.O_CLOEXEC)

    def duplicate(self, number: int) -> int:
        return os.dup(number)

    def numbers(self) -> list[int]:
        return [int(name) for name in os.listdir("/proc/self/fd")]

    def describe(self, number: int) -> bytes:
        return os.readlink(f"/proc/self/fd/{number}".encode())


class NoMemory:
    """Handlers get values: none of them reads memory."""


class NoGate:
    """No handler of files asks it."""


def spec(private: Path, **given: object) -> Spec:
    """A `Spec` of which only what the tree needs is set."""
    values: dict[str, object] = {
        "interpreter": b"/usr/bin/python3",
        "argv": (b"python3",),
        "directory": b"/",
        "environment": {},
        "home": b"/nonexistent",
        "user": b"somebody",
        "view": "project",
        "state": b"/nonexistent/state",
        "private": os.fsencode(private),
        "blobs": None,
    }
    return Spec(**(values | given))  # type: ignore[arg-type]


class World:
    """A tree that is mapped piece by piece, and one task in it."""

    def __init__(
        self,
        private: Path,
        identity: Identity | None = None,
        hidden: Hidden | None = None,
        limits: Limits | None = None,
    ) -> None:
        private.mkdir(exist_ok=True)
        self.endings: list[Callable[[], None]] = []
        self.identity = identity or Identity(os.geteuid(), os.getegid(), frozenset(os.getgroups()))
        asked = spec(private, limits=limits or Limits())
        self.use(Tree(self.identity, hidden or Hidden(), asked), asked.limits)

    def use(self, tree: Tree, limits: Limits) -> None:
        self.tree = tree
        self.overlay = tree.overlay
        self.system = System(self.identity, tree.overlay, tree.lookup, limits, NoGate())  # type: ignore[arg-type]
        pid = os.getpid()
        self.system.is_member = lambda other: other == pid
        self.system.processes = lambda: [pid]
        Proc(self.system, others=False).install(tree)
        self.task = Task(
            self.system,
            pid,
            1,
            tree.root,
            0o022,
            NoMemory(),
            OwnDescriptors(),  # type: ignore[arg-type]
        )
        self.system.tasks[pid] = self.task
        self.system.process = lambda _pid: self.task

    def map(
        self, host: Path, guest: Path | str | None = None, mode: str = "cow", **more: bool
    ) -> None:
        mount = Mount(mode, os.fsencode(host), **more)  # type: ignore[arg-type]
        assert self.tree.map(os.fsencode(host), os.fsencode(guest or host), mount)
        self.tree.lookup.forget()

    def enter(self, guest: Path | str) -> None:
        node = self.task.existing(-100, os.fsencode(guest))
        assert isinstance(node, Directory)
        self.task.cwd = node

    def close(self) -> None:
        for end in self.endings:
            end()
        self.tree.close()
