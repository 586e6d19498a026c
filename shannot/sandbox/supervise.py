"""Supervise: one run from its tree to its outcome."""

from __future__ import annotations

import os
from errno import EINVAL, ENOSYS, ENOTTY, EPERM

from shannot.errors import FAULT, ShannotError, UsageError

from .channel.guardian import Guardian
from .channel.seccomp_notify import Listener
from .kernel.directories import first_directory
from .kernel.task import System
from .mediation.attendant import Attendant, Signals
from .mediation.mediator import Mediator
from .mediation.placement import Placement
from .runtimes import cpython
from .spec import Outcome
from .syscalls.numbers import of_machine
from .vfs.host import host_exists
from .vfs.node import Directory, is_clean
from .vfs.rights import Identity
from .vfs.tree import Tree, build

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shannot.effects.model import Effect

    from .channel.seccomp_launch import Child
    from .spec import Blobs, Gate, Spec
    from .streams import Streams
    from .vfs.changes import Cutter


class LayerChanges:
    """`Changes` of `spec.py`: the layer as the gate sees it. Costs nothing until it is soiled."""

    __slots__ = ("_cutter", "_spec", "_tree", "closed")

    def __init__(self, tree: Tree, spec: Spec) -> None:
        self._tree = tree
        self._spec = spec
        self._cutter: Cutter | None = None
        self.closed = False

    def pending(self) -> bool:
        """Is there any file change since the last cut?"""
        return self.is_soiled() and self._made().pending()

    def cut(self) -> Sequence[Effect]:
        """The file effects since the last cut; starts the next one."""
        return self._made().cut() if self.is_soiled() else ()

    def last_cut(self) -> Sequence[Effect]:
        """The same when no process of the script is left."""
        return self._made().cut(last=True) if self.is_soiled() else ()

    def left_out(self) -> Mapping[bytes, str]:
        """Host paths of changes that are in no cut, and why."""
        return {} if self._cutter is None else self._cutter.left_out

    def is_soiled(self) -> bool:
        """Is there any change at all?"""
        return not self.closed and not all(map(is_clean, self._tree.changeable))

    def _made(self) -> Cutter:
        if self._cutter is None:
            from .vfs.changes import Cutter  # only a run that changed something needs it

            blobs: Blobs = self._spec.blobs()
            self._cutter = Cutter(self._tree.changeable, self._tree.overlay, blobs)
        return self._cutter


def run(spec: Spec, gate: Gate, streams: Streams) -> Outcome:
    """Run the child of `spec` to its end. Errors: ShannotError where it cannot be started."""
    if spec.runtime != "pypy":
        return _run(spec, gate, streams)
    from . import pypy_cache  # the other runtime does without it

    cached = pypy_cache.prepare(spec, _run)
    return _run(spec, gate, streams, cached)


def _run(spec: Spec, gate: Gate, streams: Streams, cached: Sequence[bytes] = ()) -> Outcome:
    """`cached`: what the start-up cache of the `pypy` runtime holds."""
    identity = Identity(os.geteuid(), os.getegid(), frozenset(os.getgroups()))
    run_child = _run_child
    libraries: Sequence[bytes] = ()
    if spec.runtime == "pypy":
        from . import supervise_pypy  # the other runtime does without it

        run_child = supervise_pypy.run_child
    else:
        libraries = cpython.libraries(spec.interpreter)
    tree = build(spec, identity, libraries)
    system = System(identity, tree.overlay, tree.lookup, spec.limits, gate)
    if spec.runtime == "pypy":
        supervise_pypy.put_interpreter(tree, spec, cached)
    tree.put_late(b"/proc", lambda: _proc(system, tree, others=spec.view == "system"))
    tree.lookup.missing.clear()
    changes = LayerChanges(tree, spec)
    gate.attach(changes)
    try:
        attendant = run_child(spec, system, tree, streams)
        effects, faults = _last_cut(changes, spec)
    finally:
        changes.closed = True
        tree.close()
    sought = [path for path in tree.lookup.missing if host_exists(path)]
    hidden = [path for path in sought if _hides(tree, spec, path)]
    outcome = Outcome(
        attendant.status,
        attendant.limit,
        system.sockets_refused,
        system.calls_refused,
        [path for path in sought if path not in hidden],
        effects,
        [*attendant.faults, *faults],
        hidden,
        {**changes.left_out(), **system.not_started},
    )
    if attendant.interrupted:
        outcome.complete = False
    return outcome


def _hides(tree: Tree, spec: Spec, path: bytes) -> bool:
    """Is a path missing because it is a secret, or because a map says so?"""
    return tree.overlay.hidden.hides_path(path) or any(
        wanted.mode == "hide" and (path + b"/").startswith(wanted.guest.rstrip(b"/") + b"/")
        for wanted in spec.maps
    )


def _proc(system: System, tree: Tree, others: bool) -> Directory:
    from .kernel.proc import Proc  # most scripts never look

    return Proc(system, others).install(tree)


def _last_cut(changes: LayerChanges, spec: Spec) -> tuple[Sequence[Effect], list[str]]:
    """The changes after the last command; what cannot be read any more is a fault of the run."""
    if spec.collecting is not None and changes.is_soiled():
        spec.collecting()
    try:
        return changes.last_cut(), []
    except OSError as error:
        return (), [f"the changes could not be saved: {error.strerror or error}"]


def _run_child(spec: Spec, system: System, tree: Tree, streams: Streams) -> Attendant:
    architecture = of_machine(os.uname().machine)
    placement = Placement()
    system.processors = placement.processors
    system.unpin = placement.unpin
    system.terminals = streams.terminal_keys()
    system.stdin_key = streams.stdin_key()
    placement.pin()
    child = cpython.launch(spec, architecture, streams, tree.executable)
    placement.child = child.pid
    mediator = Mediator(system, Listener(child.listener), child.pid, architecture)
    attendant = Attendant(child.pid, child.pidfd, spec.limits, mediator, placement)
    mediator.limit_hit = attendant.hit
    tree.overlay.on_full = lambda: attendant.hit("files")
    signals = Signals(attendant)
    guardian = Guardian(child.pid, spec.private)
    mediator.before_fork = guardian.appoint
    try:
        _first_task(mediator, tree, spec, child)
        streams.close_child_side()
        mediator.begin()
        streams.start(spec.limits.output, lambda: attendant.hit("output"))
        attendant.start()
        mediator.run(attendant.ended)
        attendant.wait()
    except OSError as error:
        raise _unanswerable(error)
    finally:
        attendant.kill()
        attendant.reap()
        signals.restore()
        placement.restore()
        guardian.dismiss()
        mediator.family.close()
        complaint = child.complaint() if attendant.status == FAULT else ""
        child.close()
    if complaint:
        raise ShannotError(f"cannot start the interpreter: {complaint}")
    attendant.faults += mediator.faults
    return attendant


def _unanswerable(error: OSError) -> Exception:
    """Why the kernel does not take our answers: handlers' own errors never come so far."""
    if error.errno not in (EPERM, EINVAL, ENOSYS, ENOTTY):
        return error  # a full disk, too many files: told as everywhere
    from .channel.probe import probe  # nobody pays for asking where it works

    try:
        probe()
    except ShannotError as missing:
        return missing
    return ShannotError(f"cannot answer the script's calls: {error.strerror}")


def _first_task(mediator: Mediator, tree: Tree, spec: Spec, child: Child) -> None:
    cwd = first_directory(tree.lookup, spec.directory)
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
        raise UsageError(
            f"a map hides the interpreter, {os.fsdecode(path)}, from the script:"
            " map to another place, or name another one with --python"
        )
    return node.path()
