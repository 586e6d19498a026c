"""What is told of a child's end: by itself, by a signal, or by the limit of processor time."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from shannot.sandbox.mediation.attendant import Attendant
from shannot.sandbox.mediation.placement import Placement
from shannot.sandbox.spec import Limits

KILLED = "import os, time\nwhile time.process_time() < {used}: pass\nos.kill(os.getpid(), {signal})"


class Unlooking(Attendant):
    """What it finds when it looks about is not what is tried."""

    __slots__ = ()

    def _look(self) -> None:
        pass


class Mediator:
    """One that has nothing to do."""

    system = SimpleNamespace(processors=os.sched_getaffinity(0))
    answered = 0
    stopped = True

    def overdue(self) -> bool:
        return False

    is_expecting = is_performing = is_deciding = overdue

    def let_end(self, patient: bool) -> None:
        pass


def end(code: str, cpu: int) -> tuple[str | None, int]:
    """The limit that is told, and the status."""
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", code], start_new_session=True)
    pidfd = os.pidfd_open(process.pid)
    attendant = Unlooking(process.pid, pidfd, Limits(cpu=cpu), Mediator(), Placement())  # type: ignore[arg-type]
    attendant.start()
    attendant.wait()
    attendant.reap()
    os.close(pidfd)
    process.returncode = 0  # it was waited for
    assert attendant.faults == []
    return attendant.limit, attendant.status


@pytest.mark.parametrize(
    ("code", "limit", "status"),
    [
        (KILLED.format(used=0.6, signal=24), "cpu", 152),
        (KILLED.format(used=0.9, signal=9), "cpu", 137),
        (KILLED.format(used=0, signal=24), None, 152),
        (KILLED.format(used=0.5, signal=9), None, 137),
        ("raise SystemExit(152)", None, 152),
        ("raise SystemExit(137)", None, 137),
    ],
)
def test_the_limit_of_processor_time_is_told_though_the_kernel_counts_too_much(
    code: str, limit: str | None, status: int
) -> None:
    """Beside other busy processes SIGXCPU came at less than three quarters of the limit, and the
    run ended with 152 in place of 124."""
    assert end(code, 1) == (limit, status)
