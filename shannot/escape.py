"""Untrusted text, made safe to look at: `escape` for values, `Sanitiser` for a child's output.

Called by every face for whatever comes from a child, a path, a plan or a configuration. Both
share one rule: a character is itself where it is printable and takes visible room, and is
spelt out (`\\x1b`, `\\u202e`) everywhere else.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codecs import IncrementalDecoder

# `str.isprintable` is false for all of Unicode's "Other" (control, format, surrogate, private
# use, unassigned) and "Separator" but the space. These are letters and marks by category, and
# yet show nothing.
_BLANKS = frozenset(
    "\u034f"  # combining grapheme joiner
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers
    "\u17b4\u17b5"  # Khmer inherent vowels
    "\u180b\u180c\u180d\u180e\u180f"  # Mongolian selectors
    "\u2800"  # blank Braille pattern
    "\ufffc"  # object replacement
    "\U0001d159"  # null note head
).union(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))  # variation selectors
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}

# ECMA-48 SGR: ESC [ parameters m. Real ones stay below 40 bytes; a longer one is shown.
_SGR_PARAMETERS = frozenset("0123456789;:")
_SGR_LIMIT = 64
_ESC = "\x1b"
_RESET = b"\x1b[0m"


def is_visible(text: str) -> bool:
    """Does every character show as itself, and nothing else?"""
    return text.isprintable() and (text.isascii() or _BLANKS.isdisjoint(text))


def escape(text: str, keep: str = "") -> str:
    """Text with everything invisible spelt out, `keep` excepted (a diff keeps its tabs).

    Undecodable bytes (lone surrogates U+DC80 to U+DCFF, `os.fsdecode`) become `\\xNN`.
    """
    if is_visible(text):
        return text
    return "".join(c if c in keep or is_visible(c) else spell(c) for c in text)


def one_way(text: str) -> str:
    """Escaped text, the letters that are written from right to left spelt out as well.

    Where somebody decides by what a terminal shows: one that orders them so would show what stands
    beside them in another order than it has.
    """
    if text.isascii():
        return text
    # Not at the head: only where somebody is asked, and only for such text.
    from unicodedata import bidirectional

    return "".join(spell(c) if bidirectional(c) in ("R", "AL", "AN") else c for c in text)


def spell(character: str) -> str:
    """The escape that stands for one character."""
    short = _SHORT.get(character)
    if short is not None:
        return short
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"  # a byte that was not UTF-8
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quote(argument: str) -> str:
    """One word of a command line, so that a reader can tell where it begins and ends.

    Plain words as they are, others in single quotes, those with something invisible as `$'…'`
    (the shell's own notation, in which no two different words look the same).
    """
    shown = escape(argument)
    if shown != argument:
        inner = argument.replace("\\", "\\\\").replace("'", "\\'")
        return f"$'{escape(inner)}'"
    if argument and all(c.isalnum() or c in "@%+=:,./-_" for c in argument):
        return argument
    return "'" + argument.replace("'", "'\"'\"'") + "'"


class Sanitiser:
    """A child's output on its way to a terminal, cut into chunks anywhere.

    Passes printable text, newline, tab and complete colour sequences; shows everything else.
    A carriage return never goes back over what is already on the line: alone or before a
    newline it ends the line, at the start of a line it is nothing. So `\\r\\n` is one line end,
    and a progress bar prints one line a step; no text can be painted over other text.
    """

    __slots__ = ("_after_return", "_coloured", "_decoder", "_held", "at_line_start")

    def __init__(self) -> None:
        # A module that a running interpreter has already: no start-up cost.
        from codecs import getincrementaldecoder

        self._decoder: IncrementalDecoder = getincrementaldecoder("utf-8")("surrogateescape")
        self._held = ""  # the beginning of a colour sequence, waiting for its end
        self._coloured = False
        self._after_return = False  # the newline of this carriage return is out already
        self.at_line_start = True

    def feed(self, data: bytes) -> bytes:
        """What the terminal may see of the next chunk."""
        text = self._held + self._decoder.decode(data)
        self._held = ""
        return self._filter(text, final=False)

    def close(self) -> bytes:
        """What was held back, and the end of any colour that is still on."""
        text = self._held + self._decoder.decode(b"", final=True)
        self._held = ""
        rest = self._filter(text, final=True)
        if self._coloured:
            self._coloured = False
            rest += _RESET
        return rest

    def _filter(self, text: str, final: bool) -> bytes:
        pieces: list[str] = []
        position = 0
        while position < len(text):
            end = _run_of_plain(text, position)
            if end > position:
                pieces.append(text[position:end])
                self._after_return = self.at_line_start = False
                position = end
                continue
            if text[position] == _ESC:
                length = _colour_length(text, position)
                if length is None and not final:
                    self._held = text[position:]
                    break
                if length:
                    pieces.append(text[position : position + length])
                    self._coloured = True
                    position += length
                    continue
            pieces.append(self._special(text[position]))
            position += 1
        return "".join(pieces).encode("utf-8")

    def _special(self, character: str) -> str:
        """One character that is not plain text nor the start of a colour."""
        after_return, self._after_return = self._after_return, False
        if character == "\n":
            self.at_line_start = True
            return "" if after_return else "\n"
        if character == "\r":
            self._after_return = after_return or not self.at_line_start
            shown = "" if self.at_line_start else "\n"
            self.at_line_start = True
            return shown
        self.at_line_start = False
        return "\t" if character == "\t" else spell(character)


def _run_of_plain(text: str, start: int) -> int:
    """The end of the run of visible characters from start. The line is the fast case."""
    end = text.find("\n", start)
    if end < 0:
        end = len(text)
    if is_visible(text[start:end]):
        return end
    position = start
    while position < end and (is_visible(text[position]) or text[position] == "\ufe0f"):
        position += 1  # U+FE0F only picks the coloured form of the sign before it
    return position


def _colour_length(text: str, start: int) -> int | None:
    """Length of the colour sequence at start; 0 where it is none; None where the end is open."""
    if len(text) == start + 1:
        return None
    if text[start + 1] != "[":
        return 0
    for position in range(start + 2, start + _SGR_LIMIT):
        if position >= len(text):
            return None
        if text[position] == "m":
            return position + 1 - start
        if text[position] not in _SGR_PARAMETERS:
            return 0
    return 0
