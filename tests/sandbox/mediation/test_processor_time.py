"""Processor time of several processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from shannot.sandbox.mediation.processor_time import ProcessorTime

SPIN = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"


def test_what_a_process_waited_for_counts_as_its_own() -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SPIN!r}]); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        counted = ProcessorTime()
        end = time.monotonic() + 30
        while counted.of([process.pid]) < 0.15 and time.monotonic() < end:
            time.sleep(0.01)
        assert counted.of([process.pid]) >= 0.15
        process.communicate(b"\n")


def test_what_has_ended_still_counts() -> None:
    counted = ProcessorTime()
    with subprocess.Popen(
        [sys.executable, "-c", f"{SPIN}\ninput()"], stdin=subprocess.PIPE
    ) as process:
        end = time.monotonic() + 30
        while counted.of([process.pid]) < 0.15 and time.monotonic() < end:
            time.sleep(0.01)
        used = counted.of([process.pid])
        process.communicate(b"\n")
    assert counted.of([process.pid]) == used >= 0.15
    assert counted.of([os.getpid()]) > used
