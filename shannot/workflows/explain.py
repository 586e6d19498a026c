"""The verb `explain`: what the policy says about a command, by the code that decides in a run."""

from __future__ import annotations

import os
from dataclasses import dataclass

from shannot.policy.advice import Advice, advise
from shannot.policy.command import Command, Verdict
from shannot.policy.danger import Danger, dangers
from shannot.policy.identity import Identity, find_program, identify
from shannot.policy.reading import Reading, read_command
from shannot.policy.verdict import decide
from shannot.workflows.choices import load_settings
from shannot.workflows.profiles import make_profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.workflows.request import Caller


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that can be said about a command before it starts."""

    command: Command
    profile: str
    verdict: Verdict
    reading: Reading
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
    rules = make_profile(load_settings(caller), caller, profile)
    verdict = decide(command, rules)
    started = find_program(verdict.argv[0] if verdict.argv else argv[0])
    return Explanation(
        command=command,
        profile=rules.name,
        verdict=verdict,
        reading=read_command(argv, caller.directory),
        program=identify(started) if started else None,
        dangers=dangers(argv, caller.directory),
        advice=advise(command, rules, verdict),
    )
