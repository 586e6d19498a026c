"""A command that somebody wants to start, and the verdict on it: values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Decision = Literal["deny", "ask", "confine", "allow"]

DIRECTORIES = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""The fixed PATH: the only places a program may come from that a rule allows by its bare name."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a script wants to start. Text is as `os.fsdecode` makes it."""

    argv: tuple[str, ...]
    directory: str = "/"
    environment: tuple[tuple[str, str], ...] = ()
    """What the script added to the environment that it was given."""
    executable: str = ""
    """The program's absolute path in the tree the script sees, links resolved; "" if unknown."""
    in_overlay: bool = False
    """The program is new or changed there: the host has none like it."""
    in_private: bool = False
    """The directory is in a tree of the script's own (/tmp), or a word names something that is:
    what the host has there is another."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may happen, the rule that says so ("" where none does), and why, as one sentence."""

    decision: Decision
    rule: str
    reason: str
    argv: tuple[str, ...] = ()
    """What an allowed command runs as: for a readable shell line, its words without the shell."""
    where: str = ""
    """Where the rule stands: "config.toml:3"; "" for a built-in one and for none."""
    environment: tuple[str, ...] = ()
    """Of an allowed command: the names that the rule lets the script add to its environment."""
