"""`--json-fd N`: the JSON document on a descriptor of its own, while output streams as it comes.

For whoever starts this program and passes its output on, `shannot serve` above all.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from shannot.cli.envelope import failure
from shannot.cli.values import count
from shannot.errors import ShannotError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.cli.parser import Parser
    from shannot.cli.run_options import Value


def add_json_descriptor(parser: Parser) -> None:
    """The option, where argparse reads it."""
    from shannot.cli.parser import checked

    parser.add_argument(
        "--json-fd",
        type=checked(count),
        metavar="N",
        help="write the JSON document to this descriptor, while the output streams",
    )


def check_descriptor(value: Value) -> int:
    """Is it one that the caller left open for a document? Raises UsageError."""
    number = value if isinstance(value, int) else -1
    try:
        mode = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
    except OSError:
        raise UsageError(f"--json-fd {value}: not an open descriptor") from None
    if mode == os.O_RDONLY or number < 3:
        raise UsageError(f"--json-fd {value}: not one to write a document to")
    return number


def write_document(text: str, number: int) -> None:
    """Write it there. Raises OSError."""
    with open(number, "w", encoding="ascii", closefd=False) as file:
        file.write(text + "\n")


def reported(command: str, value: Value, work: Callable[[], int]) -> int:
    """Do the work; where there is a descriptor, an error becomes its document. The exit code."""
    if value is None:
        return work()
    number = check_descriptor(value)
    try:
        return work()
    except ShannotError as error:
        write_document(failure(command, error), number)
        return error.exit_code
