"""The subcommands: each is one module of `commands/`, imported only when it is named.

Part of every start: imports nothing at once.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.cli.outline import Outline
    from shannot.cli.parser import Command

COMMANDS = {
    "run": "run a script in the sandbox and record what it would change",
    "list": "the sessions, and where each stands",
    "show": "one session: its plan, effect by effect, with warnings and diffs",
    "diff": "what a session would change in files, as unified diffs",
    "approve": "approve all or some effects of a session",
    "reject": "reject a session",
    "execute": "do what was approved, in order, as recorded",
    "resume": "run a script again, with the results of its commands that were executed",
    "rollback": "put back what an execution has changed",
    "audit": "what was run, decided and executed, and whether that record is whole",
    "prune": "remove sessions that are over, and what killed runs left",
    "explain": "what the policy says about a command, and why",
    "setup": "install the pypy runtime, tell an agent's client, print a restricted key's line",
    "status": "what is installed, and what waits",
    "doctor": "try every part on this machine, and say what to do about what fails",
    "remote": "other machines by name, for --target: add, list, test, remove, deploy",
    "serve": "serve another machine's shannot, or a restricted ssh key",
    "mcp": "serve agents by the Model Context Protocol: they propose, and never approve",
    "profile": "the profiles that there are: list, show, check, suggest",
    "completion": "a script that completes command lines, for bash, zsh or fish",
    "help": "how to use a command, or a topic; the manual page",
}
"""By name: what it does, as `shannot --help` prints it."""


def find(name: str) -> Command:
    """The subcommand's module, and with it only what that subcommand needs."""
    from importlib import import_module

    from shannot.cli.parser import Command

    module = import_module(f"shannot.cli.commands.{name}")
    return Command(name, COMMANDS[name], module.configure, module.run)


def outlines() -> tuple[Outline, ...]:
    """The whole command line as data: loads every subcommand."""
    from shannot.cli.outline import outline

    return tuple(outline(find(name)) for name in COMMANDS)
