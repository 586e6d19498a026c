"""The well-known catastrophes: one small test for each program that can be one.

Called by `deny.py` with every simple command it finds, however it was wrapped. Each test answers
with what the command would do, as the rest of a sentence, or with nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shannot.policy.arguments import Arguments
    from shannot.policy.matching import Subject

    Check = Callable[[Subject], str]

_DESTROYERS = frozenset({"rm", "shred", "unlink", "rmdir", "mv", "truncate"})


def catastrophe(subject: Subject) -> str:
    """What the command would destroy, or nothing. Raises UnreadableError."""
    check = CHECKS.get(subject.name)
    if check is None:
        return ""
    subject.paths.step(1 + len(subject.words) // 4)
    return check(subject)


def _first_protected(subject: Subject, words: Sequence[str]) -> str:
    protected, directory = subject.paths.protected, subject.directory
    return next((found for word in words if (found := protected(word, directory))), "")


def _first_device(subject: Subject, words: Sequence[str]) -> str:
    return next((found for word in words if (found := subject.paths.device(word))), "")


def _remove(subject: Subject) -> str:
    given = subject.arguments()
    if not given.has("r", "recursive"):
        return ""
    path = _first_protected(subject, given.operands)
    return f"remove {path} with everything below it" if path else ""


def _change_access(subject: Subject) -> str:
    given = subject.arguments()
    path = _first_protected(subject, given.operands)
    if not path:
        return ""
    if given.has("R", "recursive"):
        return f"change the access rights of everything below {path}"
    if subject.name == "chmod" and (path == "/" or _opens_to_all(given)):
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


def _move(subject: Subject) -> str:
    path = _first_protected(subject, subject.arguments().operands[:-1])
    return f"move {path} away" if path else ""


def _copy(subject: Subject) -> str:
    words = subject.words[-1:] if subject.name in ("cp", "mv") else subject.words
    device = _first_device(subject, words)
    return f"overwrite the device {device}" if device else ""


def _move_or_copy(subject: Subject) -> str:
    return _move(subject) or _copy(subject)


def _format(subject: Subject) -> str:
    name, words = subject.name, subject.words
    if name == "mkfs" and any(word in ("-h", "-V", "--help", "--version") for word in words):
        return ""
    if name in ("mkfs", "mke2fs", "mkswap", "blkdiscard", "wipefs"):
        return "wipe a file system" if subject.arguments().operands else ""
    device = _first_device(subject, words)
    changes = name not in _PARTITIONERS or not {"-l", "--list", "print"}.intersection(words)
    return f"overwrite the device {device}" if device and changes else ""


_PARTITIONERS = frozenset({"fdisk", "sfdisk", "sgdisk", "gdisk", "parted"})


def _dump(subject: Subject) -> str:
    targets = [word[3:] for word in subject.words if word.startswith("of=")]
    device = _first_device(subject, targets)
    return f"overwrite the device {device}" if device else ""


def _find(subject: Subject) -> str:
    words = subject.words
    starts: list[str] = []
    for word in words:
        if word.startswith(("-", "(", "!")) and word not in ("-H", "-L", "-P"):
            break
        starts.append(word)
    path = _first_protected(subject, starts)
    if not path:
        return ""
    runs = [at for at, word in enumerate(words) if word.startswith(("-exec", "-ok"))]
    started = words[runs[0] + 1 :] if runs else ()
    destroys = "-delete" in words or any(
        part.rpartition("/")[2] in _DESTROYERS for word in started for part in word.split()
    )
    return f"delete what is below {path}" if destroys else ""


def _synchronise(subject: Subject) -> str:
    given = subject.arguments()
    path = _first_protected(subject, given.operands[-1:])
    deletes = any(long.startswith("del") for long in given.longs)
    return f"delete what is below {path}" if path and deletes else ""


def _kill(subject: Subject) -> str:
    # The first `-1` may be a signal; as a process id it means everybody.
    everybody = "-1" in subject.words[1:] or list(subject.words) == ["--", "-1"]
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
