"""What every subcommand shares: an argparse parser that raises, and readers of option values."""

from __future__ import annotations

import argparse
import sys

from shannot.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

_SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_DURATIONS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE_LIMIT = 1 << 60
_DURATION_LIMIT = 366 * 86400.0


class Parser(argparse.ArgumentParser):
    """argparse, with errors as `UsageError` and no abbreviated options."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\nsee `{self.prog} --help`")


class Command:
    """One subcommand: its parser, and the function that does it."""

    __slots__ = ("_configure", "_run", "_summary", "name")

    def __init__(
        self,
        name: str,
        summary: str,
        configure: Callable[[Parser], None],
        run: Callable[[argparse.Namespace], int],
    ) -> None:
        self.name = name
        self._summary = summary
        self._configure = configure
        self._run = run

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Raises UsageError; prints and leaves (SystemExit 0) for --help."""
        parser = Parser(
            prog=f"shannot {self.name}",
            description=self._summary[0].upper() + self._summary[1:] + ".",
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._configure(parser)
        return parser.parse_args(words)

    def run(self, options: argparse.Namespace) -> int:
        return self._run(options)

    def wants_json(self, options: argparse.Namespace) -> bool:
        return bool(getattr(options, "json", False))


def add_json(parser: Parser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document instead of text"
    )


def add_session(parser: Parser) -> None:
    parser.add_argument("id", metavar="ID", help="the session's id, or any unique prefix of it")


def size(text: str) -> int:
    """Bytes of `512M`, `2G`, `65536`. Raises what argparse turns into a usage error."""
    number = text.rstrip("KMGTkmgtiBb")
    unit = text[len(number) :].upper().removesuffix("B").removesuffix("I")
    if unit not in _SIZES or not _is_number(number):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size like 512M or 2G")
    value = int(float(number) * _SIZES[unit])
    if not 0 < value <= _SIZE_LIMIT:
        raise argparse.ArgumentTypeError(f"{text!r} is out of range")
    return value


def duration(text: str) -> float:
    """Seconds of `30s`, `5m`, `1.5h`, `10`. Raises what argparse turns into a usage error."""
    number = text.rstrip("mshd")
    unit = text[len(number) :]
    if unit not in _DURATIONS or not _is_number(number):
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration like 30s or 5m")
    value = float(number) * _DURATIONS[unit]
    if not 0 < value <= _DURATION_LIMIT:
        raise argparse.ArgumentTypeError(f"{text!r} is out of range")
    return value


def seconds(text: str) -> int:
    """Whole seconds of a duration, at least one: what RLIMIT_CPU can hold."""
    return max(1, round(duration(text)))


def count(text: str) -> int:
    """A number of things, at least one."""
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def _is_number(text: str) -> bool:
    whole, _, part = text.partition(".")
    digits = whole + part
    return bool(whole) and len(text) <= 20 and digits.isascii() and digits.isdigit()


def say(line: str) -> None:
    """One line on stderr; a stderr that nobody reads is no error."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        pass
