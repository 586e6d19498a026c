"""`shannot doctor`: every part that shannot needs, tried on this machine, and what to do about
what fails.

Values in, a frozen examination out. Nothing is concluded from a version number: each part is done
once, for real, in a directory of its own that is gone afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from shannot.sandbox import supervise
from shannot.sandbox.channel.probe import capabilities
from shannot.workflows import doctor_host, doctor_trial
from shannot.workflows.doctor_remedies import REMEDIES
from shannot.workflows.request import Caller

State = Literal["ok", "failed", "limited", "absent", "untried"]
"""failed: shannot cannot work so. limited: it works, with less. absent: an addition that is not
there. untried: what it needs has failed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One part."""

    name: str
    state: State
    detail: str = ""
    """A version, a path: what was found."""
    problem: str = ""
    """Why it fails, or what is missing."""
    remedy: str = ""
    """What to do about it."""


@dataclass(frozen=True, slots=True)
class Examination:
    """All parts, in the order in which a run needs them."""

    findings: tuple[Finding, ...]

    @property
    def works(self) -> bool:
        """Is there nothing that shannot cannot work without?"""
        return all(finding.state not in ("failed", "untried") for finding in self.findings)


_ABOVE = "mend what is named above"


def examine(
    caller: Caller,
    sandbox: doctor_trial.Sandbox = supervise.run,
    clock: Callable[[], float] = time.time,
    terminal: str = "/dev/tty",
) -> Examination:
    """Try everything. Takes about half a second."""
    found = _kernel()
    sound = not any(finding.state == "failed" for finding in found)
    host = doctor_host.Host(caller, clock, terminal)
    found += [
        _finding("state directory", *host.state_directory()),
        _finding("configuration", *host.configuration()),
    ]
    with host.private() as private:
        trial = doctor_trial.run(caller, sandbox, private)
    found += [_tried(name, trial.get(name), sound) for name in doctor_trial.PARTS]
    pypy = host.pypy()
    if not pypy.problem and sound:
        with host.private() as private:
            trial = doctor_trial.run(caller, sandbox, private, host.pypy_program())
        pypy = pypy._replace(problem=_first_problem(trial))
    found += [
        _finding("sessions", *host.sessions()),
        _finding("audit log", *host.audit_log()),
        _finding("pypy", *pypy),
        _finding("ssh", *host.ssh()),
        _finding("clock", *host.clock()),
        _finding("terminal", *host.terminal()),
    ]
    return Examination(tuple(found))


def _kernel() -> list[Finding]:
    try:
        parts = capabilities()
    except OSError as error:  # EAGAIN, EMFILE: this process has used up what it may have
        return [_finding("processes", "", error.strerror or str(error), "failed")]
    return [
        _finding(part.name, part.detail, part.problem, "failed" if part.required else "limited")
        for part in parts
    ]


def _first_problem(trial: Mapping[str, str]) -> str:
    for name in doctor_trial.PARTS_ALONE:
        problem = trial.get(name, "the trial did not come to it")
        if problem:
            return f"{name}: {problem}"
    return ""


def _tried(name: str, problem: str | None, sound: bool) -> Finding:
    """A part inside of the sandbox. sound: is everything there that the sandbox needs?"""
    if problem is None:
        return Finding(name, "untried", "", "the trial did not come to it", _ABOVE)
    if problem and not sound:
        return Finding(name, "untried", "", "what it needs is missing", _ABOVE)
    return _finding(name, "", problem, "failed")


def _finding(name: str, detail: str, problem: str, state: State) -> Finding:
    """state: which it is if there is a problem."""
    if not problem:
        return Finding(name, "ok", detail)
    return Finding(name, state, detail, problem, REMEDIES[name])
