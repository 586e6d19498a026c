"""The limits of a run hold for all of its processes together, end it, and are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.places import Place

FORKS = "import os, time\nfor _ in range(2): os.fork()\n"
FILLS = "kept = []\nwhile len(kept) < 900: kept.append(b'x' * 1000000)\ntime.sleep(20)\n"
SPINS = "end = time.process_time() + 20\nwhile time.process_time() < end: pass\n"
OF_MEMORY = b"shannot: ended: the script reached its limit of memory (--memory)\n"
OF_CPU = b"shannot: ended: the script reached its limit of processor time (--cpu)\n"


@pytest.mark.parametrize("before", ["import time\n", FORKS])
def test_more_memory_than_allowed_ends_the_run_of_one_process_or_of_four(
    before: str, tmp_path: Path
) -> None:
    done = Place(tmp_path).shannot("run", "--memory", "150M", "-c", before + FILLS)
    assert (done.returncode, done.stderr) == (125, OF_MEMORY)


def test_one_piece_of_memory_that_is_too_large_ends_the_run(tmp_path: Path) -> None:
    code = "import time; kept = b'x' * 1000000000; time.sleep(20)"
    done = Place(tmp_path).shannot("run", "--memory", "100M", "-c", code)
    assert (done.returncode, done.stderr) == (125, OF_MEMORY)


def test_memory_that_is_reserved_and_not_used_is_no_memory(tmp_path: Path) -> None:
    code = "import mmap; print(len(mmap.mmap(-1, 1 << 40, 0x4022)))"  # private, no reserve
    done = Place(tmp_path).shannot("run", "--memory", "100M", "-c", code)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"1099511627776\n", b"")


def test_what_forks_have_in_common_is_counted_once(tmp_path: Path) -> None:
    code = f"kept = b'x' * 60000000\n{FORKS}time.sleep(0.6)\n"
    done = Place(tmp_path).shannot("run", "--memory", "150M", "-c", code)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("before", ["import time\n", FORKS])
def test_more_processor_time_than_allowed_ends_the_run_of_one_process_or_of_four(
    before: str, tmp_path: Path
) -> None:
    done = Place(tmp_path).shannot("run", "--cpu", "1s", "-c", before + SPINS)
    assert (done.returncode, done.stderr) == (124, OF_CPU)


def test_a_command_hits_the_limit_of_time_like_the_script(tmp_path: Path) -> None:
    code = "import subprocess; subprocess.run(['sh', '-c', 'sleep 20 & sleep 20'])"
    done = Place(tmp_path).shannot("run", "--timeout", "1s", "-c", code)
    assert done.returncode == 124
    assert done.stderr == b"shannot: ended: the script reached its limit of time (--timeout)\n"


def test_a_machine_that_runs_out_of_memory_ends_the_script_first(tmp_path: Path) -> None:
    code = "print(open('/proc/self/oom_score_adj').read())"
    assert Place(tmp_path).shannot("run", "-c", code).stdout.split() == [b"1000"]
