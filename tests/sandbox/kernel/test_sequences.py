"""Random sequences of operations give on the overlay what they give on a plain directory."""

from __future__ import annotations

import ctypes
import os
import tempfile
import traceback
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.sandbox.kernel.sequences import OPERATIONS, Bench, Operation

EXAMPLES = int(os.environ.get("SEQUENCES", "25"))
NOBODY = 65534
PR_SET_DUMPABLE = 4


def same() -> None:
    """Stay who we are."""


def as_nobody() -> None:
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1)  # else /proc/self/fd is root's alone


def as_root() -> None:
    os.seteuid(0)
    os.setegid(0)


def compare(bench: Bench) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(OPERATIONS)
    def sequences(operations: list[Operation]) -> None:
        bench.compare(operations)

    sequences()


def test_a_sequence_gives_the_same_as_on_a_plain_directory(tmp_path: Path) -> None:
    compare(Bench(tmp_path, same, same))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else for a while")
def test_a_sequence_gives_an_ordinary_user_the_same() -> None:
    """In a process of its own: who a process is counts for all of it."""
    with tempfile.TemporaryDirectory() as base:
        os.chmod(base, 0o777)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            problem = "died"
            try:
                os.setgroups([])
                compare(Bench(Path(base), as_root, as_nobody))
                problem = ""
            except BaseException:
                problem = traceback.format_exc()
            finally:
                os.write(writer, problem.encode()[-60000:])
                os._exit(0)
        os.close(writer)
        with open(reader) as pipe:
            problem = pipe.read()
        os.waitpid(child, 0)
        assert not problem, problem
