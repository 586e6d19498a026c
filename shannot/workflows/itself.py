"""How this program is started once more: from a checkout, an installation, a single file."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import shannot

if TYPE_CHECKING:
    from collections.abc import Sequence

_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); from shannot.cli.main import program; program()"
)


def command(words: Sequence[str]) -> list[str]:
    """The argv that runs `shannot WORDS…`, whatever this process was started as.

    Isolated (`-I`): neither the working directory nor PYTHONPATH may bring modules of somebody
    else's. Where the program is one native executable, that is started.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, *words]
    # the directory, or the zip archive, that holds the package
    place = os.path.dirname(os.path.dirname(os.path.abspath(shannot.__file__)))
    return [sys.executable, "-I", "-c", _START, place, *words]
