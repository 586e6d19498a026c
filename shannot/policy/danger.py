"""What a command can touch, for whoever reviews it: pure data from the command, never a verdict.

Called by `workflows/review.py` and the faces. The same walk as for denials (`walk.py`) finds the
simple commands, however they are wrapped; the tables are `danger_tables.py`. It errs on the side
of warning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shannot.effects.telling_paths import is_startup_file, lets_others_in
from shannot.policy.arguments import parse_arguments
from shannot.policy.budget import Budget, UnreadableError
from shannot.policy.command_line import shown
from shannot.policy.danger_deletes import of_deletion, verbs_in
from shannot.policy.danger_programs import of_program
from shannot.policy.danger_tables import (
    ACCOUNTS,
    CODE_OPTIONS,
    ELEVATORS,
    INSTALLERS,
    LATER,
    NAMES,
    NETWORK,
    NETWORK_SETTERS,
    NETWORK_VERBS,
    ONLY_TELLS,
    OUTPUT_OPTIONS,
    PERMISSIONS,
    SERVICE_VERBS,
    SERVICES,
    SETTERS,
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
_PUNCTUATION = frozenset("\n();'\"")
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
    mentioned: tuple[str, ...] = ()

    @property
    def names(self) -> Collection[str]:
        return NAMES

    def add(self, kind: Kind, text: str, words: Sequence[str]) -> None:
        if len(self.found) < DANGER_LIMIT:
            self.found.setdefault((kind, text), Danger(kind, text, shown(tuple(words))))

    def line(self, squeezed: str) -> bool:
        if "/dev/tcp/" in squeezed or "/dev/udp/" in squeezed:
            self.add("network", "uses the network", ("/dev/tcp",))
        return False

    def command(self, found: Found) -> bool:
        self.budget.step(len(found.words))
        if found.wrapper == "command" and found.words == self.mentioned:
            return False
        if found.name == "command" and found.words[1:2] in (("-v",), ("-V",)):
            self.mentioned = found.words[2:]  # is looked up, not started
        for kind, text in _of_command(found.name, found.words[1:]):
            self.add(kind, text, found.words)
        if found.words and found.words[0].startswith("/etc/init.d/"):
            self.add("services", "stops or starts services or processes", found.words)
        return False

    def target(self, path: str, directory: str) -> bool:
        if _runs_later(_absolute(path, directory)):
            self.add("startup", "writes a start-up file", (">", path))
        if path.startswith(("/proc/sys", "/sys/")):
            self.add("services", "changes the running system", (">", path))
        return False

    def runs_input(self, name: str, downloads: bool) -> bool:
        text = "runs what it downloads" if downloads else "runs what another command prints"
        self.add("interpreter", text, (name,))
        return False


def _of_command(name: str, words: Sequence[str]) -> Iterator[tuple[Kind, str]]:
    yield from of_deletion(name, words)
    yield from of_program(name, words)
    if name in PERMISSIONS or _sets_rights(name, words):
        yield "permissions", "changes permissions"
    if name in ACCOUNTS:
        yield "permissions", "changes accounts or what they may do"
    if name in ELEVATORS:
        yield "elevates", "runs with other rights"
    if _installs(name, words):
        yield "installs", "installs or removes software"
    if name in NETWORK or _verb(name, words, NETWORK_VERBS) or _reaches_out(name, words):
        yield "network", "uses the network"
    if name in NETWORK_SETTERS and words and NETWORK_SETTERS[name].isdisjoint(words):
        yield "network", "changes the network of this machine"
    if (name in SERVICES and not _only_asks(name, words)) or _verb(name, words, SERVICE_VERBS):
        yield "services", "stops or starts services or processes"
    if _sets(name, words):
        yield "services", "changes the running system"
    yield from _of_later(name, words)
    if name in INTERPRETERS | {"vim", "vi", "ex"} and _given_code(name, words):
        yield "interpreter", "runs code that stands in its words"


def _of_later(name: str, words: Sequence[str]) -> Iterator[tuple[Kind, str]]:
    later = name in LATER and not (name == "crontab" and "-l" in words)
    if name == "systemctl":
        later = not {"enable", "link", "edit"}.isdisjoint(words)
    elif name == "git":
        later = "config" in words and any(map(_is_started_by_git, words))
    if later:
        yield "startup", "makes something run later"
    if _writes_startup_file(name, words):
        yield "startup", "writes a start-up file"


def _is_started_by_git(word: str) -> bool:
    key = word.lower()
    return word.startswith("!") or key.startswith(("filter.", "core.fsm", "core.hooks", "core.pag"))


def _sets_rights(name: str, words: Sequence[str]) -> bool:
    if name == "install":
        return parse_arguments(name, words).has("mog", "mode", "owner", "group")
    return name == "rsync" and any(word.startswith(("--chmod", "--chown")) for word in words)


def _reaches_out(name: str, words: Sequence[str]) -> bool:
    match name:
        case "rsync" | "mount":
            return any(":" in word for word in words if not word.startswith("-"))
        case "psql" | "mysql" | "mysqldump" | "pg_dump":
            return parse_arguments(name, words).has("h", "host")
        case "python":
            return "-m" in words and "http.server" in words
        case _:
            return False


def _sets(name: str, words: Sequence[str]) -> bool:
    verbs = SETTERS.get(name)
    if verbs is None or not words:
        return False
    assigns = name == "sysctl" and any("=" in word for word in words)
    return assigns or not verbs or not verbs.isdisjoint(words)


def _only_asks(name: str, words: Sequence[str]) -> bool:
    """`kill -0`, `kill -l`, `service x status`."""
    if name == "kill":
        return words[:1] in (["-0"], ["-l"], ("-0",), ("-l",))
    return name in ("service", "rc-service", "invoke-rc.d") and words[-1:] in (
        ["status"], ("status",),
    )  # fmt: skip


def _installs(name: str, words: Sequence[str]) -> bool:
    if name == "python":
        if "-m" in words:
            after = list(words[words.index("-m") + 1 :])
            return bool(after) and _installs(after[0], after[1:])
        return bool(words) and words[0].rpartition("/")[2] == "setup.py" and "install" in words
    verbs = INSTALLERS.get(name)
    if verbs is None or (name.startswith("apt") and not ONLY_TELLS.isdisjoint(words)):
        return False
    if name in ("make", "ninja"):  # any of its words is a target
        return not verbs.isdisjoint(words) and "-n" not in words
    return not verbs or (name == "yarn" and not words) or any(verbs_in(words, verbs))


def _verb(name: str, words: Sequence[str], table: dict[str, frozenset[str]]) -> bool:
    verbs = table.get(name)
    return verbs is not None and any(verbs_in(words, verbs))


def _given_code(name: str, words: Sequence[str]) -> bool:
    operand = next((word for word in words if word[:1] != "-"), "")
    if not _PUNCTUATION.isdisjoint(operand.replace("$()", "")) and not name.endswith("awk"):
        return True  # a document of the line, which it reads as its program
    letters = CODE_OPTIONS.get(name, "ce")
    return any(
        (word[:1] == "-" and word[1:2] != "-" and any(map(word[1:].count, letters)))
        or word in ("--eval", "--print")
        for word in words
    )


def _writes_startup_file(name: str, words: Sequence[str]) -> bool:
    targets = [*_outputs(name, words)]
    if any(_runs_later(_absolute(target, "/")) for target in targets):
        return True
    if name not in WRITERS:
        return False
    if name == "sed" and not parse_arguments("sed", words).has("i", "in-place"):
        return False
    return any(
        _runs_later(_absolute(word.rpartition("=")[2] if "of=" in word else word, "/"))
        for word in words
        if not word.startswith("-")
    )


def _runs_later(path: str) -> bool:
    return is_startup_file(path) or lets_others_in(path)


def _outputs(name: str, words: Sequence[str]) -> Iterator[str]:
    """The files that options name for its output."""
    for option in OUTPUT_OPTIONS.get(name, ()):
        for at, word in enumerate(words):
            if word == option and at + 1 < len(words):
                yield words[at + 1] + "/"
                yield words[at + 1]
            elif word.startswith(option) and len(word) > len(option):
                yield word[len(option) :].removeprefix("=")


def _absolute(path: str, directory: str) -> str:
    for home in ("$HOME", "~"):
        if path.startswith(home):
            return "/home/~" + path[len(home) :]
    return path if path.startswith("/") else f"{directory}/{path}"
