"""What a command can touch, for whoever reviews it: pure data from the command, never a verdict.

Called by `workflows/review.py` and the faces. The same walk as for denials (`walk.py`) finds the
simple commands, however they are wrapped; the tables are `danger_tables.py`. It errs on the side
of warning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shannot.effects.warnings import is_startup_file
from shannot.policy.arguments import parse_arguments
from shannot.policy.budget import Budget, UnreadableError
from shannot.policy.command_line import shown
from shannot.policy.danger_tables import (
    CODE_OPTIONS,
    ELEVATORS,
    INSTALLERS,
    LATER,
    NAMES,
    NETWORK,
    NETWORK_VERBS,
    PERMISSIONS,
    SERVICE_VERBS,
    SERVICES,
    WRITERS,
)
from shannot.policy.defaults import INTERPRETERS
from shannot.policy.walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from shannot.policy.walk import Found

Kind = Literal[
    "deletes", "permissions", "elevates", "installs", "network", "services", "startup",
    "interpreter", "unreadable",
]  # fmt: skip
Level = Literal["none", "notice", "danger"]

_GRAVE = frozenset({"deletes recursively", "is more than can be read"})
_GRAVE_KINDS = frozenset({"elevates", "startup", "interpreter"})
DANGER_LIMIT = 100
"""Different dangers told about one command."""


@dataclass(frozen=True, slots=True)
class Danger:
    """One thing that a command can do."""

    kind: Kind
    text: str
    """The rest of a sentence: "deletes recursively"."""
    command: str
    """The simple command that does it, one line, escaped and shortened (`command_line.shown`)."""


def dangers(argv: Sequence[str], directory: str = "/") -> tuple[Danger, ...]:
    """What the command can touch, in the order of its parts; empty where nothing is known of it.

    Never raises: what cannot be read is a danger of its own.
    """
    if not argv:
        return ()
    budget = Budget()
    search = _Search(budget)
    try:
        Walk(search, budget).start(tuple(argv), directory)
    except UnreadableError:
        search.add("unreadable", "is more than can be read", argv)
    return tuple(search.found.values())


def level(found: Sequence[Danger]) -> Level:
    """How much attention it needs: the colour of the review."""
    if any(danger.kind in _GRAVE_KINDS or danger.text in _GRAVE for danger in found):
        return "danger"
    return "notice" if found else "none"


@dataclass(slots=True)
class _Search:
    """A visitor that collects."""

    budget: Budget
    found: dict[tuple[str, str], Danger] = field(default_factory=dict)

    @property
    def names(self) -> Collection[str]:
        return NAMES

    def add(self, kind: Kind, text: str, words: Sequence[str]) -> None:
        if len(self.found) < DANGER_LIMIT:
            self.found.setdefault((kind, text), Danger(kind, text, shown(tuple(words))))

    def line(self, squeezed: str) -> bool:  # noqa: ARG002 - the visitor's signature
        return False

    def command(self, found: Found) -> bool:
        self.budget.step(len(found.words))
        for kind, text in _of_command(found.name, found.words[1:]):
            self.add(kind, text, found.words)
        return False

    def target(self, path: str, directory: str) -> bool:
        if is_startup_file(_absolute(path, directory)):
            self.add("startup", "writes a start-up file", (">", path))
        return False

    def runs_input(self, name: str, downloads: bool) -> bool:
        text = "runs what it downloads" if downloads else "runs what another command prints"
        self.add("interpreter", text, (name,))
        return False


def _of_command(name: str, words: Sequence[str]) -> Iterator[tuple[Kind, str]]:
    yield from _of_deletion(name, words)
    if name in PERMISSIONS:
        yield "permissions", "changes permissions"
    if name in ELEVATORS:
        yield "elevates", "runs with other rights"
    if _installs(name, words):
        yield "installs", "installs or removes software"
    if name in NETWORK or _verb(name, words, NETWORK_VERBS):
        yield "network", "uses the network"
    if name in SERVICES or _verb(name, words, SERVICE_VERBS):
        yield "services", "stops or starts services or processes"
    if name in LATER or (name == "systemctl" and {"enable", "link", "edit"}.intersection(words)):
        yield "startup", "makes something run later"
    if _writes_startup_file(name, words):
        yield "startup", "writes a start-up file"
    if name in INTERPRETERS and _given_code(name, words):
        yield "interpreter", "runs code that stands in its words"


def _of_deletion(name: str, words: Sequence[str]) -> Iterator[tuple[Kind, str]]:
    if name == "rm":
        recursive = parse_arguments(name, words).has("r", "recursive")
        yield "deletes", "deletes recursively" if recursive else "deletes files"
    elif name in ("unlink", "shred", "rmdir", "wipe", "srm"):
        yield "deletes", "deletes files"
    elif _deletes_below(name, words):
        yield "deletes", "deletes recursively"
    elif name in ("mkfs", "mke2fs", "mkswap", "wipefs", "blkdiscard"):
        yield "deletes", "wipes a file system"
    elif name == "dd" and any(word.startswith("of=/dev/") for word in words):
        yield "deletes", "writes to a device"


def _deletes_below(name: str, words: Sequence[str]) -> bool:
    match name:
        case "find":
            return "-delete" in words or "rm" in words
        case "rsync":
            return any(word.startswith("--del") for word in words)
        case "git":
            return "clean" in words
        case _:
            return False


def _installs(name: str, words: Sequence[str]) -> bool:
    if name in ("python", "python3") and "-m" in words:
        after = list(words[words.index("-m") + 1 :])
        return bool(after) and _installs(after[0], after[1:])
    verbs = INSTALLERS.get(name)
    if verbs is None:
        return False
    return not verbs or any(word in verbs for word in words)


def _verb(name: str, words: Sequence[str], table: dict[str, frozenset[str]]) -> bool:
    verbs = table.get(name)
    return verbs is not None and any(word in verbs for word in words)


def _given_code(name: str, words: Sequence[str]) -> bool:
    letters = CODE_OPTIONS.get(name, "ce")
    return any(
        (word[:1] == "-" and word[1:2] != "-" and any(map(word[1:].count, letters)))
        or word in ("--eval", "--print")
        for word in words
    )


def _writes_startup_file(name: str, words: Sequence[str]) -> bool:
    if name not in WRITERS:
        return False
    if name == "sed" and not parse_arguments("sed", words).has("i", "in-place"):
        return False
    return any(
        is_startup_file(_absolute(word.rpartition("=")[2] if "of=" in word else word, "/"))
        for word in words
        if not word.startswith("-")
    )


def _absolute(path: str, directory: str) -> str:
    for home in ("$HOME", "~"):
        if path.startswith(home):
            return "/home/~" + path[len(home) :]
    return path if path.startswith("/") else f"{directory}/{path}"
