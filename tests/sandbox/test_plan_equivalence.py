"""A plan, executed, makes of the host what the same operations make of a plain copy."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.scenes import Picture, Scene, picture
from tests.fakes.virtual_os import Virtual

EXAMPLES = int(os.environ.get("SHANNOT_PLAN_EXAMPLES", "80"))
MAX_STEPS = int(os.environ.get("SHANNOT_PLAN_STEPS", "25"))
NAMES = ("a", "b", "c", os.fsdecode(b"\xff\n"))
CONTENTS = (b"", b"x", b"line\n" * 30, b"\0" * 9000)
# A write of an ordinary user's takes the set-user-id bit away, which the layer does not do.
FILE_MODES = (0o644, 0o600, 0o755, 0o4711 if os.geteuid() == 0 else 0o711, 0o444)
DIRECTORY_MODES = (0o755, 0o700, 0o2775, 0o1777, 0o555)
TIMES = (0, 1_500_000_000_123_456_789)


class Both:
    """Does each operation natively to the copy, and through the handlers as the script."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.script: Virtual = scene.virtual
        self.writers: list[tuple[int, int]] = []
        self.pictures: list[Picture] = []
        self.linked = {
            status.st_ino
            for status in (os.lstat(scene.native / name) for name in self.found("file"))
            if status.st_nlink > 1
        }

    def found(self, want: str) -> list[str]:
        names = []
        for directory, below, files in os.walk(self.scene.native):
            for name in below + files:
                path = Path(directory, name)
                kind = "link" if path.is_symlink() else "directory" if path.is_dir() else "file"
                if want == "writable":
                    # A file of several names on the host is not changed: the plan has that under
                    # the names that the script looked up alone, and its execution is refused.
                    if kind == "file" and os.lstat(path).st_ino not in self.linked:
                        names.append(str(path.relative_to(self.scene.native)))
                elif want in (kind, "any") or (want == "entry" and kind != "directory"):
                    names.append(str(path.relative_to(self.scene.native)))
        return sorted(names)

    def free(self) -> list[str]:
        directories = ["", *(f"{name}/" for name in self.found("directory"))]
        every = (directory + name for directory in directories for name in NAMES)
        return sorted(n for n in every if not os.path.lexists(self.scene.native / n))

    def pick(self, want: str, number: int) -> str | None:
        names = self.free() if want == "free" else self.found(want)
        return names[number % len(names)] if names else None

    def paths(self, name: str) -> tuple[str, str]:
        return str(self.scene.native / name), self.scene.at(name)

    def do(self, native: Callable[[], object], script: Callable[[], object]) -> None:
        """Both, which must end alike."""
        try:
            native()
        except OSError as error:
            expected = error.errno
            with pytest.raises(OSError) as caught:
                script()
            assert caught.value.errno == expected
        else:
            script()

    # -- operations ------------------------------------------------------------------------------

    def create(self, a: int, b: int, c: int) -> None:
        if name := self.pick("free", a):
            self.store(name, os.O_CREAT | os.O_EXCL, CONTENTS[b % 4])

    def overwrite(self, a: int, b: int, c: int) -> None:
        if name := self.pick("writable", a):
            self.store(name, (os.O_TRUNC, os.O_APPEND, 0)[c % 3], CONTENTS[b % 4])

    def again(self, a: int, b: int, c: int) -> None:
        if name := self.pick("writable", a):
            self.store(name, os.O_TRUNC, (self.scene.native / name).read_bytes())

    def store(self, name: str, flags: int, data: bytes) -> None:
        native, script = self.paths(name)

        def store_native() -> None:
            number = os.open(native, os.O_WRONLY | flags, 0o666)
            os.write(number, data)
            os.close(number)

        self.do(store_native, lambda: self.script.write(script, data, flags))

    def replace(self, a: int, b: int, c: int) -> None:
        """As editors write: a temporary file, renamed over the target."""
        free, name = self.pick("free", a), self.pick("entry", b)
        if free and name:
            self.store(free, os.O_CREAT, CONTENTS[c % 4])
            self.rename_to(free, name, 0)

    def truncate(self, a: int, b: int, c: int) -> None:
        if name := self.pick("writable", a):
            native, script = self.paths(name)
            size = (0, 3, 20_000)[b % 3]
            self.do(lambda: os.truncate(native, size), lambda: self.script.truncate(script, size))

    def mkdir(self, a: int, b: int, c: int) -> None:
        if name := self.pick("free", a):
            native, script = self.paths(name)
            self.do(lambda: os.mkdir(native), lambda: self.script.mkdir(script))

    def unlink(self, a: int, b: int, c: int) -> None:
        if name := self.pick("entry", a):
            native, script = self.paths(name)
            self.do(lambda: os.unlink(native), lambda: self.script.unlink(script))

    def rmdir(self, a: int, b: int, c: int) -> None:
        if name := self.pick("directory", a):
            native, script = self.paths(name)
            self.do(lambda: os.rmdir(native), lambda: self.script.rmdir(script))

    def rmtree(self, a: int, b: int, c: int) -> None:
        if name := self.pick("directory", a):
            native, script = self.paths(name)
            if not os.access(os.path.dirname(native), os.W_OK):
                return
            open_all(native)
            shutil.rmtree(native)
            self.remove_tree(script)

    def remove_tree(self, path: str) -> None:
        if not self.script.stat(path, follow=False).st_mode & 0o200:
            self.script.chmod(path, 0o755)
        for name in self.script.listdir(path):
            below = f"{path}/{name}"
            if self.script.stat(below, follow=False).st_mode & 0o170000 == 0o040000:
                self.remove_tree(below)
            else:
                self.script.unlink(below)
        self.script.rmdir(path)

    def rename(self, a: int, b: int, c: int) -> None:
        source, target = self.pick("any", a), self.pick(("free", "free", "any")[c % 3], b)
        if source and target:
            self.rename_to(source, target, 0)

    def rename_directory(self, a: int, b: int, c: int) -> None:
        source, target = self.pick("directory", a), self.pick(("free", "directory")[c % 2], b)
        if source and target:
            self.rename_to(source, target, 0)

    def rename_to(self, source: str, target: str, flags: int) -> None:
        native, script = self.paths(source)
        new_native, new_script = self.paths(target)
        self.do(
            lambda: os.rename(native, new_native), lambda: self.script.rename(script, new_script)
        )

    def exchange(self, a: int, b: int, c: int) -> None:
        one, other = self.pick("any", a), self.pick("any", b)
        if not one or not other or f"{one}/".startswith(f"{other}/"):
            return
        if f"{other}/".startswith(f"{one}/"):
            return
        native, script = self.paths(one)
        new_native, new_script = self.paths(other)
        if os.path.samestat(os.lstat(native), os.lstat(new_native)):
            return
        above = os.path.dirname(native), os.path.dirname(new_native)
        moved = [path for path in (native, new_native) if os.path.isdir(path)]
        if not all(os.access(path, os.W_OK) for path in (*above, *moved)):
            return
        aside = str(self.scene.base / "aside")
        os.rename(native, aside)
        os.rename(new_native, native)
        os.rename(aside, new_native)
        self.script.rename(script, new_script, 2)

    def move_into_new(self, a: int, b: int, c: int) -> None:
        """`mv d x; mkdir d; mv x d/c`: a directory steps down into one of its name."""
        name, aside = self.pick("any", a), self.pick("free", b)
        if not name or not aside or f"{aside}/".startswith(f"{name}/"):
            return
        self.rename_to(name, aside, 0)
        native, script = self.paths(name)
        self.do(lambda: os.mkdir(native), lambda: self.script.mkdir(script))
        self.rename_to(aside, f"{name}/c", 0)

    def link(self, a: int, b: int, c: int) -> None:
        name, free = self.pick("file", a), self.pick("free", b)
        if name and free:
            native, script = self.paths(name)
            new_native, new_script = self.paths(free)
            self.do(
                lambda: os.link(native, new_native, follow_symlinks=False),
                lambda: self.script.link(script, new_script),
            )

    def symlink(self, a: int, b: int, c: int) -> None:
        if name := self.pick("free", a):
            native, script = self.paths(name)
            target = ("a", "b/c", "../nowhere")[b % 3]
            self.do(lambda: os.symlink(target, native), lambda: self.script.symlink(target, script))

    def chmod(self, a: int, b: int, c: int) -> None:
        if name := self.pick(("writable", "directory")[c % 2], a):
            native, script = self.paths(name)
            mode = (FILE_MODES[b % 5], DIRECTORY_MODES[b % 5])[c % 2]
            self.do(lambda: os.chmod(native, mode), lambda: self.script.chmod(script, mode))

    def work_inside_closed(self, a: int, b: int, c: int) -> None:
        """Into a directory that is closed to its owner before and after, as careful tools do."""
        if not (name := self.pick("directory", a)):
            return
        native, script = self.paths(name)
        self.do(lambda: os.chmod(native, 0o755), lambda: self.script.chmod(script, 0o755))
        inside = [other for other in self.found("any") if os.path.dirname(other) == name]
        (self.create, self.overwrite, self.rename, self.rename_directory)[c % 4](b, c, 0)
        if inside and c % 3:
            self.rename_to(inside[b % len(inside)], f"{name}/{NAMES[b % 4]}", 0)
        self.do(lambda: os.chmod(native, 0o555), lambda: self.script.chmod(script, 0o555))

    def utime(self, a: int, b: int, c: int) -> None:
        if name := self.pick("any", a):
            native, script = self.paths(name)
            when = (TIMES[b % 2], TIMES[b % 2])
            self.do(
                lambda: os.utime(native, ns=when, follow_symlinks=False),
                lambda: self.script.utime(script, when, follow=False),
            )

    def open_writer(self, a: int, b: int, c: int) -> None:
        if name := self.pick("writable", a):
            native, script = self.paths(name)
            if os.stat(native).st_mode & 0o200:
                self.writers.append(
                    (os.open(native, os.O_WRONLY), self.script.open(script, os.O_WRONLY))
                )

    def write_open(self, a: int, b: int, c: int) -> None:
        if self.writers:
            for number in self.writers[a % len(self.writers)]:
                os.pwrite(number, CONTENTS[b % 4], c % 50)

    def chown(self, a: int, b: int, c: int) -> None:
        name = self.pick("writable" if c % 2 else "directory", a)
        if name and os.geteuid() == 0:
            native, script = self.paths(name)
            owner = (b % 3, c % 3)
            self.do(lambda: os.chown(native, *owner), lambda: self.script.chown(script, *owner))

    def cut(self, a: int = 0, b: int = 0, c: int = 0) -> None:
        self.scene.cut()
        assert not self.scene.cutter.pending()
        self.pictures.append(picture(self.scene.native))


OPERATIONS = [
    Both.create, Both.overwrite, Both.again, Both.replace, Both.truncate, Both.mkdir, Both.unlink,
    Both.rmdir, Both.rmtree, Both.rename, Both.rename_directory, Both.exchange, Both.move_into_new,
    Both.work_inside_closed, Both.link, Both.symlink, Both.chmod, Both.chown, Both.utime,
    Both.open_writer, Both.write_open, Both.cut,
]  # fmt: skip
Operation = Callable[[Both, int, int, int], None]
Step = tuple[Operation, int, int, int]
NUMBERS = st.integers(0, 40)
STEPS = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), NUMBERS, NUMBERS, NUMBERS), max_size=MAX_STEPS
)


def open_all(top: str | Path) -> None:
    """Every directory below may be written by its owner."""
    for directory, _, _ in os.walk(top):
        if not os.stat(directory).st_mode & 0o200:
            os.chmod(directory, 0o755)


def plant(root: Path, linked: bool) -> None:
    (root / "a/b/c").mkdir(parents=True)
    (root / "a/b/c/a").write_bytes(b"deep")
    (root / "a/b/b").write_bytes(b"x")
    (root / "a/a").symlink_to("b")
    (root / "a/b/c").chmod(0o555)
    (root / "a/c").mkdir(mode=0o700)
    (root / "b").write_bytes(b"line\n" * 30)
    (root / "b").chmod(0o600)
    (root / "c").symlink_to("nowhere")
    if linked:
        os.link(root / "b", root / "a/c/a")


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
@given(steps=STEPS, linked=st.booleans())
def test_an_executed_plan_makes_what_the_operations_make(steps: list[Step], linked: bool) -> None:
    check(steps, linked)


def check(steps: list[Step], linked: bool = False) -> Scene:
    base = Path(tempfile.mkdtemp(prefix="plan-"))
    umask = os.umask(0o022)
    scene = Scene(base)
    plant(scene.host, linked)
    scene.begin()
    both = Both(scene)
    try:
        for operation, a, b, c in steps:
            operation(both, a, b, c)
        both.cut()
        expected = iter(both.pictures)

        def compare() -> None:
            assert picture(scene.host) == next(expected), scene.cuts

        scene.execute(compare)
        return scene
    finally:
        for pair in both.writers:
            for number in pair:
                os.close(number)
        scene.close()
        os.umask(umask)
        open_all(base)
        shutil.rmtree(base)
