"""The whole command line as data, read off the parsers: for completion and the manual page.

What is not in a parser stands here in one table: what kind of thing a metavar is.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shannot.cli.catalog import COMMANDS
from shannot.cli.help import TOPICS
from shannot.cli.parser import Command, Parser

Kind = Literal["nothing", "text", "choice", "file", "session", "profile", "script"]
"""What completes a word: nothing, because no word follows; nobody knows; one of `choices`; a file;
a session's id; a profile's name or file; a script, after which every word is the script's."""

_KINDS: Mapping[str, Kind] = {
    "ID": "session",
    "ID|list": "session",
    "SESSION": "session",
    "PATH": "file",
    "FILE": "file",
    "DIR": "file",
    "NAME|FILE": "profile",
    "FILE|DIR|URL": "file",
    "HOST[:GUEST][:ro|cow|hide]": "file",
    "SCRIPT [ARGS…]": "script",
}


@dataclass(frozen=True, slots=True)
class Argument:
    """An option, or without flags a word by its position."""

    flags: tuple[str, ...]
    metavar: str
    """What stands for its value: "" where it takes none."""
    help: str
    kind: Kind
    choices: tuple[str, ...]
    many: bool
    """Takes all the words that follow."""

    @property
    def usage(self) -> str:
        """As a person would write it: `-q, --quiet`, `--view VIEW`."""
        words = ", ".join(self.flags)
        return " ".join(word for word in (words, self.metavar) if word)


@dataclass(frozen=True, slots=True)
class Outline:
    """One command, or a part of one (`setup pypy`)."""

    words: tuple[str, ...]
    """`("setup", "pypy")`."""
    summary: str
    description: str
    usage: str
    """Lines, `shannot …` each."""
    epilog: str
    arguments: tuple[Argument, ...]
    parts: tuple[Outline, ...]


def outline(command: Command) -> Outline:
    """A command with its parts."""
    return _outline(command.parser(), (command.name,), command.summary)


def _outline(parser: argparse.ArgumentParser, words: tuple[str, ...], summary: str) -> Outline:
    arguments: list[Argument] = []
    parts: list[Outline] = []
    for action in parser.actions() if isinstance(parser, Parser) else ():
        if isinstance(action.choices, dict):
            summaries = _summaries(action)
            for name, part in action.choices.items():
                if isinstance(part, argparse.ArgumentParser):
                    parts.append(_outline(part, (*words, name), summaries.get(name, "")))
        elif action.help != argparse.SUPPRESS:
            arguments.append(_argument(action))
    return Outline(
        words,
        summary,
        parser.description or "",
        parser.usage or _usage(words, arguments, parts),
        parser.epilog or "",
        tuple(arguments),
        tuple(parts),
    )


def _usage(words: Sequence[str], arguments: Sequence[Argument], parts: Sequence[Outline]) -> str:
    """As argparse's, but without the options, and the same whatever the terminal's width."""
    named = [argument.metavar for argument in arguments if not argument.flags]
    if parts:
        named.append("|".join(part.words[-1] for part in parts))
    return " ".join(("shannot", *words, "[OPTIONS]", *named))


def _argument(action: argparse.Action) -> Argument:
    choices = tuple(str(choice) for choice in action.choices or ())
    if action.metavar == "COMMAND|TOPIC":
        choices = (*COMMANDS, *TOPICS)
    takes_none = action.nargs == 0
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if not metavar and not takes_none:
        metavar = "|".join(choices) or action.dest.upper()
    kind: Kind = "text"
    if takes_none:
        kind = "nothing"
    elif choices:
        kind = "choice"
    else:
        kind = _KINDS.get(metavar, "text")
    return Argument(
        flags=tuple(action.option_strings),
        metavar="" if takes_none else metavar,
        help=(action.help or "").replace("%%", "%"),
        kind=kind,
        choices=choices,
        many=action.nargs in (argparse.REMAINDER, "*", "+"),
    )


def _summaries(action: argparse.Action) -> dict[str, str]:
    """What --help says of each part: argparse keeps it in actions made for the purpose."""
    kept: object = vars(action).get("_choices_actions")
    if not isinstance(kept, Sequence):
        return {}
    return {each.dest: each.help or "" for each in kept if isinstance(each, argparse.Action)}
