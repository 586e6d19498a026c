"""The well-known catastrophes: one small test for each program that can be one.

Called by `deny.py` with every simple command it finds, however it was wrapped. Each test answers
with what the command would do, as the rest of a sentence, or with nothing.
"""

from __future__ import annotations

import fnmatch
import posixpath

from shannot.policy.budget import UnreadableError
from shannot.policy.defaults import PROTECTED, RAW_DEVICES
from shannot.policy.rules import Arguments, parse_arguments, tidy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Check = Callable[[str, Sequence[str], str], str]

_HOME = "/home/~"
"""Stands for any home directory: nobody has this name."""
PATTERN_LIMIT = 256
"""Characters of a glob pattern that is compared with the protected directories."""
GLOBS_LIMIT = 200
"""Words of one command that may be patterns."""
_DESTROYERS = frozenset({"rm", "shred", "unlink", "rmdir", "mv", "truncate"})


def catastrophe(name: str, argv: Sequence[str], directory: str) -> str:
    """What the command would destroy, or nothing. `name` is what argv[0] comes down to."""
    check = CHECKS.get(name)
    return check(name, argv[1:], directory) if check else ""


def protected(word: str, directory: str) -> str:
    """The protected directory that a word names, globs and home shorthands included, or ""."""
    path = _absolute(word, directory)
    if path in PROTECTED:
        return path
    if path.startswith("/home/") and path.count("/") == 2:
        return "the home directory" if path == _HOME else path
    if _has_glob(path):
        if len(path) > PATTERN_LIMIT:
            raise UnreadableError("a pattern is longer than can be read")
        return next((known for known in PROTECTED if fnmatch.fnmatchcase(known, path)), "")
    return ""


def raw_device(word: str) -> str:
    """The disk or memory device that a word names, or ""."""
    path = tidy(word)
    return path if path.startswith(RAW_DEVICES) else ""


def _absolute(word: str, directory: str) -> str:
    if not word.isprintable():
        word = "".join(character for character in word if character.isprintable())
    word = word.strip()
    for home in ("$HOME", "~"):
        if word.startswith(home):
            rest = word[len(home) :]
            # `~root` and `~user` are homes as well.
            rest = rest if home == "$HOME" or rest[:1] in ("", "/") else rest[len(_user(rest)) :]
            word = _HOME + rest
    return tidy(posixpath.join(directory, word)) if word else ""


def _has_glob(word: str) -> bool:
    return "*" in word or "?" in word or "[" in word


def _user(rest: str) -> str:
    return rest.partition("/")[0]


def _first_protected(words: Sequence[str], directory: str) -> str:
    if len(words) > GLOBS_LIMIT and sum(map(_has_glob, words)) > GLOBS_LIMIT:
        raise UnreadableError("it holds more patterns than can be read")
    return next((found for word in words if (found := protected(word, directory))), "")


def _first_device(words: Sequence[str]) -> str:
    return next((found for word in words if (found := raw_device(word))), "")


def _remove(name: str, words: Sequence[str], directory: str) -> str:
    given = parse_arguments(name, words)
    if not given.has("r", "recursive"):
        return ""
    path = _first_protected(given.operands, directory)
    return f"remove {path} with everything below it" if path else ""


def _change_access(name: str, words: Sequence[str], directory: str) -> str:
    given = parse_arguments(name, words)
    path = _first_protected(given.operands, directory)
    if not path:
        return ""
    if given.has("R", "recursive"):
        return f"change the access rights of everything below {path}"
    if name == "chmod" and (path == "/" or _opens_to_all(given)):
        return f"change who may write to {path}"
    return ""


def _opens_to_all(given: Arguments) -> bool:
    mode = given.operands[0] if given.operands else ""
    if mode.isdigit():
        return mode[-1] in "2367"
    return any(
        "w" in clause and not clause.startswith(("u", "g")) and "-" not in clause
        for clause in mode.split(",")
    )


def _move(name: str, words: Sequence[str], directory: str) -> str:
    path = _first_protected(parse_arguments(name, words).operands[:-1], directory)
    return f"move {path} away" if path else ""


def _copy(name: str, words: Sequence[str], directory: str) -> str:  # noqa: ARG001 - one signature
    device = _first_device(words[-1:] if name in ("cp", "mv") else words)
    return f"overwrite the device {device}" if device else ""


def _move_or_copy(name: str, words: Sequence[str], directory: str) -> str:
    return _move(name, words, directory) or _copy(name, words, directory)


def _format(name: str, words: Sequence[str], directory: str) -> str:  # noqa: ARG001
    if name == "mkfs" and any(word in ("-h", "-V", "--help", "--version") for word in words):
        return ""
    if name in ("mkfs", "mke2fs", "mkswap", "blkdiscard", "wipefs"):
        return "wipe a file system" if parse_arguments(name, words).operands else ""
    device = _first_device(words)
    changes = name not in _PARTITIONERS or not {"-l", "--list", "print"}.intersection(words)
    return f"overwrite the device {device}" if device and changes else ""


_PARTITIONERS = frozenset({"fdisk", "sfdisk", "sgdisk", "gdisk", "parted"})


def _dump(name: str, words: Sequence[str], directory: str) -> str:  # noqa: ARG001
    targets = [word[3:] for word in words if word.startswith("of=")]
    device = _first_device(targets)
    return f"overwrite the device {device}" if device else ""


def _find(name: str, words: Sequence[str], directory: str) -> str:  # noqa: ARG001
    starts: list[str] = []
    for word in words:
        if word.startswith(("-", "(", "!")) and word not in ("-H", "-L", "-P"):
            break
        starts.append(word)
    path = _first_protected(starts, directory)
    runs = [at for at, word in enumerate(words) if word.startswith(("-exec", "-ok"))]
    started = words[runs[0] + 1 :] if runs else ()
    destroys = "-delete" in words or any(
        part.rpartition("/")[2] in _DESTROYERS for word in started for part in word.split()
    )
    return f"delete what is below {path}" if path and destroys else ""


def _synchronise(name: str, words: Sequence[str], directory: str) -> str:
    given = parse_arguments(name, words)
    path = _first_protected(given.operands[-1:], directory)
    deletes = any(long.startswith("del") for long in given.longs)
    return f"delete what is below {path}" if path and deletes else ""


def _kill(name: str, words: Sequence[str], directory: str) -> str:  # noqa: ARG001
    # The first `-1` may be a signal; as a process id it means everybody.
    everybody = "-1" in words[1:] or list(words) == ["--", "-1"]
    return "kill every process" if everybody else ""


CHECKS: dict[str, Check] = {
    "rm": _remove,
    "chmod": _change_access,
    "chown": _change_access,
    "chgrp": _change_access,
    "mv": _move_or_copy,
    "cp": _copy,
    "tee": _copy,
    "shred": _copy,
    "truncate": _copy,
    "dd": _dump,
    "dcfldd": _dump,
    "find": _find,
    "rsync": _synchronise,
    "kill": _kill,
    **dict.fromkeys(("mkfs", "mke2fs", "mkswap", "blkdiscard", "wipefs", "cryptsetup"), _format),
    **dict.fromkeys(("fdisk", "sfdisk", "sgdisk", "gdisk", "parted", "badblocks"), _format),
}
"""By name; `mkfs.ext4` comes down to `mkfs`."""
