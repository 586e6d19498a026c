"""What speaks against a command, in words: for the reason that its effect gives (`gate.py`)."""

from __future__ import annotations

import os

from shannot.policy.command_line import shown
from shannot.policy.identity import Identity
from shannot.policy.verdict import Command, Verdict


def with_program(reason: str, command: Command, identity: Identity | None) -> str:
    """The reason, and what is odd about the program that an asked command would run."""
    if command.in_private and "sandbox's own /tmp" not in reason:
        reason = joined(reason, "it is in, or names, what only the sandbox's own /tmp has")
    if identity is None:
        where = "exists only in the sandbox" if command.in_overlay else "is not on this host"
        return joined(reason, f"the program {where}")
    return joined(reason, f"the program {identity.flaw}" if identity.flaw else "")


def objection(command: Command, verdict: Verdict, identity: Identity | None) -> str:
    """Why an allowed command cannot run on the host as it is; else ""."""
    if identity is None:
        return "the host has no such program"
    if identity.flaw or not identity.sha256:
        return f"the program {identity.flaw or 'cannot be checked'}"
    # A shell line that runs as its own words has the shell as its executable.
    if verdict.argv == command.argv and command.executable not in ("", identity.path):
        return f"the script would start {shown((command.executable,))} by that name"
    if not os.path.isdir(command.directory):
        return "its directory exists only in the sandbox"
    if os.path.realpath(command.directory) != command.directory:
        return "its directory leads elsewhere on the host"
    return ""


def joined(reason: str, clause: str) -> str:
    """One sentence of two."""
    return f"{reason.rstrip('.')}; {clause}." if clause else reason
