"""The verb `profile suggest`: rules for what a session asked, never wider than what ran."""

from __future__ import annotations

import os
from dataclasses import dataclass

from shannot.audit.redact import KEPT
from shannot.audit.redact import words as redacted
from shannot.effects.model import RunCommand
from shannot.policy.advice import rule_text
from shannot.policy.command import Command
from shannot.policy.command_line import is_visible, read_strictly, shell_line, shown
from shannot.policy.danger import dangers, level
from shannot.policy.identity import find_program
from shannot.policy.profile import profile_of
from shannot.policy.verdict import decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.sessions.model import Session


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A table of `auto_approve` that allows one command: these words, no others, in this place."""

    command: str
    cwd: str
    without: tuple[str, ...] = ("*", "-*")

    def table(self) -> dict[str, object]:
        """As a profile file has it."""
        return {"command": self.command, "without": list(self.without), "cwd": self.cwd}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A command for which no rule is suggested, and why, as a sentence."""

    argv: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Of one session, in the order in which it asked; each once."""

    rules: tuple[Suggestion, ...]
    left_out: tuple[LeftOut, ...]


def suggest(session: Session) -> Suggestions:
    """Each suggestion was tried: it allows the command that ran, and not one word more."""
    rules: dict[Suggestion, None] = {}
    left_out: dict[LeftOut, None] = {}
    for effect in session.plan.effects:
        if isinstance(effect, RunCommand) and effect.verdict == "ask":
            found = _suggest(effect)
            if isinstance(found, Suggestion):
                rules.setdefault(found)
            else:
                left_out.setdefault(found)
    return Suggestions(tuple(rules), tuple(left_out))


def shown_words(argv: Sequence[str]) -> tuple[str, ...]:
    """The words but those that look like secrets: a profile is read by others."""
    return tuple(redacted(argv))


def _suggest(effect: RunCommand) -> Suggestion | LeftOut:
    line = shell_line(effect.argv)
    words = effect.argv if line is None else read_strictly(line)
    if words is None:
        return LeftOut(effect.argv, "Its shell line is more than one command of plain words.")
    text = rule_text(words)
    if text is None:
        return LeftOut(effect.argv, "No rule can name these words.")
    if KEPT in shown_words(words):
        return LeftOut(
            shown_words(effect.argv), "Its words may hold a secret: approve it each time."
        )
    if not is_visible(effect.directory) or "*" in effect.directory:
        return LeftOut(effect.argv, "No rule can name its directory.")
    grave = dangers(effect.argv, effect.directory)
    if level(grave) == "danger":
        return LeftOut(effect.argv, f"It {grave[0].text}: approve it each time.")
    started = find_program(words[0])
    if line is None and started and os.path.realpath(started) != effect.executable:
        return LeftOut(effect.argv, f"By that name {shown((effect.executable,))} was started.")
    found = Suggestion(text, effect.directory)
    profile = profile_of(auto_approve=[found.table()], confine=[])
    executable = "" if line is not None else effect.executable
    command = Command(effect.argv, effect.directory, executable=executable)
    verdict = decide(command, profile)
    if verdict.decision != "allow":
        return LeftOut(effect.argv, verdict.reason)
    return found
