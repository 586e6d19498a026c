"""A small tree to try things on, and what a tree holds, for comparing it before and after.

Used by the conformance, hostile and example tests.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path

STANDARD = Path(__file__).parent / "conformance" / "standard"
LONG_AGO = 1_500_000_000
"""The modification time of everything planted, seconds since the epoch."""


def plant(directory: Path) -> None:
    """Make `directory` and fill it with the standard tree: files, modes, links, a deep part."""
    shutil.copytree(STANDARD, directory, ignore=shutil.ignore_patterns("__pycache__"))
    (directory / "hello.txt").write_text("hello\nworld\n")
    (directory / "empty").touch()
    (directory / "numbers.txt").write_text("".join(f"{number}\n" for number in range(1000)))
    (directory / "binary.bin").write_bytes(bytes(range(256)) * 64)
    (directory / "readonly.txt").write_text("do not write\n")
    (directory / "greet.sh").write_text('#!/bin/sh\necho "greet $1"\nexit 7\n')
    (directory / "app.conf").write_text("# settings\n[server]\nport = 80\nhost = localhost\n")
    (directory / "sub" / "three").mkdir(parents=True)
    (directory / "sub" / "one").write_text("1")
    (directory / "sub" / "two").write_text("22")
    (directory / "sub" / "three" / "deep.txt").write_text("deep\n")
    (directory / "void").mkdir()
    (directory / "many").mkdir()
    for number in range(60):
        (directory / "many" / f"f{number:03}").write_text(str(number))
    (directory / "link").symlink_to("hello.txt")
    (directory / "dirlink").symlink_to("sub")
    (directory / "dangling").symlink_to("nowhere")
    (directory / "hard_a").write_text("two names\n")
    os.link(directory / "hard_a", directory / "hard_b")
    for path in sorted(directory.rglob("*"), reverse=True):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    (directory / "greet.sh").chmod(0o755)
    (directory / "readonly.txt").chmod(0o444)
    directory.chmod(0o755)
    os.utime(directory, (LONG_AGO, LONG_AGO))


def snapshot(directory: Path, *, times: bool = True) -> dict[bytes, tuple[object, ...]]:
    """Everything below `directory` by relative path: kind, mode, owner, contents, maybe mtime."""
    root = os.fsencode(directory)
    found: dict[bytes, tuple[object, ...]] = {}
    waiting = [b""]
    while waiting:
        relative = waiting.pop()
        path = os.path.join(root, relative)
        status = os.lstat(path)
        contents = ""
        try:
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    contents = hashlib.file_digest(file, "sha256").hexdigest()
            elif stat.S_ISLNK(status.st_mode):
                contents = os.fsdecode(os.readlink(path))
            elif stat.S_ISDIR(status.st_mode):
                # Without the right to search it, names could be listed and not looked at.
                names = os.listdir(path) if os.access(path, os.X_OK) else []
                waiting += [os.path.join(relative, name) for name in names]
        except PermissionError:
            contents = "not readable"
        found[relative] = (
            oct(status.st_mode),
            status.st_uid,
            contents,
            status.st_mtime_ns if times and relative else 0,
        )
    return found


def clear(directory: Path) -> None:
    """Delete the tree, also what a script has locked its owner out of."""
    directory.chmod(0o700)
    for top, names, _ in os.walk(directory):
        for name in names:
            path = Path(top, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(directory)
