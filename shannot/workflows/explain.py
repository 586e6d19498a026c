"""The verb `explain`: what the policy says about a command, by the code that decides in a run."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from shannot.policy.advice import Advice, advise
from shannot.policy.command import Command, Verdict
from shannot.policy.danger import Danger, dangers
from shannot.policy.identity import Identity, find_program, identify
from shannot.policy.reading import Reading, read_command
from shannot.policy.verdict import decide
from shannot.workflows.configuration import load_settings
from shannot.workflows.profiles import make_profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.policy.profile import Profile
    from shannot.policy.walk import Found
    from shannot.workflows.request import Caller


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that can be said about a command before it starts."""

    command: Command
    profile: str
    verdict: Verdict
    reading: Reading
    inside: tuple[Verdict | None, ...]
    """Of each part of the reading, where it is started in the sandbox and decided about again."""
    program: Identity | None
    """What the host would start; None where it has no such program."""
    dangers: tuple[Danger, ...]
    advice: tuple[Advice, ...]


def explain(
    words: Sequence[str], caller: Caller, *, profile: str | None = None, shell: bool = False
) -> Explanation:
    """The verdict on the words, started in the caller's directory.

    profile: a name or a file, None for the configuration's choice; shell: the words are one line
    of shell, as `os.system` takes it. Raises UsageError for a wrong profile or configuration.
    """
    argv = ("/bin/sh", "-c", " ".join(words)) if shell else tuple(words)
    found = find_program(argv[0])
    command = Command(argv, caller.directory, executable=os.path.realpath(found) if found else "")
    settings = load_settings(caller)
    rules = make_profile(settings, caller, profile)
    python = os.path.realpath((settings.python if settings else None) or caller.python)
    verdict = _as_run(decide(command, rules), command, python)
    reading = read_command(argv, caller.directory)
    started = find_program(verdict.argv[0] if verdict.argv else argv[0])
    return Explanation(
        command=command,
        profile=rules.name,
        verdict=verdict,
        reading=reading,
        inside=tuple(_inside(part, verdict, rules) for part in reading.parts),
        program=identify(started) if started else None,
        dangers=dangers(argv, caller.directory),
        advice=advise(command, rules, verdict),
    )


def _as_run(verdict: Verdict, command: Command, python: str) -> Verdict:
    """As the gate takes it: the script's own interpreter can do nothing that the script cannot."""
    if verdict.decision != "ask" or verdict.rule or command.executable != python:
        return verdict
    return replace(
        verdict, decision="confine", reason="It is the interpreter that runs the script."
    )


def _inside(part: Found, verdict: Verdict, rules: Profile) -> Verdict | None:
    """What is decided when a confined shell starts this part; None where it is none of its own."""
    if verdict.decision != "confine" or not part.depth or part.is_guess:
        return None
    found = find_program(part.words[0])
    executable = os.path.realpath(found) if found else ""
    return decide(Command(part.words, part.directory, executable=executable), rules)
