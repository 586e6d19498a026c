"""Python files that run inside the child of the `pypy` runtime, for Python 3.6 to 3.8.

They stand in for the parts of the standard library that such an interpreter is built without, or
that need a fork; `runtimes/pypy.py` shows each in the tree, where it takes precedence. Nothing of
ours imports them. A child could as well do without: none of them decides anything.
"""

from __future__ import annotations

import os
from errno import ENOENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def names() -> Sequence[str]:
    """File names of the modules, `subprocess.py` and so on."""
    here = os.path.dirname(__file__)
    if os.path.isdir(here):
        found = os.listdir(here)
    else:
        from zipfile import ZipFile  # inside the single-file program

        archive, place = _in_archive(here)
        with ZipFile(archive) as members:
            found = [name.removeprefix(place) for name in members.namelist()]
    return sorted(n for n in found if n.endswith(".py") and "/" not in n and n != "__init__.py")


def identity() -> str:
    """What changes when one of the modules does: their sizes and times, or the archive's."""
    here = os.path.dirname(__file__)
    if os.path.isdir(here):
        paths = [os.path.join(here, name) for name in names()]
    else:
        paths = [_in_archive(here)[0]]
    found = [os.stat(path) for path in paths]
    return ".".join(f"{status.st_size:x}-{status.st_mtime_ns:x}" for status in found)


def source(name: str) -> bytes:
    """What one of them holds. Errors: OSError."""
    path = os.path.join(os.path.dirname(__file__), name)
    loader = globals().get("__loader__")
    if loader is not None and hasattr(loader, "get_data"):
        data: bytes = loader.get_data(path)
        return data
    with open(path, "rb") as file:
        return file.read()


def _in_archive(directory: str) -> tuple[str, str]:
    """The archive that this file stands in, and the start of its neighbours' names there.

    Errors: FileNotFoundError where it stands in none.
    """
    archive = directory
    while not os.path.isfile(archive):
        if archive == os.path.dirname(archive):
            raise FileNotFoundError(ENOENT, "the modules that run in PyPy are not there", directory)
        archive = os.path.dirname(archive)
    return archive, directory[len(archive) + 1 :] + "/"
