"""Every row of the table again, started by a script in the sandbox in each way that scripts use.

Nothing may reach the host. Two witnesses: the plan, in which a command that ran on the host is
marked as done; and canaries, programs that stand first in PATH under the names of the rows and
leave a trace where they run for real.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shannot.policy.verdict import Command, decide
from tests.cli.places import ROOT
from tests.fakes.real_pypy import binary
from tests.policy.rows import GENEROUS, GENEROUS_RULES, ROWS, D

RUNTIMES = ["cpython", "pypy"]
NAMES = "ls cat grep id rm sudo env sh bash find sort xargs curl dd chmod mkfs.ext4 echo true"
CANARY = "#!/bin/sh\necho $0 >> {trace}\n"
SCRIPT = r"""
import json, os, shlex, subprocess, sys

rows = json.load(open("rows.json"))
canaries = dict(os.environ, PATH=os.path.abspath("canaries") + ":" + os.environ["PATH"])
quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def words(line):
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def outcome(start):
    try:
        return start()
    except subprocess.TimeoutExpired:
        return "late"
    except OSError as error:
        return type(error).__name__
    except ValueError:
        return "NUL"


def system(line):
    return os.system(line) >> 8


def ways(line, env):
    more = dict(quiet, env=env, timeout=20)
    yield "list", lambda: subprocess.run(words(line), **more).returncode
    yield "shell", lambda: subprocess.run(line, shell=True, **more).returncode
    yield "sh -c", lambda: subprocess.run(["sh", "-c", line], **more).returncode
    yield "os.system", lambda: system(line)


def attempt(lines, environments):
    found = []
    for line in lines:
        for env in environments:
            for way, start in ways(line, env):
                if way != "os.system" or env is not canaries:
                    found.append([line, way, outcome(start)])
    return found


null = os.open("/dev/null", os.O_RDWR)
saved = os.dup(1)
for number in (0, 1, 2):
    os.dup2(null, number)
results = attempt(rows["first"], [None, canaries])
witness = outcome(lambda: subprocess.run(["ls", "-d", "/"], **quiet).returncode)
results += attempt(rows["last"], [None, canaries])
os.dup2(saved, 1)
print(json.dumps({"results": results, "witness": witness}))
"""
LATER = (">", "tee", "sed", "sort -o", "git", "make", "awk")
"""Rows that change files where they are confined. What is allowed after a change is confined, so
that a wrong verdict would not show."""


class Sandboxed:
    """The rows in one run of one runtime: what became of each, and the plan."""

    def __init__(self, place: Path, runtime: str) -> None:
        project = place / "project"
        (project / "canaries").mkdir(parents=True)
        self.trace = place / "trace"
        for name in NAMES.split():
            program = project / "canaries" / name
            program.write_text(CANARY.format(trace=self.trace))
            program.chmod(0o755)
        lines = [line for line, _ in ROWS]
        last = [line for line in lines if any(word in line for word in LATER)]
        first = [line for line in lines if line not in last]
        (project / "rows.json").write_text(json.dumps({"first": first, "last": last}))
        (project / "script.py").write_text(SCRIPT)
        profile = place / "profile.json"
        profile.write_text(json.dumps({"auto_approve": GENEROUS_RULES}))
        profile.chmod(0o600)
        place.chmod(0o700)
        words = ["--runtime", runtime, "--profile", str(profile), "--timeout", "200s"]
        if runtime == "pypy":
            state = place / "state" / "shannot" / "runtime"
            state.mkdir(parents=True, mode=0o700)
            state.parent.chmod(0o700)
            (state / "pypy").symlink_to(binary().parent)
        document = json.loads(self._run(place, words, "script.py"))["result"]
        self.effects = document["effects"]
        assert document["status"] == 0, document
        found = json.loads(document["stdout"]["text"])
        self.results: list[tuple[str, str, int | str]] = [tuple(one) for one in found["results"]]
        self.witness = found["witness"]

    def _run(self, place: Path, words: list[str], script: str) -> bytes:
        done = subprocess.run(
            [sys.executable, "-m", "shannot", "run", "--json", *words, script],
            env={
                "HOME": str(place),
                "XDG_STATE_HOME": str(place / "state"),
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(ROOT),
            },
            cwd=place / "project",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=300,
        )
        assert done.stdout, done.stderr
        return done.stdout


@pytest.fixture(scope="module", params=RUNTIMES)
def sandboxed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Sandboxed:
    return Sandboxed(tmp_path_factory.mktemp("rows"), request.param)


HARMLESS = {("ls",), ("cat",), ("echo",), ("true",), ("git", "log")}
"""What a confined shell of some rows starts, each a command of its own that the profile allows."""


def test_none_of_the_rows_reaches_the_host(sandboxed: Sandboxed) -> None:
    assert not sandboxed.trace.exists()
    done = [tuple(e["argv"]) for e in sandboxed.effects if e.get("state") == "done"]
    for argv in done:
        assert argv[:1] in HARMLESS or argv[:2] in HARMLESS
        assert decide(Command(argv), GENEROUS).decision == "allow"
    # Allowed, after all rows that change no file: a wrong verdict on one would have shown.
    assert ("ls", "-d", "/") in done
    assert sandboxed.witness == 0


def test_denied_rows_are_refused_in_every_way(sandboxed: Sandboxed) -> None:
    denied = {line for line, expected in ROWS if expected == D}
    wrong = []
    for line, way, outcome in sandboxed.results:
        if line not in denied:
            continue
        # As words, a line of shell is a program's odd name; system(3) tells of a shell that could
        # not be started by its status.
        expected: tuple[int | str, ...] = ("PermissionError",)
        if way == "list":
            expected = ("PermissionError", "FileNotFoundError")
            if not set(line).isdisjoint(";&|<>$`\\(){}"):
                continue
        elif way == "os.system":
            expected = (126, 127)
        if outcome not in expected:
            wrong.append((line, way, outcome))
    assert wrong == []


def test_every_row_was_tried_in_every_way(sandboxed: Sandboxed) -> None:
    tried = {(line, way) for line, way, _ in sandboxed.results}
    assert len(tried) == len({line for line, _ in ROWS}) * 4
    assert "late" not in {outcome for _, _, outcome in sandboxed.results}
