"""The attendant: watches one child from a thread of its own. Its end, its limits, its placement."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # no stub; `signal` costs a start 4 ms
import os
import select
import time
from _thread import allocate_lock, get_ident, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from shannot.sandbox.kernel.task import System
    from shannot.sandbox.spec import Limits

    from .placement import Placement
    from .processor_time import ProcessorTime

    class Answering(Protocol):
        """The mediator, as far as it is watched."""

        answered: int  # calls so far
        stopped: bool

        @property
        def system(self) -> System: ...

        def overdue(self) -> bool:
            """Is it to be roused, since something will not happen that it waits for?"""

        def is_expecting(self) -> bool:
            """Is a command for the host on its way, though it does not run yet?"""

        def is_performing(self) -> bool:
            """Does a command still run on the host?"""

        def is_deciding(self) -> bool:
            """Is a person being asked about a command?"""

        def let_end(self, patient: bool) -> None:
            """The script has ended: commands go on where `patient`, else they are killed."""


_KILL, _XCPU, _URG = 9, 24, 23
_FAILED = 125  # exit status of what we ended because of a mistake of ours
_TICK = 0.05  # seconds between looks at the clock and the number of calls
_SELDOM = 0.25  # seconds between two looks at memory and the layer, where there is much room
_FAST = 8 << 30  # bytes a second: about as fast as memory can be filled
_ON_THE_WAY = 1.0  # seconds within which a command that the script has executed starts
_PATIENCE = 5.0  # seconds that a signal of the user has before the child is killed
_CPU_SLACK = 0.25  # seconds: processor time is counted in ticks
_CPU_SHARE = 0.5
"""Of the limit that was really used, at least, where the kernel sends SIGXCPU: it charges a whole
tick to whoever runs when that comes, and on a busy machine the others have the rest of it."""
_ROUSED = 100  # how often, in 5 seconds, a mediator is roused whose child is dead
_STINGY = 20  # a look may take a twentieth of the time


class Attendant:
    """Ends the child when a limit is hit, and tells how it ended."""

    __slots__ = (
        "_began", "_deadline", "_done", "_free_at_start", "_group", "_killer", "_limits", "_main",
        "_mediator", "_next_look", "_pidfd", "_placement", "_processor_time", "_shared_at_start",
        "_signalled", "_stuck", "faults", "interrupted", "limit", "status",
    )  # fmt: skip

    def __init__(
        self, group: int, pidfd: int, limits: Limits, mediator: Answering, placement: Placement
    ) -> None:
        self._placement = placement
        self._group = group
        self._pidfd = pidfd
        self._limits = limits
        self._mediator = mediator
        self._done = allocate_lock()
        self._main = get_ident()
        self._stuck = False  # the child is dead for seconds, and the mediator still answers it
        self._killer = 0  # the signal that ended the child
        self._signalled = 0  # how often the user asked for the end
        self.interrupted = False
        self._began = self._deadline = 0.0
        self._processor_time: ProcessorTime | None = None
        self._next_look = 0.0
        self._free_at_start = -1
        self._shared_at_start = -1  # bytes of shared memory of the whole machine
        self.limit: str | None = None
        self.status = 0
        self.faults: list[str] = []

    def start(self) -> None:
        """Begin to watch. Called on the mediator's own thread."""
        now = time.monotonic()
        self._began = now
        self._deadline = now + self._limits.timeout
        self._next_look = now + self._soon(self._limits.memory)
        self._done.acquire()
        start_new_thread(self._watch, ())

    def hit(self, limit: str) -> None:
        """End the child because of this limit; the first one counts."""
        if self.limit is None:
            self.limit = limit
        self.kill()

    def kill(self) -> None:
        self._signal(_KILL)

    def forward(self, number: int, _frame: object) -> None:
        """A signal of the user's for us is for the script; if it does not listen, it is killed."""
        self._signalled += 1
        self.interrupted = True
        if self._signalled > 1:
            self.kill()
            return
        self._deadline = min(self._deadline, time.monotonic() + _PATIENCE)
        self._signal(number)

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._group, number)
        except ProcessLookupError:
            pass

    def ended(self) -> bool:
        return not self._done.locked()

    def wait(self) -> None:
        with self._done:
            pass

    def _watch(self) -> None:
        try:
            self._roam()
            self._until_end()
            self._let_commands_end()
        except Exception as fault:  # noqa: BLE001 - without its limits no child goes on
            self.faults.append(f"attendant: {type(fault).__name__}")
            self.status = _FAILED
        finally:
            self.kill()
            self._done.release()
        # Before Linux 6.11 a mediator that waits is not told that nobody is left.
        for tries in range(_ROUSED):
            time.sleep(0.05)
            if self._mediator.stopped:
                return
            self._stuck = tries > _ROUSED // 2
            _signal.pthread_kill(self._main, _URG)

    def rouse(self, _number: int, _frame: object) -> None:
        """On the mediator's thread: end its waiting, or a handler that does not end."""
        if self._stuck:
            self._stuck = False
            raise RuntimeError("a handler did not end")

    def _roam(self) -> None:
        """Off the processor that the mediator shares with the child."""
        try:
            os.sched_setaffinity(0, self._mediator.system.processors)
        except OSError:
            pass  # a service may be denied it: slower, nothing else

    def _until_end(self) -> None:
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        before = time.monotonic()
        while True:
            left = self._deadline - time.monotonic()
            if poll.poll(max(0.0, min(_TICK, left)) * 1000 + 1):
                break
            now = time.monotonic()
            self._placement.follow(self._mediator.answered, now - before)
            if not self._signalled and self._mediator.is_deciding():
                self._deadline += now - before  # a person thinks: that is not the script's time
                # A signal may have come to another thread: the main one has to wake up for it.
                _signal.pthread_kill(self._main, _URG)
            before = now
            if left <= 0:
                self.kill() if self._signalled else self.hit("timeout")
            self._look()
        # left as it is until nobody needs its number any more: it is the group's as well
        result = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOWAIT)
        if result is not None:
            if result.si_code != os.CLD_EXITED:
                self._killer = result.si_status
            self.status = result.si_status + (128 if self._killer else 0)

    def reap(self) -> None:
        """Wait for the child, dead by now; too much processor time is known only here."""
        _, _, usage = os.wait4(self._group, 0)
        used, limit = usage.ru_utime + usage.ru_stime, self._limits.cpu
        if self.limit is None and (
            (self._killer == _XCPU and used >= limit * _CPU_SHARE)
            or (self._killer == _KILL and used >= limit - _CPU_SLACK)
        ):
            self.limit = "cpu"

    def _let_commands_end(self) -> None:
        """An allowed command that runs on the host is not cut short by the script's end."""
        mediator = self._mediator
        patience = time.monotonic() + _ON_THE_WAY
        while self.limit is None and mediator.is_expecting() and time.monotonic() < patience:
            time.sleep(0.005)  # it was executed before the script ended: it is to run as well
        if self.limit is None:
            mediator.let_end(patient=True)
        while mediator.is_performing() and self.limit is None and time.monotonic() < self._deadline:
            time.sleep(0.01)
        mediator.let_end(patient=False)  # what is left has used up the run's time

    # -- limits that only a look finds ------------------------------------------------------------

    def _look(self) -> None:
        if self._mediator.overdue():
            _signal.pthread_kill(self._main, _URG)
        from . import host_locks, usage  # to start faster: a short run ends before its first look

        if self._mediator.system.locks_records and host_locks.any_held(self._mediator.system):
            self.hit("locks")

        if self._shared_at_start < 0:
            self._shared_at_start = usage.shared_of_machine()
        began = time.monotonic()
        if began < self._next_look:
            return
        processes = self._mediator.system.processes()
        room = self._limits.memory - self._memory(processes)
        if room < 0:
            self.hit("memory")
        if self._processor_time_of(processes, began) > self._limits.cpu:
            self.hit("cpu")
        spool = self._mediator.system.overlay.spool_
        if spool is not None and self._layer_may_be_large(spool.path):
            device = os.stat(spool.path).st_dev
            if spool.disk_usage() + usage.nameless_of(processes, device) > self._limits.overlay:
                self.hit("overlay")
        now = time.monotonic()
        self._next_look = now + max(self._soon(room), (now - began) * _STINGY)

    def _soon(self, room: int) -> float:
        """Seconds until the next look, where the run may take this many bytes more."""
        return min(_SELDOM, room / _FAST)

    def _memory(self, processes: Sequence[int]) -> int:
        """Bytes that the run holds: its processes' own, and shared memory, where the machine has so
        much more of it than at the start that it may matter."""
        from . import usage

        own = sum(usage.memory_of(pid, shared=False) for pid in processes)
        if own > self._limits.memory:
            own = usage.proportional_of(processes)
        shared = usage.shared_of_machine()
        self._shared_at_start = min(self._shared_at_start, shared)
        grown = shared - self._shared_at_start
        if own + grown <= self._limits.memory:
            return own
        return own + usage.shared_of(processes, grown)

    def _processor_time_of(self, processes: Sequence[int], now: float) -> float:
        """Seconds, where all processors together could have used up the limit; else 0."""
        if (now - self._began) * len(self._placement.processors) < self._limits.cpu:
            return 0.0
        from .processor_time import ProcessorTime  # as above

        if self._processor_time is None:
            self._processor_time = ProcessorTime()
        return self._processor_time.of(processes)

    def _layer_may_be_large(self, path: bytes) -> bool:
        """Has the disk lost so much since the start? Only then is it worth counting."""
        found = os.statvfs(path)
        free = found.f_bavail * found.f_frsize
        self._free_at_start = max(self._free_at_start, free)
        return self._free_at_start - free > self._limits.overlay // 2


class Signals:
    """The caller's signals while a script runs: forwarded, and as before afterwards."""

    __slots__ = ("_before",)

    def __init__(self, attendant: Attendant) -> None:
        self._before = [
            (number, _signal.signal(number, attendant.forward))
            for number in (1, 2, 3, 15)  # HUP, INT, QUIT, TERM
            if _signal.getsignal(number) != _signal.SIG_IGN
        ]
        self._before.append((_URG, _signal.signal(_URG, attendant.rouse)))

    def restore(self) -> None:
        for number, handler in self._before:
            _signal.signal(number, handler)
