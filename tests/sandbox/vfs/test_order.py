"""The order of effects: each finds its place free, and nothing is lost on the way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shannot.effects.model import DeletePath, MakeDirectory, MovePath
from tests.fakes.scenes import Scene, picture


class Names:
    """Directory operations, natively and as the script at once."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def rename(self, old: str, new: str) -> None:
        os.rename(self.scene.native / old, self.scene.native / new)
        self.scene.virtual.rename(self.scene.at(old), self.scene.at(new))

    def mkdir(self, name: str) -> None:
        os.mkdir(self.scene.native / name)
        self.scene.virtual.mkdir(self.scene.at(name))

    def rmdir(self, name: str) -> None:
        os.rmdir(self.scene.native / name)
        self.scene.virtual.rmdir(self.scene.at(name))

    def unlink(self, name: str) -> None:
        os.unlink(self.scene.native / name)
        self.scene.virtual.unlink(self.scene.at(name))


Planted = Callable[..., tuple[Scene, Names]]


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Planted]:
    scene = Scene(tmp_path)

    def plant(*names: str) -> tuple[Scene, Names]:
        for name in names:
            path = scene.host / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir() if name.endswith("/") else path.write_text(name)
        scene.begin()
        return scene, Names(scene)

    yield plant
    scene.close()


def kinds(scene: Scene) -> list[type]:
    return [type(effect) for effect in scene.cut()]


def same(scene: Scene) -> bool:
    scene.execute()
    return picture(scene.host) == picture(scene.native)


def test_three_that_change_places_need_four_moves(planted: Planted) -> None:
    scene, names = planted("a", "b", "c")
    for old, new in (("a", "t"), ("c", "a"), ("b", "c"), ("t", "b")):
        names.rename(old, new)
    assert kinds(scene) == [MovePath] * 4
    assert same(scene)


def test_a_chain_is_moved_from_its_end(planted: Planted) -> None:
    scene, names = planted("1", "2", "3", "4")
    for number in (4, 3, 2, 1):
        names.rename(str(number), str(number + 1))
    assert [Path(e.path).name for e in scene.cut()] == ["5", "4", "3", "2"]  # type: ignore[union-attr]
    assert same(scene)


def test_a_chain_of_hundreds_does_not_exhaust_the_stack(planted: Planted) -> None:
    scene, names = planted(*(f"{number:04}" for number in range(700)))
    for number in reversed(range(700)):
        names.rename(f"{number:04}", f"{number + 1:04}")
    assert len(scene.cut()) < 720
    assert same(scene)


def test_a_child_and_its_parent_change_places(planted: Planted) -> None:
    scene, names = planted("a/b/f", "a/g")
    names.rename("a/b", "t")
    names.rename("a", "t/a")
    names.rename("t", "b")
    assert kinds(scene) == [MovePath, MovePath]
    assert same(scene)


def test_a_parent_and_its_child_exchange_their_names(planted: Planted) -> None:
    scene, names = planted("a/b/f", "a/g")
    names.rename("a/b", "t")
    names.rename("a", "t/b")
    names.rename("t", "a")
    assert same_after_cut(scene)


def test_a_child_takes_the_place_of_its_parent(planted: Planted) -> None:
    scene, names = planted("d/x/f", "d/g")
    names.rename("d/x", "t")
    names.unlink("d/g")
    names.rmdir("d")
    names.rename("t", "d")
    assert kinds(scene) == [MovePath, DeletePath, MovePath]
    assert same(scene)


def test_a_directory_over_an_empty_one_deletes_that_first(planted: Planted) -> None:
    scene, names = planted("a/f", "b/")
    names.rename("a", "b")
    assert kinds(scene) == [DeletePath, MovePath]
    assert same(scene)


def test_what_moves_into_a_new_directory_comes_after_it(planted: Planted) -> None:
    scene, names = planted("f")
    names.mkdir("z")
    names.mkdir("z/y")
    names.rename("f", "z/y/f")
    assert kinds(scene) == [MakeDirectory, MakeDirectory, MovePath]
    assert same(scene)


def test_what_moves_into_a_moved_directory_comes_after_that(planted: Planted) -> None:
    scene, names = planted("a", "d/f")
    names.rename("d", "z")
    names.rename("a", "z/a")
    assert same_after_cut(scene)


def test_a_directory_emptied_by_moves_and_made_again_keeps_its_place(planted: Planted) -> None:
    scene, names = planted("d/f", "d/g")
    names.rename("d/f", "f")
    names.unlink("d/g")
    names.rmdir("d")
    names.mkdir("d")
    names.rename("f", "d/f")
    assert kinds(scene) == [DeletePath]
    assert same(scene)


def test_directories_beyond_the_longest_path_are_left_out(planted: Planted) -> None:
    scene, _ = planted()
    task = scene.virtual
    top = scene.at("")
    task.chdir(top)
    for _ in range(30):
        task.mkdir("n" * 200)
        task.chdir("n" * 200)
    scene.virtual.write("f", b"too deep")
    effects = scene.cutter.cut()
    assert {type(effect) for effect in effects} == {MakeDirectory}
    assert 10 < len(effects) < 25
    assert set(scene.cutter.left_out.values()) == {"no effect can have such a path"}


def test_thousands_of_levels_do_not_exhaust_the_stack(planted: Planted) -> None:
    scene, _ = planted()
    scene.virtual.chdir(scene.at(""))
    for _ in range(1500):
        scene.virtual.mkdir("n")
        scene.virtual.chdir("n")
    assert len(scene.cut()) == 1500


def same_after_cut(scene: Scene) -> bool:
    scene.cut()
    return same(scene)


def test_a_tree_moved_aside_and_partly_back(planted: Planted) -> None:
    scene, names = planted("d/e/f", "d/g", "d/h/i")
    names.rename("d", "old")
    names.mkdir("d")
    names.rename("old/e", "d/e")
    names.rename("old/g", "d/h")
    shutil.rmtree(scene.native / "old/h")
    scene.virtual.unlink(scene.at("old/h/i"))
    scene.virtual.rmdir(scene.at("old/h"))
    assert same_after_cut(scene)
