"""What every subcommand shares: an argparse parser that raises, and the options they all have."""

from __future__ import annotations

import argparse

from shannot.cli.run_options import SIDE_BY_SIDE
from shannot.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """argparse, with errors as `UsageError` and no abbreviated options."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see `{self.prog} --help`)")

    def actions(self) -> Sequence[argparse.Action]:
        """Every option and argument, in the order in which it was added."""
        return self._actions

    def part(self, name: str) -> Parser | None:
        """The parser of a part, `pypy` of `setup`; None where there is none of that name."""
        for action in self._actions:
            if isinstance(action.choices, dict):
                found: object = action.choices.get(name)
                return found if isinstance(found, Parser) else None
        return None


class Command:
    """One subcommand: its parser, and the function that does it."""

    __slots__ = ("_configure", "_run", "name", "summary")

    def __init__(
        self,
        name: str,
        summary: str,
        configure: Callable[[Parser], None],
        run: Callable[[argparse.Namespace], int],
    ) -> None:
        self.name = name
        self.summary = summary
        self._configure = configure
        self._run = run

    def parser(self) -> Parser:
        """A parser of its words; help, completion and manual page are made from it as well."""
        parser = Parser(
            prog=f"shannot {self.name}",
            description=self.summary[0].upper() + self.summary[1:] + ".",
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._configure(parser)
        return parser

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Raises UsageError; prints and leaves (SystemExit 0) for --help."""
        options = self.parser().parse_args(words)
        if "parallel" in options and options.target is None:
            for name in ("parallel", "max_failures"):
                if getattr(options, name) is not None:
                    raise UsageError(f"--{name.replace('_', '-')} is for --target")
        return options

    def run(self, options: argparse.Namespace) -> int:
        return self._run(options)


def checked(kind: Callable[[str], float | str]) -> Callable[[str], float | str]:
    """The same reader of a value, with what it has to say about a wrong one."""

    def read(text: str) -> float | str:
        try:
            return kind(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def asks_for_json(words: Sequence[str]) -> bool:
    """Does `--json` stand among a subcommand's own words, whatever else is wrong with them?"""
    own = words[: words.index("--")] if "--" in words else words
    return "--json" in own


def add_json(parser: Parser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document instead of text"
    )


def add_target(parser: Parser) -> None:
    parser.add_argument(
        "--target",
        metavar="NAME",
        help="on another machine, over ssh: a name of `shannot remote`, or user@host[:port];"
        " on several: @GROUP, or A,B",
    )


def add_side_by_side(parser: Parser) -> None:
    """The options of what is done on several machines."""
    for option in SIDE_BY_SIDE:
        parser.add_argument(
            *option.flags, type=checked(option.kind), metavar=option.metavar, help=option.help
        )


def add_session(parser: Parser) -> None:
    parser.add_argument("id", metavar="ID", help="the session's id, or any unique prefix of it")
