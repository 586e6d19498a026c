"""The escapes of the shell's `$'...'` quotes. Called by `deep_reader.py`."""

from __future__ import annotations

from shannot.policy.budget import UnbalancedError

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f"}


def read_escape(text: str) -> tuple[str, int]:
    """One escape without its backslash: the character, and how much of the text was used.

    Raises UnbalancedError at the end of the text.
    """
    if not text:
        raise UnbalancedError("a quote is not closed")
    if text[0] in "xuU":
        limit = {"x": 2, "u": 4, "U": 8}[text[0]]
        return _number(text[1:], "0123456789abcdefABCDEF", limit, 16, 1)
    if text[0] in "01234567":
        return _number(text, "01234567", 3, 8, 0)
    return _ESCAPES.get(text[0], text[0]), 1


def _number(text: str, digits: str, limit: int, base: int, before: int) -> tuple[str, int]:
    size = 0
    while size < limit and text[size : size + 1] and text[size] in digits:
        size += 1
    value = int(text[:size] or "0", base)
    return (chr(value) if value < 0x110000 else ""), before + size
