"""The public releases of a sandboxed PyPy, with the checksums they must have: data alone.

Two archives make an installation: the translated program, and the PyPy sources that hold the
standard library of the same version. `workflows/setup.py` picks a release; a change here is a
decision about what is trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROGRAMS = "https://github.com/corv89/pypy/releases/download"
_SOURCES = "https://downloads.python.org/pypy"


@dataclass(frozen=True, slots=True)
class Archive:
    """One file to download: https only, and worth nothing with another checksum."""

    url: str
    sha256: str
    """64 lower-case hexadecimal digits."""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Release:
    """A program and the standard library that belongs to it."""

    name: str
    """The tag it was published under."""
    python: str
    """The language version, "3.6"."""
    program: Archive
    library: Archive


def _release(tag: str, python: str, program: tuple[str, str], library: tuple[str, str]) -> Release:
    return Release(
        tag,
        python,
        Archive(f"{_PROGRAMS}/{tag}/{program[0]}", program[1]),
        Archive(f"{_SOURCES}/{library[0]}", library[1]),
    )


_LINUX = "pypy3-sandbox-7.3.6"
_LINUX_LIBRARY = (
    "pypy3.6-v7.3.3-src.tar.bz2",
    "a23d21ca0de0f613732af4b4abb0b0db1cc56134b5bf0e33614eca87ab8805af",
)
_DARWIN = "pypy3.8-sandbox-7.3.17"
_DARWIN_LIBRARY = (
    "pypy3.8-v7.3.11-src.tar.bz2",
    "4d6769bfca73734e8666fd70503b7ceb06a6e259110e617331bb3899ca4e6058",
)

RELEASES: Mapping[tuple[str, str], Release] = {
    ("linux", "x86_64"): _release(
        _LINUX,
        "3.6",
        (
            "pypy3-sandbox-linux-amd64.tar.gz",
            "b5498d3ea1bd3d4d9de337e57e0784ed6bcb5ff669f160f9bc3e789d64aa812a",
        ),
        _LINUX_LIBRARY,
    ),
    ("linux", "aarch64"): _release(
        _LINUX,
        "3.6",
        (
            "pypy3-sandbox-linux-arm64.tar.gz",
            "ee4423ae2fc40ed65bf563568d1c05edfbe4e33e43c958c40f876583005688a6",
        ),
        _LINUX_LIBRARY,
    ),
    ("darwin", "x86_64"): _release(
        _DARWIN,
        "3.8",
        (
            "pypy3.8-sandbox-darwin-amd64.tar.gz",
            "93308fb70339eb1dc6b59c0c5cb57dfe8562a11131f3ebdd5c992dfc7fa3289d",
        ),
        _DARWIN_LIBRARY,
    ),
    ("darwin", "arm64"): _release(
        _DARWIN,
        "3.8",
        (
            "pypy3.8-sandbox-darwin-arm64.tar.gz",
            "f874a0b00283d8abc87ee87b54e01676c639876bf15fd07865b7e5d2b319085c",
        ),
        _DARWIN_LIBRARY,
    ),
}
"""By (`sys.platform`, the machine of uname(2))."""
