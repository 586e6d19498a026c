"""Where a quote or a bracket of a shell line is closed. Called by `deep_reader.py`."""

from __future__ import annotations

import re

from shannot.policy.budget import UnbalancedError

_BRACKETS = {
    # by the closing one: all that can change where it is
    ")": re.compile(r"""[()\\"']"""),
    "}": re.compile(r"""[{}\\"']"""),
    "`": re.compile(r"[`\\]"),
}


def find_quote(line: str, start: int) -> int:
    """The next single quote. Raises UnbalancedError."""
    end = line.find("'", start)
    if end < 0:
        raise UnbalancedError("a quote is not closed")
    return end


def find_closing(line: str, start: int, closing: str) -> int:
    """Where the bracket that was opened before `start` is closed, quotes respected.

    Raises UnbalancedError.
    """
    level, at, quoted = 1, start, False
    while found := _BRACKETS[closing].search(line, at):
        character, at = found[0], found.end()
        if character == "\\":
            at += 1
        elif character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character == "'":
            at = find_quote(line, at) + 1
        elif character == closing:
            level -= 1
            if not level:
                return at - 1
        else:
            level += 1
    raise UnbalancedError("a bracket is not closed")
