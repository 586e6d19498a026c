"""Keys: what a terminal sends, as names. Unknown sequences are swallowed whole, never typed."""

from __future__ import annotations

import codecs
import re

_NAMES = {
    "\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\b": "backspace",
    " ": "space", "\x1b": "escape",
}  # fmt: skip
_FINALS = {
    "A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end", "Z": "backtab",
}  # fmt: skip
_NUMBERED = {
    "1": "home", "2": "insert", "3": "delete", "4": "end", "5": "pageup", "6": "pagedown",
    "7": "home", "8": "end",
}  # fmt: skip
# ECMA-48: CSI, parameters, intermediates, final; SS3 and one character is a keypad's form.
_SEQUENCE = re.compile(r"\x1b\[([0-?]*)[ -/]*([@-~])|\x1bO(.)", re.DOTALL)
_OPEN = re.compile(r"\x1b(\[[0-?]*[ -/]*|O)?\Z")
_LONGEST = 64  # characters of a sequence that is still being waited for


class Decoder:
    """Bytes from a terminal, cut anywhere, into names of keys."""

    __slots__ = ("_decoder", "_held")

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes) -> list[str]:
        """The keys that are whole now."""
        self._held += self._decoder.decode(data)
        keys: list[str] = []
        while self._held:
            if _OPEN.match(self._held) and len(self._held) < _LONGEST:
                break  # the beginning of a sequence; `flush` when nothing follows
            key, length = _next(self._held)
            self._held = self._held[length:]
            if key:
                keys.append(key)
        return keys

    def waits(self) -> bool:
        """Is the beginning of a sequence held, or a lone Escape?"""
        return bool(self._held)

    def flush(self) -> list[str]:
        """Nothing followed for a moment: what is held was a lone Escape."""
        held, self._held = self._held, ""
        return ["escape"] if held else []


def _next(text: str) -> tuple[str, int]:
    """(the first key or "", how many characters it took)"""
    found = _SEQUENCE.match(text)
    if found:
        parameters, final, keypad = found.groups()
        if keypad:
            return ("enter" if keypad == "M" else _FINALS.get(keypad, "")), found.end()
        if final == "~":
            return _NUMBERED.get(parameters.partition(";")[0], ""), found.end()
        return _FINALS.get(final, ""), found.end()
    first = text[0]
    if first == "\x1b" and len(text) > 1:
        return ("", 2) if text[1] != "\x1b" else ("escape", 1)  # Alt and a key means nothing here
    if first in _NAMES:
        return _NAMES[first], 1
    if first < " ":
        return f"ctrl-{chr(ord(first) | 0x40).lower()}", 1
    return (first if first.isprintable() else ""), 1
