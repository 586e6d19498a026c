"""Supervise: one run from its tree to its outcome."""

from __future__ import annotations

import os
import select
from _thread import allocate_lock, start_new_thread

from shannot.errors import ShannotError

from .channel.guardian import Guardian
from .channel.seccomp_notify import Listener
from .kernel.proc import Proc
from .kernel.task import System
from .mediator import Mediator
from .runtimes import cpython
from .spec import Outcome
from .syscalls.numbers import of_machine
from .vfs.host import host_exists
from .vfs.node import Directory
from .vfs.overlay import Identity
from .vfs.tree import Tree, build

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel.seccomp_launch import Child
    from .spec import Gate, Spec
    from .streams import Streams

_KILL = 9
_TICK = 250  # milliseconds between looks at memory and the layer


class Attendant:
    """Watches one child from a thread: its end, its limits."""

    __slots__ = (
        "_child", "_done", "_mediator", "_spec", "limit", "status",
    )  # fmt: skip

    def __init__(self, child: Child, spec: Spec, mediator: Mediator) -> None:
        self._child = child
        self._spec = spec
        self._mediator = mediator
        self._done = allocate_lock()
        self.limit: str | None = None
        self.status = 0

    def start(self) -> None:
        self._done.acquire()
        start_new_thread(self._watch, ())

    def hit(self, limit: str) -> None:
        """End the child because of this limit; the first one counts."""
        if self.limit is None:
            self.limit = limit
        self.kill()

    def kill(self) -> None:
        try:
            os.killpg(self._child.pid, _KILL)
        except ProcessLookupError:
            pass

    def ended(self) -> bool:
        return not self._done.locked()

    def wait(self) -> None:
        with self._done:
            pass

    def _watch(self) -> None:
        try:
            self._until_end()
            self.kill()
        finally:
            self._done.release()

    def _until_end(self) -> None:
        import time

        poll = select.poll()
        poll.register(self._child.pidfd, select.POLLIN)
        end = time.monotonic() + self._spec.limits.timeout
        while True:
            left = end - time.monotonic()
            if poll.poll(max(0, min(_TICK, int(left * 1000) + 1))):
                break
            if left <= 0:
                self.hit("timeout")
        result = os.waitid(os.P_PIDFD, self._child.pidfd, os.WEXITED)
        if result is not None:
            exited = result.si_code == os.CLD_EXITED
            self.status = result.si_status if exited else 128 + result.si_status


def run(spec: Spec, gate: Gate, streams: Streams) -> Outcome:
    """Run the child of `spec` to its end. Errors: ShannotError where it cannot be started."""
    identity = Identity(os.geteuid(), os.getegid(), frozenset(os.getgroups()))
    architecture = of_machine(os.uname().machine)
    tree = build(
        spec, identity, cpython.libraries(spec.interpreter), lambda _tree: None
    )
    system = System(identity, tree.overlay, tree.lookup, spec.limits, gate)
    system.processors = cpython.processors()
    Proc(system, others=spec.view == "system").install(tree)
    child = cpython.launch(spec, architecture, streams, tree.executable)
    guardian = None
    try:
        mediator = Mediator(system, Listener(child.listener), child.pid, architecture)
        attendant = Attendant(child, spec, mediator)
        mediator.limit_hit = attendant.hit
        _first_task(mediator, tree, spec, child)
        streams.close_child_side()
        guardian = Guardian(child.pid, spec.private)
        streams.start(spec.limits.output, lambda: attendant.hit("output"))
        attendant.start()
        mediator.run(attendant.ended)
        attendant.wait()
    finally:
        _kill_group(child.pid)
        if guardian is not None:
            guardian.dismiss()
    if mediator.faults:
        raise mediator.faults[0]
    return Outcome(
        attendant.status,
        attendant.limit,
        system.sockets_refused,
        system.calls_refused,
        [path for path in tree.lookup.missing if host_exists(path)],
    )


def _first_task(mediator: Mediator, tree: Tree, spec: Spec, child: Child) -> None:
    found = tree.lookup.find(tree.root, spec.directory, 0).node
    cwd = found if isinstance(found, Directory) else tree.root
    umask = os.umask(0o077)
    os.umask(umask)
    task = mediator.add(child.pid, cwd, umask)
    task.executable = _resolved(tree, spec.interpreter)
    mediator.system.interpreter = task.executable


def _resolved(tree: Tree, path: bytes) -> bytes:
    try:
        node = tree.lookup.find(tree.root, path, 0).node
    except OSError:
        node = None
    if node is None:
        raise ShannotError(f"the interpreter {os.fsdecode(path)} is not in the tree: use --map")
    return node.path()


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, _KILL)
    except ProcessLookupError:
        pass
