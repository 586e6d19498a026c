"""Do a program and a standard library belong together? Read off the files: nothing is run.

Called by `workflows/setup_staging.py`. A PyPy starts with the library of another version, and fails
later, at the first module that differs.
"""

from __future__ import annotations

import mmap
import os
import re

from shannot.sandbox.runtimes.installed import BINARY, LIBRARIES, STANDARD_LIBRARY

# `sys.version` as a translated PyPy holds it: "3.6.9 (f429839416a4, Nov 24 2026, 07:14:47)\n…",
# pypy/module/sys/version.py
_PROGRAM = re.compile(rb"(3\.\d{1,2})\.\d{1,2} \([^\0\n]{1,60}, [A-Z][a-z]{2} \d\d \d{4}, ")
# The last version that lib-python/stdlib-version.txt names: "… in git status is: v3.8.16"
_LIBRARY = re.compile(rb"v(3\.\d{1,2})\.\d")
_NOTE_MAX = 1 << 16  # bytes


def program_version(directory: str) -> str | None:
    """The language version ("3.6") of the program in a directory; None where it does not say."""
    for name in (*LIBRARIES, BINARY):
        path = f"{directory}/{name}"
        if not os.path.isfile(path) or os.path.getsize(path) == 0:
            continue
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as data:
            found = _PROGRAM.search(data)
            if found:
                return found[1].decode("ascii")
    return None


def library_version(directory: str) -> str | None:
    """The same of the standard library."""
    try:
        with open(f"{directory}/{STANDARD_LIBRARY[0]}/stdlib-version.txt", "rb") as file:
            named = _LIBRARY.findall(file.read(_NOTE_MAX))
    except FileNotFoundError:
        return None
    return named[-1].decode("ascii") if named else None
