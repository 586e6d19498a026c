"""Lines on stderr, from any subcommand."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """One line on stderr; a stderr that nobody reads is no error."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        pass
