"""The process of one request, when its server dies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENDED = """
import ctypes, sys
from shannot.cli.served import work_for

class Ending:
    def __init__(self, name): pass
    def prctl(self, option, signal): sys.exit(128 + signal)  # what its handler does

ctypes.CDLL = Ending
work_for(0, ["list"], sys.argv[1])
"""


def test_one_that_is_ended_before_its_work_removes_the_script_too(tmp_path: Path) -> None:
    """It was left where the server died in the moment after it had asked to be told of that."""
    place = tmp_path / "place"
    place.mkdir()
    (place / "script.py").write_text("pass")
    done = subprocess.run(
        [sys.executable, "-c", ENDED, str(place)],
        cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert done.returncode == 128 + 15
    assert not place.exists()
