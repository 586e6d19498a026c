"""The scripts of this directory that a sandboxed PyPy can run: they must not get out there either."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.real_pypy import RealPypy
from tests.hostile.test_hostile import CANARY, HERE, SCRIPTS, Host, survivors, wishes

pytestmark = pytest.mark.pypy
NO_C = "calls C"
NO_FORK = "this interpreter cannot fork"
CANNOT = {
    "bad_pointers.py": NO_C,
    "descriptors_exhausted.py": "needs the module `resource`",
    "endless_memory.py": NO_C,
    "endless_shared_memory.py": NO_C,
    "huge_things.py": NO_C,
    "null_pointer.py": NO_C,
    "other_abi.py": NO_C,
    "programs_out.py": NO_C,
    "race_descriptor.py": NO_C,
    "race_exec.py": NO_C,
    "race_link.py": NO_FORK,
    "race_path.py": NO_C,
    "read_only_descriptors.py": NO_C,
    "refused_calls.py": NO_C,
    "signals_out.py": NO_FORK,
    "socket_pairs.py": NO_C,
    "storm_of_orphans.py": NO_FORK,
    "storm_of_signals.py": "no signal reaches it",
}
"""Scripts of this directory that it cannot run as they are, and why."""


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.chdir(tmp_path)
    made = Host(tmp_path)
    for support in (HERE / "standard_pypy").glob("*.py"):
        shutil.copy(support, made.tree)
    yield made
    made.close()


@pytest.mark.parametrize("script", [name for name in SCRIPTS if name not in CANNOT])
def test_a_hostile_script_does_not_get_out_of_pypy(script: str, host: Host, tmp_path: Path) -> None:
    _, options, statuses, _ = wishes(HERE / script)
    options = [option.format(home=host.home) for option in options]
    pypy = RealPypy(tmp_path, (host.home / ".config" / "shannot" / "config.toml").read_text())
    pypy.project = host.tree
    place = HERE
    if "import ctypes" in (HERE / script).read_text():  # beside what stands in for it
        place = Path(shutil.copy(HERE / script, host.tree)).parent
    before = host.state()
    done = pypy.run(
        "-q", *options, str(place / script), str(host.outside), str(host.home),
        str(host.bystander.pid), host.private, str(os.getpid()),
    )  # fmt: skip
    assert [line for line in done.stdout.splitlines() if "ESCAPED" in line] == []
    assert done.stdout.count(CANARY) + done.stderr.count(CANARY) == 0
    assert "SAFE" in done.stdout, done.stderr[-3000:]
    assert done.returncode in statuses, done.stderr[-3000:]
    assert host.state() == before
    assert survivors(str(host.outside)) == []


def test_the_table_of_what_cannot_run_names_scripts_that_there_are() -> None:
    assert set(CANNOT) <= set(SCRIPTS)
