"""The questions of a script that waits: `shannot run --ask`. `Face` of `workflows/face.py`.

Called on a thread of the run; what is said goes to stderr, questions and answers to /dev/tty.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shannot.cli.render import style_for
from shannot.cli.render_session import Contents, reviewed_lines
from shannot.cli.say import say
from shannot.cli.terminal import Terminal
from shannot.effects.model import RunCommand
from shannot.effects.wording import command_line
from shannot.escape import escape
from shannot.workflows.contents import diff
from shannot.workflows.inputs import inputs
from shannot.workflows.person import terminal_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shannot.cli.render import Style
    from shannot.sessions.store import Store
    from shannot.workflows.face import Answer, Gone
    from shannot.workflows.review import Review

_ANSWERS: dict[str, Answer] = {"y": "yes", "n": "no", "a": "always", "q": "quit"}
_AGAIN = "diff"  # shows all of it once more: a long one has left the screen, and the script prints
_QUESTION = "Do it now? [y]es, [n]o, [a]lways for this command in this run, [d]iff, [q]uit:"


class TerminalFace:
    """The person at this terminal."""

    __slots__ = ("_quiet",)

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def say(self, line: str) -> None:
        if not self._quiet:
            say(f"shannot: {escape(line)}")

    def where(self) -> str:
        return terminal_name()

    def ask(
        self, store: Store, shown: Review, numbers: Sequence[int], complaint: str, gone: Gone
    ) -> Answer:
        with Terminal("answering a script") as terminal:
            style = style_for(terminal.fileno(), os.environ)
            answer = _AGAIN[0]
            while answer == _AGAIN[0]:
                terminal.show(_lines(store, shown, numbers, style))
                if complaint:
                    terminal.show([style.danger(f"shannot: not done: {escape(complaint)}")])
                answer = terminal.choose(_QUESTION, (*_ANSWERS.values(), _AGAIN), gone)
        if not answer:
            return "gone" if gone(0) else "quit"
        return _ANSWERS[answer]


def _lines(store: Store, shown: Review, numbers: Sequence[int], style: Style) -> Iterator[str]:
    """The change so far, whole, and the command."""
    session = shown.session
    contents = Contents(
        {item.number: item.diff for item in diff(store, session, numbers)}, inputs(store, session)
    )
    command = session.plan.effects[-1]
    line = command_line(command) if isinstance(command, RunCommand) else ""
    yield ""
    yield style.strong(f"shannot: the script asks to run {line}")
    if len(numbers) > 1:
        yield f"with {len(numbers) - 1} of its changes, which are made first:"
    for number in numbers:
        yield from reviewed_lines(shown.effects[number - 1], contents, style)
    yield ""
