"""Contestants on a sandboxed PyPy: shannot's second runtime, and the earlier tool for such a one.

Both take the binary that SHANNOT_TEST_PYPY names, with its library beside it. The earlier tool is
the command that SHANNOT_BENCH_EARLIER names: version 0.11.0, in an environment of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.contestants import REPOSITORY, Contestant, base

START = "start: -c pass"
CALLS = (START, "stat", "stat, missing", "open+close", "fstat", "with open: read", "listdir of 200")


def pypy_contestants(directory: Path) -> tuple[list[Contestant], list[str]]:
    """As `contestants`."""
    binary = os.environ.get("SHANNOT_TEST_PYPY")
    earlier = os.environ.get("SHANNOT_BENCH_EARLIER")
    if not binary:
        return [], ["shannot, pypy (SHANNOT_TEST_PYPY names no binary)"]
    present = [_ours(Path(binary), directory)]
    if not earlier:
        return present, ["earlier shannot (SHANNOT_BENCH_EARLIER names no command)"]
    present.append(_earlier(Path(binary), earlier, directory))
    return present, []


def _ours(binary: Path, directory: Path) -> Contestant:
    home = directory.parent / "home of pypy"
    state = home / "state" / "shannot"
    (state / "runtime").mkdir(parents=True)
    for place in (state, state / "runtime"):
        place.chmod(0o700)
    (state / "runtime" / "pypy").symlink_to(binary.parent)
    environment = base(directory) | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONPATH": str(REPOSITORY),
    }

    def command(arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "shannot", "run", "-q", "--runtime", "pypy", *arguments]

    return Contestant("shannot, pypy", "every call, by pipe", command, environment, CALLS)


def _earlier(binary: Path, program: str, directory: Path) -> Contestant:
    def command(arguments: Sequence[str]) -> list[str]:
        place = ["--pypy-sandbox", str(binary), "--lib-path", str(binary.parent)]
        return [program, "run", *place, "--code", arguments[-1]]

    environment = base(directory)
    return Contestant("earlier, pypy", "every call, by pipe", command, environment, (START,))
