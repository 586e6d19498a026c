"""The manual page, in roff with the macros of man(7), made from the outlines and topics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shannot import __version__
from shannot.cli.help import TOPICS, topic
from shannot.cli.outline import Argument, Outline

_ABOUT = "run an untrusted script, see what it would change, approve it, have that happen"
_DESCRIPTION = (
    "A script runs at once in a sandbox in which every system call is answered by shannot. It sees"
    " the real machine, and its own changes; nothing on the machine changes. What it wanted to"
    " change is a plan, which waits for a person; what is approved is then done as recorded, and"
    " nothing else."
)


def page(outlines: Sequence[Outline]) -> str:
    """The whole page."""
    lines = [
        f'.TH SHANNOT 1 "" "shannot {__version__}" "User Commands"',
        ".SH NAME",
        f"shannot \\- {_text(_ABOUT)}",
        ".SH SYNOPSIS",
        ".B shannot",
        "COMMAND [OPTIONS] ...",
        ".SH DESCRIPTION",
        _text(_DESCRIPTION),
        ".SH COMMANDS",
    ]
    for each in outlines:
        lines += _command(each)
    for name in TOPICS:
        found = topic(name)
        lines += [f".SH {_text(name.upper().replace('-', ' '))}", *_paragraphs(found.text)]
    lines += [".SH SEE ALSO", ".BR seccomp (2), \\ landlock (7), \\ ssh (1)"]
    return "\n".join(lines) + "\n"


def _command(each: Outline) -> Iterator[str]:
    yield f".SS shannot {_text(' '.join(each.words))}"
    yield ".nf"
    yield from (_text(line.strip()) for line in each.usage.splitlines())
    yield ".fi"
    yield ".PP"
    told = each.description or each.summary
    if told:
        yield _text(told)
    for argument in each.arguments:
        if argument.flags != ("-h", "--help"):
            yield from _argument(argument)
    if each.epilog:
        yield ".PP"
        yield from _paragraphs(each.epilog)
    for part in each.parts:
        yield from _command(part)


def _argument(argument: Argument) -> Iterator[str]:
    yield ".TP"
    words = ", ".join(f"\\fB{_text(flag)}\\fR" for flag in argument.flags)
    value = f"\\fI{_text(argument.metavar)}\\fR" if argument.metavar else ""
    yield " ".join(word for word in (words, value) if word)
    yield _text(argument.help) or "\\&"


def _paragraphs(text: str) -> Iterator[str]:
    """Filled paragraphs; lines that begin with four spaces, and what is below a table, as it is."""
    for block in text.strip("\n").split("\n\n"):
        lines = block.split("\n")
        if any(line.startswith("    ") for line in lines):
            yield from (".PP", ".nf", *(_text(line) for line in lines), ".fi")
        else:
            yield from (".PP", *(_text(line) for line in lines))


def _text(text: str) -> str:
    """Text as it is: `\\` begins an escape, `-` would be a hyphen, `.` and `'` a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    text = text.replace("`", "\\(ga").replace("'", "\\(aq").replace("~", "\\(ti")
    text = text.replace("^", "\\(ha").replace('"', "\\(dq")
    return f"\\&{text}" if text.startswith((".", "'")) else text
