"""Every shell script of `tools/` runs natively and confined, on the same tree at the same path.

Output, exit status and the tree must be the same: nothing has changed on the host after the run,
and what `execute` makes of it is what the tools have made natively. A tool that this machine lacks
is skipped by name.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.comparing import Place, environment, run
from tests.trees import clear, plant, snapshot

TOOLS = Path(__file__).parent / "tools"
SCRIPTS = sorted(path.name for path in TOOLS.glob("*.sh"))
RUNNER = """\
import os, subprocess, sys
variables = os.environ | {"PYTHON": sys.executable}
status = subprocess.run(["bash", "-c", sys.argv[1], "bash"], env=variables).returncode
sys.exit(status if status >= 0 else 128 - status)
"""
PATH = environment(Path("/"))["PATH"]


def missing(text: str) -> list[str]:
    """The tools that a script names in its first line and that are not on this machine."""
    line = text.splitlines()[0]
    assert line.startswith("# needs: "), line
    return [
        tool for tool in line.removeprefix("# needs: ").split() if not shutil.which(tool, path=PATH)
    ]


def differences(plain: object, boxed: object, stream: str) -> str:
    """But for the numbers of processes, which bash tells of those that a signal has ended."""
    lines = [
        re.sub(r"(line \d+:) +\d+ ", r"\1 PID ", str(text)).splitlines() for text in (plain, boxed)
    ]
    return "\n".join(unified_diff(*lines, stream, "confined", "", "", 0, ""))


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    if (tmp_path / "tree").exists():
        clear(tmp_path / "tree")


@pytest.mark.parametrize("script", SCRIPTS)
def test_tools_do_the_same_confined_and_executed(script: str, root: Path) -> None:
    text = (TOOLS / script).read_text()
    if absent := missing(text):
        pytest.skip(f"no {', '.join(absent)} on this machine")
    place = Place(root, script)
    plant(place.tree)
    native = run([sys.executable, "-I", "-c", RUNNER, text], place.tree, environment(place.home))
    wanted = place.contents()
    clear(place.tree)
    plant(place.tree)
    before = snapshot(place.tree)
    inside = place.shannot("run", "-q", "-c", RUNNER, text)
    for number, stream in ((1, "stdout"), (2, "stderr")):
        if difference := differences(native[number], inside[number], stream):
            pytest.fail(f"{difference}\n{inside[2][-2000:]}", pytrace=False)
    assert inside[0] == native[0]
    assert snapshot(place.tree) == before
    (session,) = os.listdir(place.home / ".local" / "state" / "shannot" / "sessions")
    done = place.shannot("approve", session, "--yes", "--execute")
    assert done[0] == 0, done
    found = place.contents()
    different = {
        path for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path)
    }
    assert {path: (wanted.get(path), found.get(path)) for path in different} == {}
