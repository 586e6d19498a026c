"""Read a shell line strictly: the only reading that may lead to *allow*.

Called by `verdict.py`. Its counterpart, `deep_reader.py`, reads generously and only ever denies.
"""

from __future__ import annotations

LINE_LIMIT = 16_384
"""Characters. A longer line is unreadable, so never allowed."""
SHOWN_LIMIT = 200
"""Characters of a command that one sentence may quote."""

SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh"})
"""Shells whose plain words mean the same; zsh expands `=ls`, csh and fish are other languages."""

_RESERVED = frozenset(
    {
        *("if", "then", "elif", "else", "fi", "do", "done", "case", "esac", "while", "until"),
        *("for", "select", "in", "function", "time", "coproc"),
    }
)
"""Words that are no program where a line begins with them."""

_UNREADABLE = frozenset(";&|<>$`(){}*?[]~#!\\")
"""Outside quotes: anything a shell could make something else of."""
_UNREADABLE_QUOTED = frozenset("$`\\!")
"""Inside double quotes: expansion, escapes, history."""

_BLANKS = (
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180F, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x180E))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
"""Characters that Unicode calls printable and screens show as nothing."""


def plain_words(line: str) -> tuple[str, ...] | None:
    """The words of a line of plain words, whatever the first one is, else None."""
    words = _words(line)
    return tuple(words) if words else None


def read_strictly(line: str) -> tuple[str, ...] | None:
    """The words of a line that is exactly one simple command of plain words, else None.

    Quotes may hold anything visible that the shell would not expand.
    """
    words = _words(line)
    return None if words is None else _command(words)


def _words(line: str) -> list[str] | None:
    if len(line) > LINE_LIMIT or not is_visible(line):
        return None
    words: list[str] = []
    word: str | None = None
    quote = ""
    for character in line:
        if quote:
            if character == quote:
                quote = ""
            elif quote == '"' and character in _UNREADABLE_QUOTED:
                return None
            else:
                word = (word or "") + character
        elif character in "'\"":
            quote, word = character, word or ""
        elif character == " ":
            if word is not None:
                words.append(word)
            word = None
        elif character in _UNREADABLE:
            return None
        else:
            word = (word or "") + character
    if word is not None:
        words.append(word)
    return None if quote else words


def _command(words: list[str]) -> tuple[str, ...] | None:
    # `FOO=1 ls` is an assignment, and no program has such a name.
    if not words or not words[0] or "=" in words[0] or words[0] in _RESERVED:
        return None
    return tuple(words)


def is_shell_word(word: str) -> bool:
    """Is it a word of the shell's language that names no program? time(1) is a program as well."""
    return word in _RESERVED and word != "time"


def is_visible(text: str) -> bool:
    """Does the text show as what it is: no control, format, surrogate or blank-looking character?

    The ordinary space is the only blank.
    """
    if text.isascii():
        return text.isprintable()
    return text.isprintable() and not any(ord(character) in _BLANKS for character in text)


def shell_line(argv: tuple[str, ...]) -> str | None:
    """The line of `sh -c LINE` or `sh -c -- LINE` (what system(3) passes), else None.

    Any other form has options or parameters that change what the line means.
    """
    if argv and name_of(argv[0]) in SHELLS and argv[1:2] == ("-c",):
        if len(argv) == 3 and not argv[2].startswith(("-", "+")):
            return argv[2]
        if len(argv) == 4 and argv[2] == "--":
            return argv[3]
    return None


def name_of(word: str) -> str:
    """The last component of a program's path."""
    return word.rpartition("/")[2]


def shown(argv: tuple[str, ...]) -> str:
    """A command as one line that is safe to print: quoted, escaped, at most 200 characters."""
    pieces: list[str] = []
    size = 0
    for word in argv:
        piece = _quoted(word[:SHOWN_LIMIT])
        size += len(piece) + 1
        if size > SHOWN_LIMIT:
            pieces.append(piece[: max(0, len(piece) - (size - SHOWN_LIMIT))] + "…")
            break
        pieces.append(piece)
    return " ".join(pieces)


def _quoted(word: str) -> str:
    if not is_visible(word):
        return ascii(word)
    plain = word and not any(character in _UNREADABLE or character in " '\"=" for character in word)
    return word if plain else "'" + word.replace("'", "'\\''") + "'"
