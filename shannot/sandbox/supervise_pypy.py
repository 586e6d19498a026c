"""Supervise the `pypy` runtime: its child, its loop, its end. `supervise.py` does the rest."""

from __future__ import annotations

import os
from errno import ESRCH

from . import pypy_cache
from .channel.pypy_pipe import DirectMemory, PypyPipe
from .channel.seccomp_notify import ProcessMemory
from .kernel import command_device
from .kernel.children import Children
from .kernel.directories import first_directory
from .kernel.piped import PipedTask, may_wait
from .mediation.attendant import Attendant, Signals
from .mediation.placement import Placement
from .mediation.pypy_commands import PypyCommands
from .mediation.pypy_mediator import PypyMediator
from .runtimes import pypy
from .supervise_confined import Confiner
from .syscalls.numbers import of_machine
from .syscalls.pypy_layouts import platform_of
from .vfs.node import Generated, Mount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .kernel.command_device import CommandDevice
    from .kernel.task import System
    from .runtimes.pypy import PypyProcess
    from .spec import Spec
    from .streams import Streams
    from .vfs.tree import Tree

_LONG_AGO = 315532800_000_000_000  # 1980, for what has no time of its own


def put_interpreter(tree: Tree, spec: Spec, cached: Sequence[bytes]) -> None:
    """Show the installation where the script is to see it."""
    place = os.path.dirname(spec.interpreter)
    for name in (b"pypy3-c", b"lib-python", b"lib_pypy"):
        host = os.path.realpath(place + b"/" + name)
        tree.map(host, pypy.HOME + b"/" + name, Mount("ro", host, steady=True))
    mount = Mount("ro", None)
    for path, source in pypy.guest_modules(place + b"/lib_pypy"):
        node = Generated(mount, source, 0, 0o644)
        node.mtime_ns = _LONG_AGO
        tree.put(path, node)
    pypy_cache.put(tree, spec, cached)


def run_child(spec: Spec, system: System, tree: Tree, streams: Streams) -> Attendant:
    """Run the script to its end. Errors: ShannotError where it cannot be started."""
    architecture = of_machine(os.uname().machine)
    placement = Placement()
    _tell_of(streams, placement, system)
    children = system.children = Children()
    device = command_device.put(tree, system)
    placement.pin()
    process = pypy.launch(spec, architecture)
    placement.child = process.pid
    children.gone = process.pidfd
    pipe = PypyPipe(process.reader, process.writer)
    pipe.memory = DirectMemory(pipe, ProcessMemory(process.pid))
    task = _first_task(spec, system, tree, process, pipe)
    platform = platform_of("linux", architecture.machine)
    mediator = PypyMediator(system, pipe, task, platform, children.turn)
    attendant = Attendant(process.pid, process.pidfd, spec.limits, mediator, placement)
    mediator.kill = attendant.kill
    tree.overlay.on_full = lambda: attendant.hit("files")
    hit, faults = attendant.hit, mediator.faults
    confiner = Confiner(spec, system, tree, architecture, children.turn, hit, faults)
    commands = mediator.commands = PypyCommands(system, faults, confiner)
    signals = Signals(attendant)
    try:
        _give_streams(task, streams)
        streams.close_child_side()
        streams.start(spec.limits.output, lambda: attendant.hit("output"))
        attendant.start()
        mediator.run()
        attendant.wait()
    finally:
        attendant.kill()
        attendant.reap()
        signals.restore()
        placement.restore()
        commands.close()
        complaint = _close(process, task, children, device)
    _judge(attendant, mediator, complaint)
    return attendant


def _tell_of(streams: Streams, placement: Placement, system: System) -> None:
    """What the system must know of the caller's files and of the processors."""
    system.processors = placement.processors
    system.unpin = placement.unpin
    system.terminals = streams.terminal_keys()
    system.stdin_key = streams.stdin_key()


def _first_task(
    spec: Spec, system: System, tree: Tree, process: PypyProcess, pipe: PypyPipe
) -> PipedTask:
    cwd = first_directory(tree.lookup, spec.directory)
    umask = os.umask(0o077)
    os.umask(umask)
    task = PipedTask(system, process.pid, cwd, umask, pipe.memory, spec.environment)
    task.executable = system.interpreter = pypy.PROGRAM
    system.tasks[process.pid] = task
    system.is_member = lambda pid: pid == process.pid
    system.processes = lambda: [process.pid]
    system.process = lambda pid: _only(task, pid)
    return task


def _only(task: PipedTask, pid: int) -> PipedTask:
    """The script's process, which has no others beside its commands. Errors: ESRCH."""
    if pid != task.pid:
        raise OSError(ESRCH, "no such process")
    return task


def _give_streams(task: PipedTask, streams: Streams) -> None:
    """0, 1 and 2 of the script: not its process's own, which are the pipe."""
    for number, host_fd in enumerate(streams.child_descriptors()):
        task.table.put(number, os.dup(host_fd))
        if may_wait(os.fstat(host_fd).st_mode):
            task.table.waiting.add(number)


def _close(process: PypyProcess, task: PipedTask, children: Children, device: CommandDevice) -> str:
    """Everything that the run held open. Returns what the interpreter's C code had to say."""
    device.close()
    children.close()
    task.table.close_all()
    task.memory.forget()
    complaint = process.complaint()
    process.close()
    return complaint


def _judge(attendant: Attendant, mediator: PypyMediator, complaint: str) -> None:
    """How it ended: by its own word, by a mistake, or by a signal that its C code explains."""
    attendant.faults += mediator.faults
    if mediator.exit_status is not None and attendant.limit is None:
        attendant.status = mediator.exit_status
    elif attendant.status > 128 and complaint and attendant.limit is None:
        attendant.faults.append(f"the interpreter says: {complaint}")
