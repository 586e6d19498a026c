"""Help for people: the overview, one command, one topic."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from textwrap import fill

from shannot.cli.catalog import COMMANDS, find
from shannot.cli.page_text import plain
from shannot.errors import UsageError
from shannot.escape import escape

TOPICS = (
    "quick-start",
    "sandbox",
    "review",
    "commands",
    "profiles",
    "configuration",
    "agents",
    "machines",
    "two-users",
    "service",
    "audit-log",
    "pypy",
    "environment",
    "json",
    "exit-codes",
    "troubleshooting",
)
"""Each is a module of `topics/`, with `-` for `_`, and a page of docs/, in the order of reading."""
_WIDTH = 90
_USAGE = """\
usage: shannot COMMAND [OPTIONS] …

Run a script that nobody trusts yet against the real machine, see exactly what it would
change, approve it, and have exactly that happen.
"""
_REST = """\
options:
  -h, --help     this text; `shannot COMMAND --help` for one command
  -V, --version  the version

exit codes of `run`: the script's own (a signal is 128+N); 2 usage or configuration,
124 time limit, 125 another limit or shannot itself failed, 126 refused, 127 not found.
Of the others: 0 done, 1 something asked for did not succeed, 2, 125, 126, 127 as above."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A text that belongs to no single command."""

    name: str
    summary: str
    source: str
    """As it is written: see `page_text.py`."""

    @property
    def text(self) -> str:
        """Paragraphs; lines that begin with four spaces are examples or tables."""
        return plain(self.source)

    @property
    def title(self) -> str:
        """The summary as a heading."""
        return f"{self.summary[0].upper()}{self.summary[1:]}"


def topic(name: str) -> Topic:
    """One of TOPICS."""
    module = import_module(f"shannot.cli.topics.{name.replace('-', '_')}")
    summary, text = str(module.SUMMARY), str(module.TEXT)
    return Topic(name, summary, text.strip("\n"))


def overview() -> str:
    """What `shannot --help` prints."""
    width = max(map(len, COMMANDS)) + 2
    commands = [f"  {name:<{width}}{summary}" for name, summary in COMMANDS.items()]
    topics = fill(
        f"topics (`shannot help TOPIC`): {', '.join(TOPICS)}",
        _WIDTH,
        subsequent_indent="  ",
        break_on_hyphens=False,
    )
    return "\n".join([_USAGE, "commands:", *commands, "", topics, "", _REST])


def text_for(words: list[str]) -> str:
    """The help for a command, a part of one (`setup pypy`) or a topic. Raises UsageError."""
    if not words:
        return overview()
    if words[0] in TOPICS and len(words) == 1:
        found = topic(words[0])
        return f"{found.title}\n\n{found.text}"
    if words[0] not in COMMANDS:
        raise UsageError(
            f"no command and no topic: {escape(words[0])}"
            " (`shannot help` lists the commands and topics)"
        )
    parser = find(words[0]).parser()
    for word in words[1:]:
        part = parser.part(word)
        if part is None:
            raise UsageError(f"`{parser.prog}` has no part {escape(word)}")
        parser = part
    return parser.format_help().rstrip("\n")
