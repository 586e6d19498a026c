"""The list of many sessions: what was read before is taken again only while it is the same."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shannot.effects.document import MalformedError
from shannot.sessions import index
from shannot.sessions.index import FEW, NAME, Index
from shannot.sessions.model import Summary
from tests.sessions.worlds import World

MANY = FEW + 20


@pytest.fixture
def world(tmp_path: Path) -> World:
    """With many sessions, none of which was written just now."""
    world = World(tmp_path)
    recorder = world.recorder()
    recorder.write("x", b"1")
    first = world.recorded(recorder)
    root = Path(world.store.root)
    head = json.loads((root / first.id / "session.json").read_bytes())
    for number in range(1, MANY):
        copy = root / f"20200101-000000-s-{number:04x}"
        shutil.copytree(root / first.id, copy)
        (copy / "session.json").write_text(json.dumps({**head, "id": copy.name}))
    return world


def listed(world: World, now_ns: int | None = None) -> list[Summary]:
    """What a list says, with an index that is kept; later than anything was written."""
    root_fd = world.store.open_root()
    try:
        found = Index(root_fd, world.store.owner, now_ns or time.time_ns() + 10**10)
        found.load()
        for session_id in world.store.ids():
            stamp = found.stamp(session_id)
            if found.find(session_id, stamp) is None:
                found.note(world.store.summary(session_id), stamp)
        found.save()
    finally:
        os.close(root_fd)
    assert (Path(world.store.root) / NAME).exists() == (now_ns is None)
    return summaries(world)


def summaries(world: World) -> list[Summary]:
    return [found for found in world.store.summaries() if isinstance(found, Summary)]


def test_a_list_says_the_same_with_and_without_the_index(world: World) -> None:
    plain = summaries(world)
    assert not (Path(world.store.root) / NAME).exists()  # all of it was too young to be kept
    assert listed(world) == plain
    assert (Path(world.store.root) / NAME).exists()
    assert len(plain) == MANY


def test_a_session_that_has_changed_is_read_anew(world: World) -> None:
    listed(world)
    session = world.store.load(world.store.ids()[5])
    with world.store.lock(session.id) as lock:
        lock.save(replace(session, user="another"))
    assert [found.user for found in summaries(world) if found.id == session.id] == ["another"]


def test_a_decided_session_keeps_who_decided(world: World) -> None:
    session = world.approved(world.store.load(world.store.ids()[-1]))
    expected = world.store.summary(session.id)
    assert expected.decided is not None
    assert listed(world)[-1] == expected


def test_a_session_that_is_a_link_by_now_is_not_listed_from_memory(world: World) -> None:
    listed(world)
    root = Path(world.store.root)
    name = world.store.ids()[3]
    (root / name).rename(root.parent / "elsewhere")
    (root / name).symlink_to(root.parent / "elsewhere")
    broken = [found for found in world.store.summaries() if isinstance(found, MalformedError)]
    assert len(broken) == 1
    assert name in str(broken[0])


def test_what_was_written_just_now_is_not_remembered(world: World) -> None:
    """A second change within one tick of the clock would not show."""
    listed(world, now_ns=time.time_ns())


DAMAGE: list[Callable[[dict[str, list[list[object]]]], object]] = [
    lambda d: d.clear(),
    lambda d: d.update(format=[[99]]),
    lambda d: d.update(rows=[[1], ["x"], []]),
    lambda d: [row.pop() for row in d["rows"]],
    lambda d: [row.__setitem__(7, "no state") for row in d["rows"]],
    lambda d: [row.__setitem__(14, 7) for row in d["rows"]],
    lambda d: [row.__setitem__(15, "seven") for row in d["rows"]],
    lambda d: [row.__setitem__(16, {"what": "approved"}) for row in d["rows"]],
    lambda d: [row.__setitem__(12, 1) for row in d["rows"]],
]


@pytest.mark.parametrize("number", range(len(DAMAGE)))
def test_a_damaged_index_changes_nothing(world: World, number: int) -> None:
    plain = listed(world)
    path = Path(world.store.root) / NAME
    document = json.loads(path.read_bytes())
    DAMAGE[number](document)
    path.write_text(json.dumps(document))
    assert summaries(world) == plain


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[]", b"[" * 100_000])
def test_an_index_of_nonsense_changes_nothing(world: World, data: bytes) -> None:
    plain = listed(world)
    (Path(world.store.root) / NAME).write_bytes(data)
    assert summaries(world) == plain


def test_an_index_that_others_can_write_is_not_believed(world: World) -> None:
    plain = listed(world)
    path = Path(world.store.root) / NAME
    path.write_text(path.read_text().replace('"pending"', '"executed"'))
    path.chmod(0o666)
    assert summaries(world) == plain


def test_what_a_killed_writer_left_is_removed(world: World) -> None:
    left = Path(world.store.root) / f"{NAME}-0123456789abcdef"
    left.write_bytes(b"")
    os.utime(left, (1, 1))
    listed(world)
    assert not left.exists()
    assert index.NAME in os.listdir(world.store.root)
