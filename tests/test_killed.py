"""What is left when shannot itself is killed: no process, and no directory beyond the next run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.places import Place

SLEEPER = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
FAMILY = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        break
print(os.getpid(), flush=True)
time.sleep(60)
"""


def started(place: Place, code: str, lines: int) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A run that has told the numbers of all its processes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "shannot", "run", "-q", "-c", code],
        env=place.environment,
        cwd=place.project,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    return process, [int(process.stdout.readline()) for _ in range(lines)]


def gone(pids: list[int]) -> bool:
    """Within ten seconds: ended, or a zombie that nobody waits for."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        states = [_state(pid) for pid in pids]
        if all(state in ("", "Z") for state in states):
            return True
        time.sleep(0.05)
    return False


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.mark.parametrize(("code", "count"), [(SLEEPER, 1), (FAMILY, 4)])
def test_no_process_of_a_script_outlives_a_killed_shannot(
    code: str, count: int, tmp_path: Path
) -> None:
    place = Place(tmp_path)
    process, pids = started(place, code, count)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert gone(pids)


def test_the_next_run_sweeps_what_a_killed_one_left_and_no_living_one(tmp_path: Path) -> None:
    place = Place(tmp_path)
    runtime = place.state / "shannot" / "runtime"
    living, _ = started(place, SLEEPER, 1)
    killed, pids = started(place, SLEEPER, 1)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert gone(pids)

    assert place.shannot("run", "-q", "-c", "pass").returncode == 0

    left = [path.name for path in runtime.iterdir()]
    assert len(left) == 1
    assert left[0].startswith(f"{living.pid}-")
    living.terminate()
    living.communicate()
    assert list(runtime.iterdir()) == []


def test_a_handler_that_never_ends_is_ended_with_the_child(tmp_path: Path) -> None:
    """Such a handler would be a mistake of ours; here it is put in on purpose."""
    place = Place(tmp_path)
    code = (
        "from shannot.sandbox.kernel import metadata\n"
        "def loop(*_):\n    while True: pass\n"
        "metadata.faccessat2 = loop\n"
        "import shannot.cli.main, sys\n"
        "sys.exit(shannot.cli.main.main(['run', '--timeout', '1', '-c', "
        "'import os; os.access(\"/\", 0)']))\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        env=place.environment,
        cwd=place.project,
        capture_output=True,
        timeout=30,
    )
    assert process.returncode == 124
    assert b"RuntimeError at" in process.stderr
