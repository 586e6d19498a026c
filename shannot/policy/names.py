"""What the first word of a command comes down to: the name that rules and tables know.

Used by `walk.py`, `verdict.py` and `objections.py`.
"""

from __future__ import annotations

import fnmatch

from shannot.policy.catastrophes import CHECKS
from shannot.policy.command_line import name_of
from shannot.policy.defaults import INTERPRETERS, SCRIPTED, SHELLS, WRAPPERS
from shannot.policy.paths import PATTERN_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

KNOWN = frozenset(CHECKS) | SHELLS | WRAPPERS | INTERPRETERS
"""Names that begin a command among the words of a wrapper."""
_VERSIONED = SHELLS | INTERPRETERS | SCRIPTED
"""Programs that stand on a machine as `perl5.36.0`, `lua5.4`, `gcc-12` as well."""
_ORDERED = tuple(sorted(KNOWN))
DEEP = WRAPPERS | SHELLS
"""Programs whose words may hold further commands."""


def is_deep(argv: Sequence[str], names: Collection[str]) -> bool:
    """Can the command hold another one, so that all its words must be read?"""
    return known_name(argv[0], names) in DEEP


def is_shell_line(argv: Sequence[str]) -> bool:
    """Is it any shell given a line with `-c`, in whatever form?"""
    return plain_name(argv[0]) in SHELLS and any(
        word[:1] in ("-", "+") and word[1:2] != "-" and "c" in word for word in argv[1:]
    )


def plain_name(word: str) -> str:
    """What a program's name comes down to: no path, no version, nothing invisible."""
    if word.isalpha() and word.isascii():
        return "python" if word == "pypy" else word
    name = name_of(word)
    if not name.isprintable():
        name = "".join(character for character in name if character.isprintable())
    stem, dot, version = name.partition(".")
    if stem == "mkfs":
        return stem
    if dot and version.replace(".", "").isdigit():
        name = stem
    if name in KNOWN:
        return name
    name = name.removesuffix("-static")
    unversioned = name.rstrip("0123456789.-")
    if unversioned == "pypy":
        return "python"
    return unversioned if unversioned in _VERSIONED else name


def known_name(word: str, names: Collection[str]) -> str:
    """`plain_name`, and where it is a glob, the known name that it would find."""
    name = plain_name(word)
    if is_pattern(name):
        known = (*CHECKS, *names, *_ORDERED)  # the worst first; the same in every process
        return next((one for one in known if fnmatch.fnmatchcase(one, name)), name)
    return name


def is_pattern(name: str) -> bool:
    """Is the name a glob, as far as one is compared?"""
    return 1 < len(name) < PATTERN_LIMIT and ("*" in name or "?" in name or "[" in name)
