"""Every script here runs on a plain directory and in the sandbox, and must print the same.

The oracle is plain Python on plain files, at the very same path. On top of that the host's
tree must be untouched after the sandboxed run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.comparing import SCRIPTS, Place, difference
from tests.trees import clear, plant

NEVER_TWICE_THE_SAME = {"archives.py", "databases.py", "temporary_files.py", "crossing_mounts.py"}
"""They leave times of now, random names or random salts in files."""


def test_there_are_scripts_to_compare() -> None:
    assert len(SCRIPTS) >= 40


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A temporary directory that pytest can delete, whatever modes a script has left."""
    yield tmp_path
    if (tmp_path / "tree").exists():
        clear(tmp_path / "tree")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_prints_the_same_in_the_sandbox_and_changes_nothing(
    script: str, root: Path
) -> None:
    found = difference(script, root)
    if found:
        pytest.fail(found, pytrace=False)


@pytest.mark.parametrize("script", sorted(set(SCRIPTS) - NEVER_TWICE_THE_SAME))
def test_executing_the_plan_makes_what_a_plain_run_makes(script: str, root: Path) -> None:
    place = Place(root, script)
    place.natively()
    wanted = place.contents()
    clear(place.tree)
    plant(place.tree)
    place.shannot("run", "-q", place.script)
    waiting = place.home / ".local" / "state" / "shannot" / "sessions"
    for session in sorted(os.listdir(waiting)) if waiting.exists() else ():
        status, output, errors = place.shannot("approve", session, "--yes", "--execute")
        if status != 0:
            pytest.fail(f"approve gave {status}: {output[-1000:]}\n{errors[-1000:]}", pytrace=False)
    done = place.contents()
    differences = {
        os.fsdecode(path): (wanted.get(path), done.get(path))
        for path in wanted.keys() | done.keys()
        if wanted.get(path) != done.get(path)
    }
    assert differences == {}
