"""What a program among the words of a command does, where that can be told from afar: awk(1),
sed(1) and clients of databases. Called by `danger.py`; it errs on the side of warning.
"""

from __future__ import annotations

import re
from typing import Literal

from shannot.policy.defaults import DATABASE_CLIENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Kinds = Literal["deletes", "interpreter"]

_STARTS = "starts commands from its program"
_AWKS = frozenset({"awk", "gawk", "mawk", "nawk"})
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_AWK_STARTS = re.compile(
    r'system\s?\(|\|&?\s{0,9}""|\|&?\s{0,9}getline|\bprintf?\b[^|;}/\n]{0,200}+\|(?!\|)'
)
_SED_LIMIT = 2_000
"""Characters of a script of sed(1) that are read: what is longer is warned of."""
_SED_COMMAND = re.compile(
    r"(?:^|[;{}\n])\s{0,9}(?:[0-9$,~]{1,20}|/[^/\n]{0,200}/)?\s{0,9}e(?:\s|$)"
    r"|s([^\w\s\\])(?:(?!\1)[^\\\n]|\\.){0,500}?\1(?:(?!\1)[^\\\n]|\\.){0,500}?\1[gpIiMm0-9]*e",
    re.MULTILINE,
)
_DELETES_DATA = ("drop ", "truncate ", "delete from", "dropdatabase", "deletemany", "flushall")
_CLIENT_STARTS = (
    "\\!", ".shell", ".system", "program ", "load_extension", "edit(", ".import |", ".import '|",
    '.import "|', ".once |", ".output |", "\\copy", "xp_cmdshell", "system ",
)  # fmt: skip


def of_program(name: str, words: Sequence[str]) -> Iterator[tuple[Kinds, str]]:
    """Each as the kind and the rest of a sentence."""
    awk = name in _AWKS and any(_awk_starts(word) for word in words if word[:1] != "-")
    if awk or (name == "sed" and any(map(_sed_starts, _scripts(words)))):
        yield "interpreter", _STARTS
    elif name in DATABASE_CLIENTS:
        text = " ".join(" ".join(words).lower().split())
        if any(word in text for word in _DELETES_DATA):
            yield "deletes", "deletes data"
        if any(word in text for word in _CLIENT_STARTS):
            yield "interpreter", _STARTS


def _scripts(words: Sequence[str]) -> Iterator[str]:
    """The words of sed(1) that may be scripts: what options give, else the first operand."""
    given = False
    for at, word in enumerate(words):
        if word.startswith("--expression="):
            given = True
            yield word.partition("=")[2]
        elif word[:1] == "-" and word[1:2] != "-" and "e" in word[1:]:
            given = True
            yield word.partition("e")[2] or "".join(words[at + 1 : at + 2])
        elif word == "--expression":
            given = True
            yield "".join(words[at + 1 : at + 2])
    if not given:
        yield next((word for word in words if word[:1] != "-"), "")


def _awk_starts(program: str) -> bool:
    return _AWK_STARTS.search(_LITERAL.sub('""', program)) is not None


def _sed_starts(script: str) -> bool:
    return len(script) > _SED_LIMIT or _SED_COMMAND.search(script) is not None
