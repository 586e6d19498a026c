"""Sockets are refused, and counted by their family."""

from __future__ import annotations

from pathlib import Path

import pytest

from shannot.sandbox.kernel import sockets
from tests.fakes.world import World


def test_every_refusal_is_counted_by_its_family_or_call(tmp_path: Path) -> None:
    world = World(tmp_path / "private")
    for family in (2, 2, 16, 1, 999):
        with pytest.raises(PermissionError):
            sockets.socket(world.task, family, 1, 0)
    with pytest.raises(PermissionError):
        sockets.refused(world.task, "sendmsg")
    counted = {"AF_INET": 2, "AF_NETLINK": 1, "AF_UNIX": 1, "family 999": 1, "sendmsg": 1}
    assert world.system.sockets_refused == counted
    world.close()


def test_the_name_lookup_of_every_program_is_refused_without_being_counted(tmp_path: Path) -> None:
    world = World(tmp_path / "private")
    with pytest.raises(PermissionError):
        sockets.socket(world.task, 1, 0o2004001, 0)
    assert world.system.sockets_refused == {}
    with pytest.raises(PermissionError):
        sockets.socket(world.task, 1, 0o2000001, 0)
    assert world.system.sockets_refused == {"AF_UNIX": 1}
    world.close()


def test_what_is_counted_is_bounded(tmp_path: Path) -> None:
    world = World(tmp_path / "private")
    for family in range(3000):
        world.system.refuse_socket(f"family {family}")
        world.system.refuse_call(f"number {family}")
    assert len(world.system.sockets_refused) == len(world.system.calls_refused) == 1000
    world.close()


def test_options_of_a_socket_pair_are_refused_without_being_counted(tmp_path: Path) -> None:
    world = World(tmp_path / "private")
    with pytest.raises(PermissionError):
        sockets.setsockopt(world.task)
    assert world.system.sockets_refused == {}
    world.close()
