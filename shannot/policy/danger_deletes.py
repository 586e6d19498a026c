"""What a command deletes, by its words. Called by `danger.py`; tables: `danger_tables.py`."""

from __future__ import annotations

from typing import Literal

from shannot.policy.arguments import parse_arguments
from shannot.policy.danger_tables import ERASERS, PARTITIONERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_DELETERS = frozenset({"unlink", "shred", "rmdir", "wipe", "srm"})


def of_deletion(name: str, words: Sequence[str]) -> Iterator[tuple[Literal["deletes"], str]]:
    """Each as the kind and the rest of a sentence."""
    if name == "rm":
        recursive = parse_arguments(name, words).has("r", "recursive")
        yield "deletes", "deletes recursively" if recursive else "deletes files"
    elif name in _DELETERS:
        yield "deletes", "deletes files"
    elif _deletes_below(name, words):
        yield "deletes", "deletes recursively"
    elif name in ("mkfs", "mke2fs", "mkswap", "wipefs", "blkdiscard"):
        yield "deletes", "wipes a file system"
    elif name == "dd" and any(word.startswith("of=/dev/") for word in words):
        yield "deletes", "writes to a device"
    elif name in PARTITIONERS and words and not {"-l", "--list", "print", "-p"} & set(words):
        yield "deletes", "changes the partitions of a disk"
    elif name in ERASERS and (not ERASERS[name] or not ERASERS[name].isdisjoint(words)):
        yield "deletes", "deletes data"
    elif name == "git" and _discards(words):
        yield "deletes", "discards what is not committed"
    elif name == "journalctl" and any(word.startswith("--vac") for word in words):
        yield "deletes", "deletes data"


def _discards(words: Sequence[str]) -> bool:
    verb = next(verbs_in(words, ("reset", "checkout", "restore")), "")
    if verb == "reset":
        return "--hard" in words
    return verb == "restore" or (verb == "checkout" and not {"--", ".", "-f"}.isdisjoint(words))


def _deletes_below(name: str, words: Sequence[str]) -> bool:
    match name:
        case "find" | "fd" | "fdfind":
            runs = ("-exec", "-ok") if name == "find" else ("-x", "-X", "--exec")
            started = next((at for at, word in enumerate(words) if word.startswith(runs)), -1)
            deletes = started >= 0 and any(
                part.rpartition("/")[2] in {"rm", *_DELETERS}
                for word in words[started + 1 :]
                for part in word.split()
            )
            return deletes or (name == "find" and "-delete" in words)
        case "rsync":
            return any(word.startswith("--del") for word in words)
        case "git":
            return any(verbs_in(words, ("clean",)))
        case _:
            return False


def verbs_in(words: Sequence[str], verbs: Collection[str]) -> Iterator[str]:
    """Those of the verbs that may say what is done: options, and what may be their values, come
    before the first word that cannot be one."""
    after_option = False
    for word in words:
        if word in verbs:
            yield word
        if word.startswith("-"):
            after_option = "=" not in word
        elif after_option:
            after_option = False
        else:
            return
