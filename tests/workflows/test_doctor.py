from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from shannot.effects.model import Effect, Fingerprint, WriteFile
from shannot.sandbox.spec import Outcome, Spec
from shannot.sandbox.streams import Streams
from shannot.workflows.doctor import Examination, examine
from shannot.workflows.doctor_remedies import REMEDIES
from shannot.workflows.doctor_trial import PARTS
from shannot.workflows.request import Caller

GOOD = "".join(f"{name}\t\n" for name in PARTS)


class Sandbox:
    """Says what the script would have said, and what it would have changed."""

    def __init__(self, said: str = GOOD, *, in_plan: bool = True, on_host: bool = False) -> None:
        self._said = said
        self._in_plan = in_plan
        self._on_host = on_host

    def __call__(self, spec: Spec, gate: object, streams: Streams) -> Outcome:
        _, stdout, _ = streams.child_descriptors()
        os.write(stdout, self._said.encode())
        streams.close_child_side()
        streams.start(spec.limits.output, lambda: None)
        path = os.fsdecode(spec.directory) + "/written"
        if self._on_host:
            Path(path).write_text("text")
        effects: list[Effect] = []
        if self._in_plan:
            effects.append(WriteFile(path, None, Fingerprint("file", 0o644, "0" * 64, 4)))
        return Outcome(0, None, {}, {}, (), effects)


def examined(tmp_path: Path, sandbox: Sandbox, now: float = 1.8e9) -> Examination:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    environment = {"HOME": str(home), "XDG_STATE_HOME": str(tmp_path / "state")}
    caller = Caller(environment, str(home), sys.executable, os.getuid(), "/nonexistent/c.toml")
    return examine(caller, sandbox, lambda: now, "/nonexistent/tty")


def failed(examination: Examination) -> dict[str, str]:
    return {
        finding.name: finding.problem
        for finding in examination.findings
        if finding.state in ("failed", "untried")
    }


def test_a_sandbox_that_does_what_it_must_is_sound(tmp_path: Path) -> None:
    examination = examined(tmp_path, Sandbox())
    assert examination.works
    assert failed(examination) == {}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_that_fails_inside_is_named(tmp_path: Path, part: str) -> None:
    examination = examined(tmp_path, Sandbox(GOOD.replace(f"{part}\t", f"{part}\tbroken")))
    assert not examination.works
    assert failed(examination) == {part: "broken"}
    (finding,) = (each for each in examination.findings if each.name == part)
    assert finding.remedy == REMEDIES[part]


def test_a_child_that_says_nothing_did_not_start(tmp_path: Path) -> None:
    examination = examined(tmp_path, Sandbox(""))
    assert failed(examination)["child start"] == "it ended with 0"
    assert failed(examination)["host command"] == "the trial did not come to it"


def test_a_write_that_reaches_the_host_is_the_end(tmp_path: Path) -> None:
    examination = examined(tmp_path, Sandbox(on_host=True))
    assert failed(examination) == {"overlay write": "what the script wrote is on the host"}


def test_a_write_that_is_in_no_plan_is_the_end(tmp_path: Path) -> None:
    examination = examined(tmp_path, Sandbox(in_plan=False))
    assert failed(examination) == {"overlay write": "what the script wrote is in no plan"}


def test_a_clock_that_is_wrong_is_named(tmp_path: Path) -> None:
    assert failed(examined(tmp_path, Sandbox(), now=0)) == {"clock": "that is long ago"}
    session = tmp_path / "state" / "shannot" / "sessions" / "20990101-000000-x-0000"
    session.mkdir(parents=True, mode=0o700)
    problem = failed(examined(tmp_path, Sandbox()))["clock"]
    assert problem == f"session {session.name} is from the future"


def test_every_part_has_a_remedy(tmp_path: Path) -> None:
    names = {finding.name for finding in examined(tmp_path, Sandbox()).findings}
    assert names == set(REMEDIES)
