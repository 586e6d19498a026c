"""A project on the host, mapped copy-on-write at its own path, with the script's calls at hand."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.virtual_os import Virtual
from tests.fakes.world import World


class Project:
    def __init__(self, base: Path) -> None:
        self.base = base
        self.host = base / "project"
        self.host.mkdir()
        self.world = World(base / "private")
        self.mounted = False

    def file(self, name: str, data: bytes = b"host", mode: int = 0o644) -> Path:
        path = self.host / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)
        return path

    def start(self) -> Virtual:
        """Map it; relative paths start in it."""
        self.world.map(self.host)
        self.world.enter(self.host)
        return Virtual(self.world)


@contextmanager
def project(base: Path) -> Iterator[Project]:
    made = Project(base)
    try:
        yield made
    finally:
        made.world.close()


def refused(name: str, call: Callable[..., object], *arguments: object, **named: object) -> None:
    """The call must raise this errno."""
    with pytest.raises(OSError) as caught:
        call(*arguments, **named)
    assert errno.errorcode[caught.value.errno or 0] == name


def closing(number: int) -> None:
    os.close(number)
