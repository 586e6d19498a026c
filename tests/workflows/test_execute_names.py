"""Files of several names (hard links): what is recorded, told, and done."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.effects.model import ChangeMode, ChangeOwner, DeletePath, MakeLink, WriteFile
from shannot.effects.plan import Plan
from shannot.effects.warnings import warnings
from shannot.errors import UnsuccessfulError
from tests.fakes.scenes import Scene
from tests.sessions.worlds import World, fingerprint

OLD, NEW = b"old\n", b"new\n"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """`a` and `b` are one file; it has a third name outside of what the script sees."""
    umask = os.umask(0o022)
    made = Scene(tmp_path / "scene")
    (made.host / "a").write_bytes(OLD)
    os.link(made.host / "a", made.host / "b")
    os.link(made.host / "a", tmp_path / "outside")
    try:
        made.begin()
        yield made
        made.close()
    finally:
        os.umask(umask)


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "world").mkdir()
    made = World(tmp_path / "world")
    (made.tree / "a").write_bytes(OLD)
    os.link(made.tree / "a", made.tree / "b")
    return made


def written(world: World, others: int = 1) -> WriteFile:
    before = fingerprint(world.tree / "a")
    (world.native / "a").write_bytes(NEW)
    return WriteFile(str(world.tree / "a"), before, fingerprint(world.native / "a"), None, others)


def test_a_write_finds_the_other_names_that_show_and_says_how_many_do_not(scene: Scene) -> None:
    scene.virtual.write(scene.at("a"), NEW)
    effects = scene.cut()
    assert [(type(effect), effect.path) for effect in effects] == [
        (DeletePath, scene.at("b")),
        (WriteFile, scene.at("a")),
        (MakeLink, scene.at("b")),
    ]
    assert isinstance(effects[1], WriteFile)
    assert effects[1].other_names == 1
    assert "1 other name (hard link), not in this plan" in str(warnings(Plan((effects[1],))))


def test_a_write_to_one_name_changes_all_that_stand_in_the_tree(scene: Scene) -> None:
    (scene.base.parent / "outside").unlink()
    (scene.host / "deep" / "down").mkdir(parents=True)
    os.link(scene.host / "a", scene.host / "deep" / "down" / "c")
    scene.virtual.write(scene.at("b"), NEW)
    scene.virtual.chmod(scene.at("b"), 0o640)
    scene.cut()
    assert scene.cut() == []
    scene.virtual.write(scene.at("deep/down/c"), NEW + NEW)
    scene.cut()
    scene.execute()
    names = [scene.host / "a", scene.host / "b", scene.host / "deep" / "down" / "c"]
    assert {path.stat().st_ino for path in names} == {names[0].stat().st_ino}
    assert (names[0].stat().st_nlink, names[0].read_bytes()) == (3, NEW + NEW)
    assert stat.S_IMODE(names[0].stat().st_mode) == 0o640


def test_a_write_to_known_names_makes_them_again_and_counts_the_rest(scene: Scene) -> None:
    scene.virtual.stat(scene.at("b"))
    scene.virtual.write(scene.at("a"), NEW)
    assert scene.virtual.read(scene.at("b")) == NEW
    written = [(type(e), getattr(e, "other_names", None)) for e in scene.cut()]
    assert (WriteFile, 1) in written
    assert {kind for kind, _ in written} <= {WriteFile, DeletePath, MakeLink}


def test_a_mode_is_that_of_all_names_which_is_told(scene: Scene) -> None:
    scene.virtual.chmod(scene.at("a"), 0o600)
    (effect,) = scene.cut()
    assert effect == ChangeMode(scene.at("a"), 0o644, 0o600, 2)
    (lines,) = warnings(Plan((effect,)))
    assert "the file has 2 other names (hard links), wherever they stand" in lines[0]
    scene.execute()
    assert stat.S_IMODE((scene.base.parent / "outside").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_an_owner_is_that_of_all_names_which_is_told(scene: Scene) -> None:
    scene.virtual.chown(scene.at("a"), 12345, 0)
    (effect,) = scene.cut()
    assert effect == ChangeOwner(scene.at("a"), (0, 0), (12345, 0), 2)
    scene.execute()
    assert (scene.base.parent / "outside").stat().st_uid == 12345


def test_a_name_that_is_taken_away_leaves_the_others_as_they_are(scene: Scene) -> None:
    scene.virtual.unlink(scene.at("a"))
    scene.virtual.write(scene.at("a"), NEW)
    scene.cut()
    scene.execute()
    assert (scene.host / "b").read_bytes() == OLD
    assert (scene.base.parent / "outside").read_bytes() == OLD
    assert (scene.host / "a").read_bytes() == NEW


def test_a_write_that_would_part_names_is_refused_before_anything_is_done(world: World) -> None:
    session = world.approved(world.session([written(world)], [NEW]))
    with pytest.raises(UnsuccessfulError, match=r"it has 2 names \(hard links\)"):
        world.execute(session)
    assert (world.tree / "a").read_bytes() == OLD


def test_a_name_that_a_command_of_the_plan_gives_is_not_parted_either(world: World) -> None:
    (world.tree / "b").unlink()
    recorder = world.recorder()
    recorder.run("ln", "a", "b")
    session = world.approved(world.session([*recorder.effects, written(world, 0)], [NEW]))
    result, _, _ = world.execute(session)
    assert [item.state for item in result.results] == ["done", "failed"]
    assert "it has 2 names" in result.results[1].message
    assert (world.tree / "a").read_bytes() == (world.tree / "b").read_bytes() == OLD


def test_a_mode_is_not_changed_under_names_that_nobody_was_told_of(world: World) -> None:
    change = ChangeMode(str(world.tree / "a"), 0o644, 0o600)
    (world.tree / "a").chmod(0o644)
    with pytest.raises(UnsuccessfulError, match=r"it has 2 names \(hard links\) now, not 1"):
        world.execute(world.approved(world.session([change])))
    (world.tree / "b").unlink()
    assert world.execute(world.approved(world.session([change])))[0].succeeded


def test_a_command_of_the_plan_may_give_no_names_to_what_is_changed(world: World) -> None:
    (world.tree / "b").unlink()
    (world.tree / "a").chmod(0o644)
    recorder = world.recorder()
    recorder.run("ln", "a", "b")
    change = ChangeMode(str(world.tree / "a"), 0o644, 0o600)
    result, _, _ = world.execute(world.approved(world.session([*recorder.effects, change])))
    assert result.results[1].message.endswith("it has 2 names (hard links) now, not 1")
