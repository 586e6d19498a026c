"""Moving a directory that holds what no script may read: it moves along, and nothing else does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from shannot.effects.model import Effect, MovePath, Unread
from shannot.effects.unread import unread_directory
from shannot.errors import UnsuccessfulError
from tests.sessions.worlds import World, entries, fingerprint

HIDDEN = (".env", "in/.ssh", "in/pipe")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    (made.tree / "d/in/.ssh/deep").mkdir(parents=True)
    (made.tree / "d/in/.ssh/deep/id_rsa").write_bytes(b"secret")
    (made.tree / "d/in/file").write_bytes(b"shown")
    (made.tree / "d/.env").write_bytes(b"secret")
    (made.tree / "d/.env").chmod(0)
    os.mkfifo(made.tree / "d/in/pipe")
    return made


def move(world: World) -> Effect:
    """As a run records it: names and kinds of what is hidden, no contents."""
    top = world.tree / "d"
    (top / "in/pipe").unlink()
    (top / ".env").chmod(0o600)
    shown = tuple(e for e in entries(top) if not e.path.startswith(HIDDEN))
    os.mkfifo(top / "in/pipe")
    (top / ".env").chmod(0)
    unread = (
        Unread(".env", "file"),
        unread_directory("in/.ssh", [("deep", "directory"), ("deep/id_rsa", "file")]),
        Unread("in/pipe", "pipe"),
    )
    return MovePath(str(top), str(world.tree / "e"), fingerprint(top), None, shown, unread)


def test_what_is_hidden_moves_along(world: World) -> None:
    result, _, _ = world.execute(world.approved(world.session([move(world)])))
    assert result.succeeded
    assert (world.tree / "e/in/.ssh/deep/id_rsa").read_bytes() == b"secret"
    assert (world.tree / "e/in/pipe").is_fifo()
    assert os.listdir(world.tree) == ["e"]


def add_beside(d: Path) -> None:
    (d / ".env.local").write_bytes(b"")


def add_below_hidden(d: Path) -> None:
    (d / "in/.ssh/deep/authorized_keys").write_bytes(b"")


def rename_below_hidden(d: Path) -> None:
    (d / "in/.ssh/deep/id_rsa").rename(d / "in/.ssh/deep/other")


def make_link_of_hidden(d: Path) -> None:
    (d / ".env").unlink()
    (d / ".env").symlink_to("/etc/passwd")


def remove_hidden(d: Path) -> None:
    (d / ".env").unlink()


def make_directory_of_pipe(d: Path) -> None:
    (d / "in/pipe").unlink()
    (d / "in/pipe").mkdir()


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (add_beside, r"d/\.env\.local: it is not in the plan"),
        (add_below_hidden, r"d/in/\.ssh: what is in it is not what was there"),
        (rename_below_hidden, r"d/in/\.ssh: what is in it is not what was there"),
        (make_link_of_hidden, r"d/\.env: it is a link now, not a file"),
        (remove_hidden, r"d/\.env: it is not there any more"),
        (make_directory_of_pipe, r"d/in/pipe: it is a directory now, not a pipe"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_what_changed_among_the_hidden_is_a_conflict(
    world: World, spoil: Callable[[Path], None], named: str, late: bool
) -> None:
    """late: between the preflight and the move itself, as a command of the plan may do it."""
    session = world.approved(world.session([_pause(world), move(world)] if late else [move(world)]))
    if late:
        observed = lambda event, number: spoil(world.tree / "d") if event == "change" else None  # noqa: E731
        result, _, _ = world.execute(session, observe=observed)
        assert not result.succeeded
        assert named.replace("\\", "") in result.results[1].message
    else:
        spoil(world.tree / "d")
        with pytest.raises(UnsuccessfulError, match=named):
            world.execute(session)
    assert os.listdir(world.tree) == ["d"]


def _pause(world: World) -> Effect:
    recorder = world.recorder()
    recorder.run("true")
    return recorder.effects[0]
