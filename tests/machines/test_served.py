"""The process of one request, when its server dies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENDED = """
import ctypes, sys
from shannot.cli.served import work_for

class Ending:
    def __init__(self, name): pass
    def prctl(self, option, signal): sys.exit(128 + signal)  # what its handler does

ctypes.CDLL = Ending
work_for(int(sys.argv[2]), ["list"], sys.argv[1])
"""


@pytest.mark.parametrize("server", [0, os.getpid()], ids=["dead", "dying"])
def test_one_that_is_ended_removes_the_script_too(tmp_path: Path, server: int) -> None:
    """It was left where the server died in the moment after it had asked to be told of that, and
    where another thread of the server's was still there."""
    place = tmp_path / "place"
    place.mkdir()
    (place / "script.py").write_text("pass")
    done = subprocess.run(
        [sys.executable, "-c", ENDED, str(place), str(server)],
        cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert done.returncode == 128 + 15
    assert not place.exists()
