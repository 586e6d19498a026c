"""How changes read: as few effects as say it, in the order in which they can be done."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    ChangeTimes,
    DeletePath,
    Effect,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    Unread,
    WriteFile,
)
from shannot.sandbox.kernel import files
from shannot.sandbox.vfs.changes import Cutter
from shannot.sandbox.vfs.hidden import Hidden
from tests.fakes.scenes import Scene
from tests.fakes.virtual_os import Virtual
from tests.fakes.world import World

LONG_AGO = 1_500_000_000_000_000_000


def held(data: bytes, mode: int = 0o644) -> Fingerprint:
    return Fingerprint("file", mode, hashlib.sha256(data).hexdigest(), len(data))


def leads(target: bytes) -> Fingerprint:
    return Fingerprint("link", 0, hashlib.sha256(target).hexdigest(), len(target))


DIRECTORY = Fingerprint("directory", 0o755)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    umask = os.umask(0o022)
    made = Scene(tmp_path)
    (made.host / "d/sub").mkdir(parents=True)
    (made.host / "d/f").write_bytes(b"one")
    (made.host / "d/sub/g").write_bytes(b"two")
    (made.host / "f").write_bytes(b"old")
    (made.host / "l").symlink_to("f")
    (made.host / "to-d").symlink_to("d")
    try:
        made.begin()
        yield made
        made.close()
    finally:
        os.umask(umask)


def seen(scene: Scene) -> list[Effect]:
    """The effects of a cut, with paths below the host tree."""
    base = f"{scene.host}/"
    found = []
    for effect in scene.cut():
        if isinstance(effect, MovePath):
            effect = replace(effect, source=effect.source.removeprefix(base), entries=())
        if isinstance(effect, MakeLink) and effect.hard:
            effect = replace(effect, target=effect.target.removeprefix(base))
        found.append(replace(effect, path=effect.path.removeprefix(base)))  # type: ignore[arg-type]
    return found


def test_nothing_done_is_nothing(scene: Scene) -> None:
    scene.virtual.read(scene.at("f"))
    scene.virtual.listdir(scene.at("d"))
    assert seen(scene) == []


def test_a_rename_is_one_move(scene: Scene) -> None:
    scene.virtual.rename(scene.at("f"), scene.at("d/new"))
    assert seen(scene) == [MovePath("f", "d/new", held(b"old"))]


def test_a_rename_over_a_file_is_one_move_that_names_what_it_replaces(scene: Scene) -> None:
    scene.virtual.rename(scene.at("f"), scene.at("d/f"))
    assert seen(scene) == [MovePath("f", "d/f", held(b"old"), held(b"one"))]


def test_a_directory_that_moves_with_edits_inside_is_one_move_and_the_edits(scene: Scene) -> None:
    scene.virtual.write(scene.at("d/f"), b"edited")
    scene.virtual.rename(scene.at("d"), scene.at("e"))
    scene.virtual.write(scene.at("e/sub/new"), b"new")
    effects = scene.cut()
    assert isinstance(effects[0], MovePath)
    assert [entry.path for entry in effects[0].entries] == ["f", "sub", "sub/g"]
    assert effects[1:] == [
        WriteFile(scene.at("e/f"), held(b"one"), held(b"edited")),
        WriteFile(scene.at("e/sub/new"), None, held(b"new")),
    ]


def test_a_chain_of_renames_is_one_move_a_cut(scene: Scene) -> None:
    for name, new in (("d", "x"), ("x", "y"), ("y", "z")):
        scene.virtual.rename(scene.at(name), scene.at(new))
    assert seen(scene) == [MovePath("d", "z", DIRECTORY)]
    scene.virtual.rename(scene.at("z/sub/g"), scene.at("z/h"))
    assert seen(scene) == [MovePath("z/sub/g", "z/h", held(b"two"))]
    scene.virtual.rename(scene.at("z"), scene.at("d"))
    assert seen(scene) == [MovePath("z", "d", DIRECTORY)]


def test_a_rename_there_and_back_is_nothing(scene: Scene) -> None:
    scene.virtual.rename(scene.at("d"), scene.at("x"))
    scene.virtual.rename(scene.at("x"), scene.at("d"))
    assert seen(scene) == []


def test_a_file_moved_away_and_a_new_one_under_its_name(scene: Scene) -> None:
    scene.virtual.rename(scene.at("f"), scene.at("f~"))
    scene.virtual.write(scene.at("f"), b"new")
    assert seen(scene) == [
        MovePath("f", "f~", held(b"old")),
        WriteFile("f", None, held(b"new")),
    ]


def test_two_files_that_swap_keep_everything_by_one_move_more(scene: Scene) -> None:
    scene.virtual.rename(scene.at("f"), scene.at("d/f"), flags=2)
    assert seen(scene) == [
        MovePath("d/f", "d/.shannot-aside-1", held(b"one")),
        MovePath("f", "d/f", held(b"old")),
        MovePath("d/.shannot-aside-1", "f", held(b"one")),
    ]


def test_a_directory_moves_into_a_new_one_of_its_name(scene: Scene) -> None:
    scene.virtual.rename(scene.at("d"), scene.at("t"))
    scene.virtual.mkdir(scene.at("d"), 0o755)
    scene.virtual.rename(scene.at("t"), scene.at("d/old"))
    assert seen(scene) == [
        MovePath("d", ".shannot-aside-1", DIRECTORY),
        MakeDirectory("d", 0o755),
        MovePath(".shannot-aside-1", "d/old", DIRECTORY),
    ]


def test_a_name_that_looks_temporary_is_left_to_the_script(scene: Scene) -> None:
    scene.virtual.write(scene.at(".shannot-aside-1"), b"mine")
    scene.virtual.rename(scene.at("f"), scene.at("l"), flags=2)
    scene.cut()
    scene.execute()
    assert (scene.host / ".shannot-aside-1").read_bytes() == b"mine"
    assert (scene.host / "l").read_bytes() == b"old"
    assert os.readlink(scene.host / "f") == "f"


def test_old_contents_written_again_are_nothing(scene: Scene) -> None:
    scene.virtual.write(scene.at("f"), b"old")
    scene.virtual.write(scene.at("tmp"), b"one")
    scene.virtual.rename(scene.at("tmp"), scene.at("d/f"))
    scene.virtual.unlink(scene.at("l"))
    scene.virtual.symlink("f", scene.at("l"))
    assert seen(scene) == []


def test_made_and_deleted_leaves_nothing(scene: Scene) -> None:
    scene.virtual.write(scene.at("new"), b"")
    scene.virtual.unlink(scene.at("new"))
    scene.virtual.mkdir(scene.at("made"))
    scene.virtual.write(scene.at("made/x"), b"")
    scene.virtual.unlink(scene.at("made/x"))
    scene.virtual.rmdir(scene.at("made"))
    assert seen(scene) == []


def test_a_temporary_file_renamed_over_its_target_is_one_write(scene: Scene) -> None:
    scene.virtual.write(scene.at("f.tmp"), b"new")
    scene.virtual.rename(scene.at("f.tmp"), scene.at("f"))
    assert seen(scene) == [WriteFile("f", held(b"old"), held(b"new"))]


def test_a_backup_that_is_deleted_after_the_write_leaves_one_write(scene: Scene) -> None:
    scene.virtual.rename(scene.at("f"), scene.at("f~"))
    scene.virtual.write(scene.at("f"), b"new")
    scene.virtual.unlink(scene.at("f~"))
    assert seen(scene) == [WriteFile("f", held(b"old"), held(b"new"))]


def test_a_mode_alone_is_one_change_of_mode(scene: Scene) -> None:
    scene.virtual.chmod(scene.at("f"), 0o4755)
    scene.virtual.chmod(scene.at("d"), 0o700)
    assert seen(scene) == [ChangeMode("f", 0o644, 0o4755), ChangeMode("d", 0o755, 0o700)]


def test_a_mode_with_a_write_stands_in_the_write(scene: Scene) -> None:
    scene.virtual.write(scene.at("f"), b"new")
    scene.virtual.chmod(scene.at("f"), 0o4755)
    assert seen(scene) == [WriteFile("f", held(b"old"), held(b"new", 0o4755))]


def test_a_directory_is_closed_to_its_owner_after_it_was_filled(scene: Scene) -> None:
    scene.virtual.write(scene.at("d/new"), b"new")
    scene.virtual.chmod(scene.at("d"), 0o555)
    assert seen(scene) == [
        WriteFile("d/new", None, held(b"new")),
        ChangeMode("d", 0o755, 0o555),
    ]


def test_a_tree_removed_is_one_deletion_with_all_entries(scene: Scene) -> None:
    for name in ("d/f", "d/sub/g"):
        scene.virtual.unlink(scene.at(name))
    for name in ("d/sub", "d"):
        scene.virtual.rmdir(scene.at(name))
    (effect,) = scene.cut()
    assert isinstance(effect, DeletePath)
    assert [(entry.path, entry.fingerprint) for entry in effect.entries] == [
        ("f", held(b"one")),
        ("sub", DIRECTORY),
        ("sub/g", held(b"two")),
    ]


def test_what_moved_out_of_a_removed_tree_leaves_before_it_goes(scene: Scene) -> None:
    scene.virtual.rename(scene.at("d/sub/g"), scene.at("kept"))
    scene.virtual.rmdir(scene.at("d/sub"))
    scene.virtual.unlink(scene.at("d/f"))
    scene.virtual.rmdir(scene.at("d"))
    effects = scene.cut()
    assert [type(effect) for effect in effects] == [MovePath, DeletePath]
    assert isinstance(effects[1], DeletePath)
    assert [entry.path for entry in effects[1].entries] == ["f", "sub"]


def test_writes_before_and_after_a_command_are_two_that_chain(scene: Scene) -> None:
    scene.virtual.write(scene.at("f"), b"first")
    first = seen(scene)
    scene.virtual.write(scene.at("f"), b"second")
    assert first == [WriteFile("f", held(b"old"), held(b"first"))]
    assert seen(scene) == [WriteFile("f", held(b"first"), held(b"second"))]
    assert seen(scene) == []


def test_directories_are_made_from_the_top(scene: Scene) -> None:
    for name in ("x", "x/y", "x/y/z"):
        scene.virtual.mkdir(scene.at(name), 0o755)
    scene.virtual.write(scene.at("x/y/z/w"), b"new")
    assert seen(scene) == [
        MakeDirectory("x", 0o755),
        MakeDirectory("x/y", 0o755),
        MakeDirectory("x/y/z", 0o755),
        WriteFile("x/y/z/w", None, held(b"new")),
    ]


def test_second_names_are_links_also_when_written_after_the_cut(scene: Scene) -> None:
    scene.virtual.write(scene.at("a"), b"new")
    scene.virtual.link(scene.at("a"), scene.at("b"))
    assert seen(scene) == [
        WriteFile("a", None, held(b"new")),
        MakeLink("b", "a", hard=True),
    ]
    scene.virtual.write(scene.at("b"), b"newer")
    assert seen(scene) == [
        DeletePath("b", held(b"new")),
        WriteFile("a", held(b"new"), held(b"newer")),
        MakeLink("b", "a", hard=True),
    ]
    scene.execute()
    assert os.path.samefile(scene.host / "a", scene.host / "b")
    assert (scene.host / "b").read_bytes() == b"newer"


def test_a_link_to_a_file_of_the_host_needs_no_contents(scene: Scene) -> None:
    scene.virtual.link(scene.at("f"), scene.at("d/second"))
    assert seen(scene) == [MakeLink("d/second", "f", hard=True)]


def test_times_that_the_script_set_are_kept(scene: Scene) -> None:
    scene.virtual.utime(scene.at("f"), (LONG_AGO, LONG_AGO))
    scene.virtual.write(scene.at("new"), b"new")
    scene.virtual.utime(scene.at("new"), (LONG_AGO, LONG_AGO))
    scene.virtual.mkdir(scene.at("made"), 0o755)
    scene.virtual.utime(scene.at("made"), (LONG_AGO, LONG_AGO))
    assert seen(scene) == [
        ChangeTimes("f", LONG_AGO),
        MakeDirectory("made", 0o755, LONG_AGO),
        WriteFile("new", None, held(b"new"), LONG_AGO),
    ]


def test_times_that_a_later_write_changed_are_not(scene: Scene) -> None:
    number = scene.virtual.open(scene.at("f"), os.O_WRONLY)
    scene.virtual.utime(scene.at("f"), (LONG_AGO, LONG_AGO))
    os.write(number, b"new")
    os.close(number)
    scene.virtual.utime(scene.at("d"), (LONG_AGO, LONG_AGO))
    scene.virtual.unlink(scene.at("d/f"))
    assert seen(scene) == [
        WriteFile("f", held(b"old"), held(b"new")),
        DeletePath("d/f", held(b"one")),
    ]


def test_a_link_to_a_directory_that_is_replaced_by_a_directory(scene: Scene) -> None:
    scene.virtual.unlink(scene.at("to-d"))
    scene.virtual.mkdir(scene.at("to-d"), 0o755)
    scene.virtual.write(scene.at("to-d/x"), b"new")
    assert seen(scene) == [
        DeletePath("to-d", leads(b"d")),
        MakeDirectory("to-d", 0o755),
        WriteFile("to-d/x", None, held(b"new")),
    ]


def test_a_link_that_is_replaced_by_a_file_and_a_link_that_leads_elsewhere(scene: Scene) -> None:
    scene.virtual.unlink(scene.at("l"))
    scene.virtual.write(scene.at("l"), b"new")
    scene.virtual.unlink(scene.at("to-d"))
    scene.virtual.symlink("e", scene.at("to-d"))
    assert seen(scene) == [
        WriteFile("l", leads(b"f"), held(b"new")),
        MakeLink("to-d", "e", leads(b"d")),
    ]


def test_names_that_no_text_can_hold_survive(scene: Scene) -> None:
    name = os.fsdecode(b"new\nline \xff")
    scene.virtual.write(scene.at(name), b"new")
    assert seen(scene) == [WriteFile(name, None, held(b"new"))]
    scene.execute()
    assert (scene.host / name).read_bytes() == b"new"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_an_owner_is_one_change_of_owner(scene: Scene) -> None:
    scene.virtual.chown(scene.at("f"), 12, 34)
    scene.virtual.write(scene.at("tmp"), b"new")
    scene.virtual.rename(scene.at("tmp"), scene.at("d/f"))
    assert seen(scene) == [
        ChangeOwner("f", (0, 0), (12, 34)),
        WriteFile("d/f", held(b"one"), held(b"new")),
    ]


def test_what_is_private_or_read_only_leaves_nothing(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "ro").mkdir()
    scene.world.map(tmp_path / "ro", "/ro", "ro")
    scene.world.tree.private(b"/scratch")
    scene.world.tree.lookup.forget()
    scene.virtual.write("/scratch/x", b"new")
    with pytest.raises(OSError) as caught:
        scene.virtual.write("/ro/x", b"new")
    assert caught.value.errno == errno.EROFS
    assert seen(scene) == []


def test_effects_name_the_path_on_the_host_whatever_the_script_calls_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    (scene.host / "f").write_bytes(b"old")
    scene.begin(guest=Path("/elsewhere"))
    scene.virtual.write("/elsewhere/f", b"new")
    scene.virtual.rename("/elsewhere/f", "/elsewhere/g")
    assert seen(scene) == [
        MovePath("f", "g", held(b"old")),
        WriteFile("g", held(b"old"), held(b"new")),
    ]
    scene.close()


def test_a_single_file_that_is_mapped_is_written_alone(scene: Scene, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_bytes(b"old")
    script.chmod(0o644)
    scene.world.map(script, "/somewhere/else.py")
    scene.virtual.write("/somewhere/else.py", b"new")
    assert scene.cut() == [WriteFile(str(script), held(b"old"), held(b"new"))]
    assert scene.cut() == []
    scene.virtual.chmod("/somewhere/else.py", 0o755)
    assert scene.cut() == [ChangeMode(str(script), 0o644, 0o755)]


def test_a_file_that_is_mapped_inside_a_mount_cannot_be_removed(scene: Scene) -> None:
    scene.world.map(scene.host / "d/f", scene.at("d/f"), "ro")
    with pytest.raises(OSError) as caught:
        scene.virtual.unlink(scene.at("d/f"))
    assert caught.value.errno == errno.EBUSY
    with pytest.raises(OSError) as caught:
        scene.virtual.rename(scene.at("f"), scene.at("d/f"))
    assert caught.value.errno == errno.EBUSY
    assert seen(scene) == []


def test_the_whole_machine_may_be_mapped(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    (scene.host / "f").write_bytes(b"old")
    scene.begin()
    scene.world.close()
    world = World(tmp_path / "other")
    world.map(Path("/"), "/")
    virtual = Virtual(world)
    virtual.write(scene.at("f"), b"new")
    virtual.mkdir(scene.at("d"), 0o755)
    cutter = Cutter(world.tree.changeable, world.overlay, scene.blobs)
    assert [effect.path for effect in cutter.cut()] == [scene.at("d"), scene.at("f")]  # type: ignore[union-attr]
    assert not cutter.left_out
    if os.geteuid() == 0:
        virtual.chmod("/", 0o700)
        assert cutter.cut() == []
        assert list(cutter.left_out) == [b"/"]
    scene.close()


def test_what_is_made_privately_and_renamed_into_the_project_is_new_there(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    (scene.host / "f").write_bytes(b"old")
    scene.begin()
    scene.world.tree.private(os.fsencode(tmp_path / "blobs"))
    scene.world.tree.lookup.forget()
    private = str(tmp_path / "blobs")
    scene.virtual.write(f"{private}/x", b"new")
    scene.virtual.rename(f"{private}/x", scene.at("f"))
    scene.virtual.mkdir(f"{private}/d", 0o755)
    scene.virtual.write(f"{private}/d/x", b"new")
    scene.virtual.rename(f"{private}/d", scene.at("d"))
    assert seen(scene) == [
        MakeDirectory("d", 0o755),
        WriteFile("f", held(b"old"), held(b"new")),
        WriteFile("d/x", None, held(b"new")),
    ]
    scene.close()


def test_the_mapped_directory_itself_changes_its_mode(scene: Scene) -> None:
    scene.virtual.chmod(str(scene.host), 0o700)
    assert scene.cut() == [ChangeMode(str(scene.host), 0o755, 0o700)]


def test_a_mount_inside_a_mount_is_compared_for_itself(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    scene.world.map(tmp_path / "other", scene.at("d/sub"))
    scene.virtual.write(scene.at("d/sub/new"), b"new")
    scene.virtual.write(scene.at("d/f"), b"new")
    written = [effect.path for effect in scene.cut()]  # type: ignore[union-attr]  # no command
    assert written == [scene.at("d/f"), str(tmp_path / "other/new")]


def test_what_is_hidden_by_the_user_is_never_deleted(scene: Scene) -> None:
    scene.world.tree.hide(os.fsencode(scene.at("d/f")))
    scene.world.tree.lookup.forget()
    scene.virtual.write(scene.at("d/new"), b"new")
    assert seen(scene) == [WriteFile("d/new", None, held(b"new"))]


def test_what_is_always_hidden_is_in_no_entry(tmp_path: Path) -> None:
    scene = Scene(tmp_path, hidden=Hidden())
    (scene.host / "d").mkdir()
    (scene.host / "d/.env").write_bytes(b"secret")
    (scene.host / "d/f").write_bytes(b"one")
    scene.begin()
    scene.virtual.rename(scene.at("d"), scene.at("e"))
    (effect,) = scene.cut()
    assert isinstance(effect, MovePath)
    assert [entry.path for entry in effect.entries] == ["f"]
    assert effect.unread == (Unread(".env", "file"),)
    scene.close()


def plant_unread(d: Path) -> None:
    """What no script reads, at two depths."""
    (d / "sub/.ssh/keys").mkdir(parents=True)
    (d / "sub/.ssh/keys/one").write_bytes(b"secret")
    (d / ".env").write_bytes(b"secret")
    os.mkfifo(d / "sub/pipe")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(d / "socket"))
    (d / "f").write_bytes(b"one")


def test_what_is_hidden_moves_along_with_its_directory(tmp_path: Path) -> None:
    scene = Scene(tmp_path, hidden=Hidden())
    scene.begin()
    plant_unread(scene.host / "d")
    scene.virtual.rename(scene.at("d"), scene.at("e"))
    (effect,) = scene.cut()
    assert isinstance(effect, MovePath)
    assert [(u.path, u.kind, u.below) for u in effect.unread] == [
        (".env", "file", 0),
        ("socket", "socket", 0),
        ("sub/.ssh", "directory", 2),
        ("sub/pipe", "pipe", 0),
    ]
    assert "secret" not in str(effect)
    assert "keys" not in str(effect)
    scene.execute()
    assert sorted(os.listdir(scene.host)) == ["e"]
    assert (scene.host / "e/sub/.ssh/keys/one").read_bytes() == b"secret"
    assert sorted(os.listdir(scene.host / "e")) == [".env", "f", "socket", "sub"]
    scene.close()


def test_what_is_hidden_moves_along_again_after_a_cut(tmp_path: Path) -> None:
    scene = Scene(tmp_path, hidden=Hidden())
    (scene.host / "d/in").mkdir(parents=True)
    (scene.host / "d/in/.env").write_bytes(b"secret")
    scene.begin()
    scene.virtual.rename(scene.at("d"), scene.at("e"))
    scene.cut()
    scene.virtual.rename(scene.at("e/in"), scene.at("out"))
    (effect,) = scene.cut()
    assert isinstance(effect, MovePath)
    assert effect.unread == (Unread(".env", "file"),)
    scene.execute()
    assert (scene.host / "out/.env").read_bytes() == b"secret"
    assert os.listdir(scene.host / "e") == []
    scene.close()


def test_a_writer_that_is_still_open_is_seen_at_the_next_cut(scene: Scene) -> None:
    number = scene.virtual.open(scene.at("f"), os.O_WRONLY | os.O_TRUNC)
    os.write(number, b"first")
    assert seen(scene) == [WriteFile("f", held(b"old"), held(b"first"))]
    os.write(number, b" and second")
    assert seen(scene) == [WriteFile("f", held(b"first"), held(b"first and second"))]
    os.pwrite(number, b"F", 0)
    assert seen(scene) == [WriteFile("f", held(b"first and second"), held(b"First and second"))]
    os.close(number)


def test_a_shared_mapping_is_read_at_every_cut(scene: Scene) -> None:
    import mmap

    number = scene.virtual.open(scene.at("f"), os.O_RDWR)
    files.mmap_shared(scene.virtual.task, 0, number)
    with mmap.mmap(number, 3) as mapped:
        mapped[0:1] = b"O"
        assert seen(scene) == [WriteFile("f", held(b"old"), held(b"Old"))]
        mapped[0:1] = b"U"
        assert seen(scene) == [WriteFile("f", held(b"Old"), held(b"Uld"))]
    os.close(number)


def test_a_file_that_has_no_name_left_is_nothing(scene: Scene) -> None:
    number = scene.virtual.open(scene.at("new"), os.O_RDWR | os.O_CREAT)
    scene.virtual.unlink(scene.at("new"))
    os.write(number, b"new")
    assert seen(scene) == []
    number = scene.virtual.open(scene.at("f"), os.O_RDWR)
    scene.virtual.unlink(scene.at("f"))
    os.write(number, b"new")
    assert seen(scene) == [DeletePath("f", held(b"old"))]


def test_a_sparse_file_stays_sparse(scene: Scene) -> None:
    number = scene.virtual.open(scene.at("new"), os.O_RDWR | os.O_CREAT, 0o644)
    os.ftruncate(number, 64 << 20)
    (effect,) = scene.cut()
    assert isinstance(effect, WriteFile)
    assert effect.after.size == 64 << 20
    assert os.stat(scene.base / "blobs" / effect.after.sha256).st_blocks < 1000


def test_a_file_that_somebody_else_removed_is_a_new_one(scene: Scene) -> None:
    scene.virtual.write(scene.at("f"), b"new")
    (scene.host / "f").unlink()
    assert seen(scene) == [WriteFile("f", None, held(b"new"))]


def test_a_file_that_somebody_else_changed_is_compared_with_what_it_is_now(scene: Scene) -> None:
    scene.virtual.write(scene.at("f"), b"new")
    (scene.host / "f").write_bytes(b"theirs")
    assert seen(scene) == [WriteFile("f", held(b"theirs"), held(b"new"))]


def test_a_directory_that_somebody_else_removed_is_made_again(scene: Scene) -> None:
    scene.virtual.write(scene.at("d/sub/new"), b"new")
    (scene.host / "d/sub/g").unlink()
    (scene.host / "d/sub").rmdir()
    effects = seen(scene)
    assert MakeDirectory("d/sub", 0o755) in effects
    assert WriteFile("d/sub/new", None, held(b"new")) in effects


def left_out(scene: Scene) -> dict[str, str]:
    """What a cut says of names below the host tree that no effect can say."""
    base = f"{scene.host}/"
    told = scene.cutter.left_out.items()
    return {os.fsdecode(path).removeprefix(base): reason for path, reason in told}


def replaced(scene: Scene, name: str, contents: bytes | None) -> None:
    """Somebody else moves it away and makes a file or a directory of the name."""
    (scene.host / name).rename(scene.base / "away")
    if contents is None:
        (scene.host / name).mkdir()
        (scene.host / name / "theirs").write_bytes(b"theirs")
    else:
        (scene.host / name).write_bytes(contents)


def test_a_file_that_took_a_removed_directorys_place_is_not_deleted(scene: Scene) -> None:
    (scene.host / "empty").mkdir()
    scene.virtual.listdir(scene.at("empty"))
    replaced(scene, "empty", b"theirs")
    scene.virtual.rmdir(scene.at("empty"))
    scene.virtual.write(scene.at("f"), b"new")
    assert scene.cutter.cut() == [WriteFile(scene.at("f"), held(b"old"), held(b"new"))]
    assert left_out(scene) == {"empty": "the script saw a directory; now it is a file"}


@pytest.mark.parametrize("change", ["unlink", "write", "replace"])
def test_a_directory_that_took_a_changed_files_place_is_not_deleted(
    scene: Scene, change: str
) -> None:
    if change == "unlink":
        scene.virtual.unlink(scene.at("f"))
    elif change == "write":
        scene.virtual.write(scene.at("f"), b"new")
    else:
        scene.virtual.rename(scene.at("d/f"), scene.at("f"))
    replaced(scene, "f", None)
    assert not any(effect.path == scene.at("f") for effect in scene.cutter.cut())  # type: ignore[union-attr]
    assert left_out(scene)["f"] == "the script saw a file; now it is a directory"


def test_a_file_that_took_a_directorys_place_does_not_go_for_what_was_written_into_that(
    scene: Scene,
) -> None:
    scene.virtual.write(scene.at("d/sub/new"), b"new")
    replaced(scene, "d", b"theirs")
    assert scene.cutter.cut() == []
    assert left_out(scene)["d"] == "a file that the script did not see stands there"


def test_a_link_that_took_a_files_place_is_not_deleted(scene: Scene) -> None:
    scene.virtual.unlink(scene.at("f"))
    (scene.host / "f").unlink()
    (scene.host / "f").symlink_to("d/f")
    assert scene.cutter.cut() == []
    assert left_out(scene) == {"f": "the script saw a file; now it is a link"}


def test_a_removed_directory_that_somebody_else_fills_is_not_deleted(scene: Scene) -> None:
    """Even where the same names went, and the whole directory was made again."""
    for again in (False, True):
        scene.virtual.unlink(scene.at("d/sub/g"))
        scene.virtual.rmdir(scene.at("d/sub"))
        if again:
            scene.virtual.mkdir(scene.at("d/sub"))
        (scene.host / "d/sub/theirs").write_bytes(b"theirs")
        effects = scene.cutter.cut()
        if again:
            assert effects == [DeletePath(scene.at("d/sub/g"), held(b"two"))]
            reason = "a file that the script did not see stands there"
            assert left_out(scene) == {"d/sub/theirs": reason}
        else:
            assert effects == []
            assert left_out(scene) == {"d/sub": "it holds what came while the script ran"}
            scene.cutter.left_out.clear()
            (scene.host / "d/sub/theirs").unlink()
            scene.virtual.mkdir(scene.at("d/sub"))
            scene.virtual.write(scene.at("d/sub/g"), b"two")


def test_what_somebody_else_made_under_a_name_that_came_and_went_is_not_deleted(
    scene: Scene,
) -> None:
    scene.virtual.write(scene.at("lock"), b"mine")
    (scene.host / "lock").write_bytes(b"theirs")
    scene.virtual.unlink(scene.at("lock"))
    assert scene.cut() == []


def test_a_directory_that_somebody_else_made_under_a_new_files_name_is_not_deleted(
    scene: Scene,
) -> None:
    scene.virtual.write(scene.at("new"), b"mine")
    (scene.host / "new").mkdir()
    (scene.host / "new/theirs").write_bytes(b"theirs")
    assert scene.cutter.cut() == []
    assert left_out(scene) == {"new": "a directory that the script did not see stands there"}


def test_a_file_found_again_under_a_name_that_came_and_went_is_deleted(scene: Scene) -> None:
    scene.virtual.write(scene.at("new"), b"mine")
    scene.virtual.unlink(scene.at("new"))
    (scene.host / "new").write_bytes(b"theirs")
    assert scene.virtual.read(scene.at("new")) == b"theirs"
    scene.virtual.unlink(scene.at("new"))
    assert seen(scene) == [DeletePath("new", held(b"theirs"))]


def test_every_name_of_a_linked_file_is_deleted_though_one_alone_was_looked_up(
    scene: Scene,
) -> None:
    os.link(scene.host / "f", scene.host / "d/second")
    scene.virtual.write(scene.at("f"), b"new")
    scene.virtual.unlink(scene.at("d/second"))
    scene.virtual.unlink(scene.at("f"))
    assert {effect.path for effect in scene.cut()} == {scene.at("f"), scene.at("d/second")}  # type: ignore[union-attr]


def test_what_cannot_be_read_is_left_out_and_told(scene: Scene, tmp_path: Path) -> None:
    for name in ("d/f", "d/sub/g"):
        scene.virtual.unlink(scene.at(name))
    for name in ("d/sub", "d"):
        scene.virtual.rmdir(scene.at(name))
    scene.virtual.write(scene.at("f"), b"new")
    (scene.host / "d/f").unlink()
    os.mkfifo(scene.host / "d/f")
    assert [type(effect) for effect in scene.cutter.cut()] == [WriteFile]
    assert scene.cutter.left_out == {
        os.fsencode(scene.at("d")): "it holds a pipe that the script cannot read"
    }


def test_a_cut_reads_no_more_than_the_layer_may_have_holes_included(scene: Scene) -> None:
    scene.world.overlay.capacity = 1000
    for name in ("a", "b", "c"):
        scene.virtual.write(scene.at(name), b"x")
    for name, size in (("a", 1 << 40), ("b", 800), ("c", 800)):
        number = scene.virtual.open(scene.at(name), os.O_WRONLY)
        os.ftruncate(number, size)
        os.close(number)
    assert [effect.path for effect in scene.cutter.cut()] == [scene.at("b")]  # type: ignore[union-attr]
    assert list(scene.cutter.left_out) == [os.fsencode(scene.at(name)) for name in ("a", "c")]


def test_the_last_cut_names_what_is_spooled_instead_of_copying_it(scene: Scene) -> None:
    """Small, large, twice the same: all of it can be read once the layer is gone."""
    large = os.urandom(300_000)
    for name, data in (("a", b"new"), ("b", b"new"), ("c", large), ("e", b"")):
        scene.virtual.write(scene.at(name), data)
    effects = scene.cutter.cut(last=True)
    spool = scene.world.overlay.spool_
    assert spool is not None
    for left in Path(os.fsdecode(spool.path)).iterdir():
        left.unlink()
    kept = {
        effect.path.rpartition("/")[2]: scene.blobs.read(effect.after.sha256, 1 << 20)
        for effect in effects
        if isinstance(effect, WriteFile)
    }
    assert kept == {"a": b"new", "b": b"new", "c": large, "e": b""}
