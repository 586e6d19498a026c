"""What stands where: views, maps, private directories, mount points."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.sandbox.spec import Map
from shannot.sandbox.vfs import hidden
from shannot.sandbox.vfs.node import Directory
from shannot.sandbox.vfs.rights import Identity
from shannot.sandbox.vfs.tree import build, is_project
from tests.fakes.projects import refused
from tests.fakes.virtual_os import Virtual
from tests.fakes.world import World, spec

YEAR = 365 * 86400
ME = Identity(os.geteuid(), os.getegid(), frozenset(os.getgroups()))


class Places:
    """A home with a project, and the tree of a run in it."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.home = base / "home"
        self.project = self.home / "project"
        self.project.mkdir(parents=True)
        (self.project / "f").write_bytes(b"project")
        self.worlds: list[World] = []

    def run(self, *maps: Map, directory: Path | None = None, **more: object) -> Virtual:
        private = self.base / f"private{len(self.worlds)}"
        world = World(private)
        self.worlds.append(world)
        asked = spec(
            private,
            directory=os.fsencode(directory or self.project),
            home=os.fsencode(self.home),
            maps=maps,
            **more,
        )
        world.tree.close()
        world.use(build(asked, ME, []), asked.limits)
        return Virtual(world)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    made = Places(tmp_path)
    yield made
    for world in made.worlds:
        world.close()


def wanted(
    host: Path, guest: Path | str | None = None, mode: str = "cow", named: bool = False
) -> Map:
    return Map(os.fsencode(host), os.fsencode(guest or host), mode, named)  # type: ignore[arg-type]


def test_the_project_stands_at_its_own_path_and_its_neighbours_do_not(places: Places) -> None:
    (places.home / "private.txt").write_text("x")
    script = places.run()
    assert script.read(str(places.project / "f")) == b"project"
    refused("ENOENT", script.stat, str(places.home / "private.txt"))
    assert script.listdir(str(places.home)) == ["project"]


def test_a_project_below_tmp_stands_on_top_of_the_private_one(places: Places) -> None:
    assert str(places.base).startswith("/tmp"), "the tests' directory"
    script = places.run()
    script.write("/tmp/scratch", b"gone at the end")
    assert script.read(str(places.project / "f")) == b"project"
    assert not os.path.exists("/tmp/scratch")
    node = script.task.existing(-100, b"/tmp/scratch")
    assert node.mount.mode == "private"


def test_private_and_made_directories_are_of_now(places: Places) -> None:
    script = places.run()
    for path in ("/tmp", "/dev/shm", "/dev", "/dev/fd", "/proc"):
        age = time.time() - script.stat(path, follow=False).st_mtime
        assert age < 10 * YEAR, path
    assert script.stat("/tmp").st_mode & 0o7777 == 0o1777


def test_a_directory_on_the_way_looks_like_the_host_s(places: Places) -> None:
    places.home.chmod(0o750)
    script = places.run()
    status = script.stat(str(places.home))
    assert status.st_mode & 0o7777 == 0o750
    assert status.st_uid == os.geteuid()
    assert script.stat("/usr").st_mtime_ns == os.stat("/usr").st_mtime_ns


def test_mount_points_are_neither_removed_nor_renamed(places: Places) -> None:
    inner = places.project / "inner"
    inner.mkdir()
    other = places.base / "other"
    other.mkdir()
    script = places.run(wanted(other, inner))
    refused("EBUSY", script.rmdir, str(inner))
    refused("EBUSY", script.rename, str(inner), str(places.project / "x"))
    refused("EBUSY", script.rmdir, "/")


def test_a_map_below_a_map_shows_its_own_directory(places: Places) -> None:
    other = places.base / "other"
    other.mkdir()
    (other / "o").write_bytes(b"other")
    script = places.run(wanted(other, places.project / "deep" / "er", "ro"))
    assert script.read(str(places.project / "deep/er/o")) == b"other"
    refused("EROFS", script.write, str(places.project / "deep/er/new"), b"")
    assert script.read(str(places.project / "f")) == b"project"
    script.write(str(places.project / "new"), b"x")


def test_a_map_of_one_file_shows_that_file_alone(places: Places) -> None:
    (places.base / "one").write_bytes(b"1")
    (places.base / "two").write_bytes(b"2")
    script = places.run(wanted(places.base / "one", "/srv/one"))
    assert script.listdir("/srv") == ["one"]
    script.write("/srv/one", b"!", os.O_APPEND)
    assert script.read("/srv/one") == b"1!"
    # the directory above is root's: an ordinary user may not, nobody can
    refused("EACCES" if os.geteuid() else "EROFS", script.unlink, "/srv/one")
    refused("ENOENT", script.stat, "/srv/two")


def test_a_hidden_map_takes_a_path_away(places: Places) -> None:
    (places.project / "secret").mkdir()
    (places.project / "secret" / "s").write_bytes(b"s")
    script = places.run(wanted(places.project / "secret", mode="hide"))
    refused("ENOENT", script.stat, str(places.project / "secret"))
    refused("ENOENT", script.stat, str(places.project / "secret" / "s"))
    assert script.listdir(str(places.project)) == ["f"]


def test_a_map_through_a_link_is_judged_by_where_it_leads(places: Places) -> None:
    (places.home / ".ssh").mkdir()
    (places.home / ".ssh" / "known").write_bytes(b"k")
    (places.base / "innocent").symlink_to(places.home / ".ssh")
    for host in (places.home / ".ssh", places.base / "innocent"):
        refused("ENOENT", places.run(wanted(host, "/k")).stat, "/k")


def test_what_the_configuration_names_exactly_shows_and_nothing_else(places: Places) -> None:
    for name in (".ssh", ".aws"):
        (places.home / name).mkdir()
        (places.home / name / "id_rsa").write_bytes(b"key")
    script = places.run(wanted(places.home / ".ssh", "/k", "ro", named=True))
    assert script.read("/k/id_rsa") == b"key"
    script = places.run(wanted(places.home, "/h", "ro", named=True))
    refused("ENOENT", script.stat, "/h/.ssh")
    refused("ENOENT", script.stat, "/h/.aws/id_rsa")


def test_a_hidden_directory_is_never_the_project(places: Places) -> None:
    keys = places.home / ".ssh"
    keys.mkdir()
    (keys / "known_hosts").write_bytes(b"x")
    refused("ENOENT", places.run(directory=keys).stat, str(keys / "known_hosts"))


def test_a_guest_path_through_a_link_goes_where_the_link_leads(places: Places) -> None:
    (places.project / "real").mkdir()
    (places.project / "link").symlink_to("real")
    other = places.base / "other"
    other.mkdir()
    script = places.run(wanted(other, places.project / "link" / "here"))
    assert script.readlink(str(places.project / "link")) == "real"
    assert script.listdir(str(places.project / "real")) == ["here"]


def test_what_was_found_before_a_mount_is_not_remembered(places: Places) -> None:
    world = World(places.base / "private")
    places.worlds.append(world)
    script = Virtual(world)
    refused("ENOENT", script.stat, "/late/f")
    world.tree.map(os.fsencode(places.project), b"/late", _ro(places.project))
    assert script.read("/late/f") == b"project"


def _ro(host: Path):  # type: ignore[no-untyped-def]
    from shannot.sandbox.vfs.node import Mount

    return Mount("ro", os.fsencode(host), steady=True)


def test_a_steady_map_is_looked_up_once(places: Places) -> None:
    world = World(places.base / "private")
    places.worlds.append(world)
    script = Virtual(world)
    world.tree.map(os.fsencode(places.project), b"/lib", _ro(places.project))
    first = world.tree.lookup.find(world.tree.root, b"/lib/f", 0)
    assert world.tree.lookup.find(world.tree.root, b"/lib/f", 0) is first
    refused("ENOENT", script.stat, "/lib/late")
    (places.project / "late").write_bytes(b"")
    refused("ENOENT", script.stat, "/lib/late")


def test_nothing_that_may_change_is_remembered(places: Places) -> None:
    script = places.run()
    path = str(places.project / "f")
    script.stat(path)
    refused("ENOENT", script.stat, "/tmp/x")
    remembered = {path for kept in script.world.tree.lookup._remembered for path in kept}
    assert os.fsencode(path) not in remembered
    assert b"/tmp/x" not in remembered
    script.unlink(path)
    refused("ENOENT", script.stat, path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may read everything")
def test_root_reads_other_users_files_only_where_everybody_may(places: Places) -> None:
    world = World(places.base / "private")
    places.worlds.append(world)
    home = places.base / "alice"
    home.mkdir()
    for name, mode in (("public", 0o644), ("private", 0o600)):
        (home / name).write_bytes(b"x")
        (home / name).chmod(mode)
        os.chown(home / name, 4321, 4321)
    (home / "closed").mkdir(mode=0o700)
    (home / "closed" / "f").write_bytes(b"x")
    os.chown(home / "closed", 4321, 4321)
    from shannot.sandbox.vfs.node import Mount

    world.tree.map(os.fsencode(home), b"/a", Mount("cow", os.fsencode(home)), foreign=True)
    script = Virtual(world)
    assert script.read("/a/public") == b"x"
    refused("EACCES", script.open, "/a/private", os.O_RDONLY)
    refused("EACCES", script.open, "/a/private", os.O_RDWR)
    refused("EACCES", script.access, "/a/private", os.R_OK)
    assert script.stat("/a/closed").st_uid == 4321
    refused("EACCES", script.listdir, "/a/closed")
    refused("EACCES", script.stat, "/a/closed/f")
    refused("EACCES", script.chdir, "/a/closed")
    script.chmod("/a/private", 0o644)
    refused("EACCES", script.open, "/a/private", os.O_RDONLY)


def test_clean_nodes_are_forgotten_and_those_in_use_are_not(places: Places) -> None:
    for directory in range(6):
        (places.project / f"d{directory}").mkdir()
        for number in range(30):
            (places.project / f"d{directory}" / f"f{number}").write_bytes(b"x")
    script = places.run()
    overlay = script.world.overlay
    script.chdir(str(places.project / "d0"))
    held = script.task.cwd
    script.write(str(places.project / "d1" / "f0"), b"changed")
    overlay._known_max = 40
    for directory in range(6):
        for number in range(30):
            script.stat(str(places.project / f"d{directory}" / f"f{number}"))
            overlay._known_max = 40
    root = script.task.existing(-100, os.fsencode(places.project))
    assert isinstance(root, Directory)
    known = sum(
        len(d.seen) for d in (*root.seen.values(), *root.upper.values()) if isinstance(d, Directory)
    )
    assert known < 100
    assert script.task.existing(-100, os.fsencode(places.project / "d0")) is held
    assert script.read(str(places.project / "d1" / "f0")) == b"changed"


def test_what_is_shannot_s_own_is_hidden_wherever_it_stands_and_by_every_path(
    places: Places,
) -> None:
    real = places.base / "real"
    for name in ("state", "settings"):
        (real / name).mkdir(parents=True)
        (real / name / "f").write_text("ours")
    (places.base / "link").symlink_to("real")
    script = places.run(
        wanted(real),
        state=os.fsencode(places.base / "link/state"),
        hidden=[os.fsencode(places.base / "link/settings")],
    )
    for name in ("state", "settings"):
        refused("ENOENT", script.read, str(real / name / "f"))
    assert script.listdir(str(real)) == []


def test_every_mount_of_proc_is_hidden(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    root = places.base / "a root"
    (root / "proc/1").mkdir(parents=True)
    (root / "proc/1/environ").write_text("SECRET=1")
    monkeypatch.setattr(hidden, "MOUNTS", os.fsencode(places.base / "mountinfo"))
    escaped = os.fsencode(root).replace(b" ", rb"\040")
    (places.base / "mountinfo").write_bytes(
        b"30 20 0:25 / %s/proc rw,relatime shared:9 - proc proc rw\n" % escaped
    )
    script = places.run(wanted(root))
    refused("ENOENT", script.read, str(root / "proc/1/environ"))
    assert script.listdir(str(root)) == []


@pytest.mark.parametrize("directory", [b"/", b"/home", b"/home/me", b"/tmp", b"/proc"])
def test_home_and_what_holds_it_are_no_project(directory: bytes) -> None:
    assert not is_project(directory, b"/home/me")


@pytest.mark.parametrize("directory", [b"/home/me/work", b"/home/mention", b"/etc", b"/tmp/work"])
def test_other_directories_are_a_project(directory: bytes) -> None:
    assert is_project(directory, b"/home/me")


def test_what_holds_the_home_directory_is_not_shown(places: Places) -> None:
    (places.base / "neighbour").mkdir()
    (places.base / "neighbour" / "letter").write_text("x")
    script = places.run(directory=places.base)
    refused("ENOENT", script.stat, str(places.base / "neighbour" / "letter"))
