"""An ordinary user's directories without write permission: opened before the work, closed after."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.effects.model import ChangeMode, DeletePath, Effect, MovePath, WriteFile
from shannot.sandbox.vfs.rights import Identity
from tests.fakes.scenes import Scene

USER = os.geteuid() or 12345


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    umask = os.umask(0o022)
    made = Scene(tmp_path, Identity(USER, USER, frozenset()))
    (made.host / "d/sub").mkdir(parents=True)
    (made.host / "other").mkdir()
    for name in ("d/f", "d/sub/g"):
        (made.host / name).write_bytes(b"old")
    for name in ("", "d", "d/sub", "other", "d/f", "d/sub/g"):
        if os.geteuid() == 0:
            os.chown(made.host / name, USER, USER)
    try:
        for name in ("d/sub", "d"):
            (made.host / name).chmod(0o555)
        made.begin()
        yield made
        made.close()
    finally:
        os.umask(umask)
        for top in (made.host, made.native):
            for directory, _, _ in os.walk(top):
                os.chmod(directory, 0o755)


def told(scene: Scene) -> list[tuple[type[Effect], str, int]]:
    """The effects of a cut: kind, path below the host tree, the new mode of a change of mode."""
    return [
        (
            type(effect),
            effect.path.removeprefix(f"{scene.host}/"),
            effect.after if isinstance(effect, ChangeMode) else 0,
        )
        for effect in scene.cut()
        if hasattr(effect, "path")
    ]


def test_a_directory_that_is_filled_is_opened_first_and_closed_last(scene: Scene) -> None:
    scene.virtual.chmod(scene.at("d"), 0o755)
    scene.virtual.write(scene.at("d/new"), b"new")
    scene.virtual.chmod(scene.at("d"), 0o555)
    assert told(scene) == [
        (ChangeMode, "d", 0o755),
        (WriteFile, "d/new", 0),
        (ChangeMode, "d", 0o555),
    ]
    assert told(scene) == []
    scene.execute()
    assert (scene.host / "d/new").read_bytes() == b"new"


def test_a_file_written_in_place_is_replaced_in_an_opened_directory(scene: Scene) -> None:
    scene.virtual.write(scene.at("d/sub/g"), b"new")
    assert told(scene) == [
        (ChangeMode, "d/sub", 0o755),
        (WriteFile, "d/sub/g", 0),
        (ChangeMode, "d/sub", 0o555),
    ]
    scene.execute()
    assert (scene.host / "d/sub/g").read_bytes() == b"new"
    assert (scene.host / "d/sub").stat().st_mode & 0o777 == 0o555


def test_a_tree_that_goes_is_opened_all_the_way_down(scene: Scene) -> None:
    for name in ("d", "d/sub"):
        scene.virtual.chmod(scene.at(name), 0o700)
    for name in ("d/sub/g", "d/f"):
        scene.virtual.unlink(scene.at(name))
    for name in ("d/sub", "d"):
        scene.virtual.rmdir(scene.at(name))
    assert told(scene) == [
        (ChangeMode, "d", 0o755),
        (ChangeMode, "d/sub", 0o755),
        (DeletePath, "d", 0),
    ]
    scene.execute()
    assert sorted(os.listdir(scene.host)) == ["other"]


def test_a_directory_that_changes_its_parent_is_opened_for_the_move(scene: Scene) -> None:
    scene.virtual.chmod(scene.at("d"), 0o755)
    scene.virtual.rename(scene.at("d"), scene.at("other/d"))
    scene.virtual.chmod(scene.at("other/d"), 0o555)
    assert told(scene) == [
        (ChangeMode, "d", 0o755),
        (MovePath, "other/d", 0),
        (ChangeMode, "other/d", 0o555),
    ]
    scene.execute()
    assert (scene.host / "other/d").stat().st_mode & 0o777 == 0o555


def test_what_belongs_to_somebody_else_is_not_opened(scene: Scene) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(scene.host / "d/sub", 0, 0)
    scene.virtual.write(scene.at("d/sub/g"), b"new")
    assert told(scene) == [(WriteFile, "d/sub/g", 0)]
