"""`shannot status`: what is installed, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.cli.envelope import plain, success
from shannot.cli.parser import add_json
from shannot.cli.place import current_caller
from shannot.cli.say import say
from shannot.effects.codec import to_json
from shannot.errors import DONE
from shannot.escape import escape
from shannot.workflows.status import status

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.envelope import Json
    from shannot.cli.parser import Parser
    from shannot.workflows.status import Status

_MOST = 20
"""Waiting sessions that are shown; `list --waiting` shows all."""


def configure(parser: Parser) -> None:
    """The options of `status`."""
    parser.epilog = "`shannot doctor` tries whether it all works."
    add_json(parser)


def run(options: Namespace) -> int:
    """Print it; what could not be read is named on stderr."""
    found = status(current_caller())
    if options.json:
        print(success("status", _document(found)))
        return DONE
    for line in _lines(found):
        print(line)
    for problem in found.problems:
        say(f"shannot: {escape(problem)}")
    if found.waiting:
        say(f"shannot: next: shannot show {found.waiting[0].id}")
    return DONE


def _lines(found: Status) -> list[str]:
    lines = [
        f"shannot        {found.version}, on Python {escape(found.python)}",
        f"system         {found.system}",
    ]
    for runtime in found.runtimes:
        told = escape(runtime.detail)
        if not runtime.installed:
            told += f"; `shannot setup {runtime.name}` installs it"
        if runtime.name == found.default:
            told += " (the default)"
        lines.append(f"{runtime.name:<15}{told}")
    files = ", ".join(escape(path) for path in found.configuration)
    lines.append(f"configuration  {files or 'none'}")
    lines.append(f"state          {escape(found.state) or 'no place for it'}")
    counted = ", ".join(f"{number} {state}" for state, number in found.sessions.items())
    lines.append(f"sessions       {counted or 'none'}")
    lines.append(f"waiting        {len(found.waiting) or 'nothing'}")
    for session in found.waiting[:_MOST]:
        effects = f"{session.effects} effect{'' if session.effects == 1 else 's'}"
        lines.append(f"  {session.id}  {session.state}, {effects}, {escape(session.script)}")
    if len(found.waiting) > _MOST:
        lines.append(f"  and {len(found.waiting) - _MOST} more: `shannot list --waiting`")
    return lines


def _document(found: Status) -> Json:
    return {
        "version": found.version,
        "python": found.python,
        "system": found.system,
        "runtimes": [
            {"name": each.name, "installed": each.installed, "detail": each.detail}
            for each in found.runtimes
        ],
        "default_runtime": found.default,
        "configuration": list(found.configuration),
        "state": found.state,
        "problems": list(found.problems),
        "sessions": dict(found.sessions),
        "waiting": [plain(to_json(session)) for session in found.waiting],
    }
