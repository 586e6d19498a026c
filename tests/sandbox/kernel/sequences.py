"""Random sequences of file operations, done in the virtual tree and by the real kernel.

Both start from the same tree at the same path: the real one lies there, the virtual one maps a
copy of it. What each operation gives, and the tree that is left, must be the same.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from errno import errorcode
from pathlib import Path

from hypothesis import strategies as st

from shannot.sandbox.vfs.node import File, Node
from tests.fakes.virtual_os import Virtual
from tests.fakes.world import World
from tests.sandbox.kernel.plain_os import Plain

LONG_AGO = 1_500_000_000
FILES_MAX = 1 << 16
Operation = tuple[str, tuple[object, ...]]


def plant(root: Path) -> None:
    """A tree with something of everything."""
    root.mkdir()
    (root / "a").write_bytes(b"aaaa")
    (root / "b").write_bytes(b"b" * 5000)
    (root / "d").mkdir()
    (root / "d" / "a").write_bytes(b"da")
    (root / "d" / "e").mkdir()
    (root / "d" / "e" / "b").write_bytes(b"deb")
    (root / "e").mkdir()
    (root / "l").symlink_to("a")
    (root / "d" / "l").symlink_to("e/b")
    (root / "ld").symlink_to("d")
    (root / "lx").symlink_to("nowhere")
    (root / "lo").symlink_to("lo")
    os.link(root / "b", root / "d" / "h")
    (root / "r").write_bytes(b"read only")
    (root / "r").chmod(0o444)
    (root / "n").mkdir()
    (root / "n" / "a").write_bytes(b"na")
    (root / "w").write_bytes(b"write only")
    for path in root.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    (root / "n").chmod(0o555)
    os.utime(root, (LONG_AGO, LONG_AGO))


ROOT = "@/"
"""At the beginning of a path: from the top of the tree, and absolute."""
NAME = st.sampled_from(("a", "b", "d", "e", "h", "l", "n", "ld", "lx", "new", "x" * 255, "x" * 256))
LAST = st.sampled_from(("a", "b", "d", "e", "h", "l", "r", "n", "ld", "lx", "lo", "new", "two"))
END = st.sampled_from(("", "", "", "", "", "", "/", "/.", "//"))


@st.composite
def _path(draw: st.DrawFn) -> str:
    way = draw(st.lists(st.sampled_from(("d", "e", "ld", "n", "new", "d/e", "a")), max_size=2))
    name = draw(LAST if way else st.one_of(LAST, LAST, LAST, NAME))
    path = "/".join([*way, name]) + draw(END)
    form = draw(st.integers(0, 21))
    if form == 0 and way:
        return path + "/.."
    if form == 1 and way:
        return way[0] + "/../" + path
    if form == 2:
        return "./" + path
    if form > 15:
        return ROOT + path
    if form == 3:
        return draw(st.sampled_from((".", "", "d/..", "d/.")))
    return path


PATH = _path()
WHERE = st.one_of(st.just(-1), st.just(-1), st.just(-1), st.integers(0, 3))
MODE = st.sampled_from(
    (0o777, 0o755, 0o644, 0o600, 0o555, 0o444, 0o200, 0o111, 0o000, 0o2755, 0o1777)
)
FLAGS = st.builds(
    lambda access, extra: access | sum(set(extra)),
    st.sampled_from((os.O_RDONLY, os.O_WRONLY, os.O_RDWR)),
    st.lists(
        st.sampled_from(
            (
                os.O_CREAT,
                os.O_CREAT,
                os.O_EXCL,
                os.O_TRUNC,
                os.O_APPEND,
                os.O_DIRECTORY,
                os.O_NOFOLLOW,
            )
        ),
        max_size=3,
    ),
)
NUMBER = st.integers(0, 3)
OPERATION: st.SearchStrategy[Operation] = st.one_of(
    st.tuples(st.just("open"), st.tuples(PATH, FLAGS, MODE, WHERE)),
    st.tuples(st.just("open"), st.tuples(PATH, FLAGS, MODE, WHERE)),
    st.tuples(st.just("open_path"), st.tuples(PATH, st.booleans(), WHERE)),
    st.tuples(st.just("open_unnamed"), st.tuples(PATH, st.booleans())),
    st.tuples(st.just("write"), st.tuples(NUMBER, st.binary(max_size=5))),
    st.tuples(st.just("read"), st.tuples(NUMBER)),
    st.tuples(st.just("ftruncate"), st.tuples(NUMBER, st.integers(0, 9))),
    st.tuples(st.just("fstat"), st.tuples(NUMBER)),
    st.tuples(st.just("fchmod"), st.tuples(NUMBER, MODE)),
    st.tuples(st.just("close"), st.tuples(NUMBER)),
    st.tuples(st.just("link_open"), st.tuples(NUMBER, PATH)),
    st.tuples(st.just("reopen"), st.tuples(NUMBER, FLAGS)),
    st.tuples(st.just("mkdir"), st.tuples(PATH, MODE, WHERE)),
    st.tuples(st.just("rmdir"), st.tuples(PATH, WHERE)),
    st.tuples(st.just("unlink"), st.tuples(PATH, WHERE)),
    st.tuples(st.just("rename"), st.tuples(PATH, PATH, st.sampled_from((0, 0, 0, 1, 2, 3)))),
    st.tuples(st.just("rename"), st.tuples(PATH, PATH, st.sampled_from((0, 0, 0, 1, 2, 3)))),
    st.tuples(st.just("link"), st.tuples(PATH, PATH, st.sampled_from((0, 0x400)))),
    st.tuples(
        st.just("symlink"),
        st.tuples(st.sampled_from(("a", "d", "d/e", "new", "lx", "d/")), PATH, WHERE),
    ),
    st.tuples(st.just("readlink"), st.tuples(PATH, WHERE)),
    st.tuples(st.just("chmod"), st.tuples(PATH, MODE, WHERE)),
    st.tuples(
        st.just("utime"), st.tuples(PATH, st.sampled_from((None, 1, 10**18 + 7)), st.booleans())
    ),
    st.tuples(st.just("stat"), st.tuples(PATH, st.booleans(), WHERE)),
    st.tuples(st.just("access"), st.tuples(PATH, st.integers(0, 7), WHERE)),
    st.tuples(st.just("truncate"), st.tuples(PATH, st.integers(0, 9000))),
    st.tuples(st.just("listdir"), st.tuples(PATH, WHERE)),
    st.tuples(st.just("chdir"), st.tuples(PATH)),
    st.tuples(st.just("fchdir"), st.tuples(NUMBER)),
    st.tuples(st.just("getcwd"), st.tuples()),
)
OPERATIONS = st.lists(OPERATION, max_size=30)


class Side:
    """One of the two: its calls, and the descriptors it opened."""

    def __init__(self, system: Virtual | Plain, started_ns: int) -> None:
        self.system = system
        self.started_ns = started_ns
        self.numbers: list[int] = []

    def where(self, index: int) -> int:
        return self.numbers[index] if 0 <= index < len(self.numbers) else -100

    def do(self, operation: Operation) -> object:
        """The result, in a form that can be compared; the name of the errno where it failed."""
        name, arguments = operation
        try:
            return getattr(self, "do_" + name)(*arguments)
        except OSError as error:
            return errorcode[error.errno or 0]

    def known(self, key: tuple[int, int]) -> Node | None:
        return (
            self.system.world.overlay.opened.get(key) if isinstance(self.system, Virtual) else None
        )

    def close(self) -> None:
        for number in self.numbers:
            os.close(number)

    def described(self, status: os.stat_result) -> tuple[object, ...]:
        directory = stat.S_ISDIR(status.st_mode)
        mtime: object = status.st_mtime_ns
        if abs(status.st_mtime_ns - self.started_ns) < 3600 * 10**9:
            mtime = "recent"
        mode = status.st_mode
        if stat.S_ISREG(mode) and os.geteuid() != 0:
            mode &= ~0o6000  # a known difference: writing takes these bits away
        return (
            oct(mode), status.st_nlink, status.st_uid, status.st_gid,
            0 if directory else status.st_size, mtime,
        )  # fmt: skip

    # -- operations -------------------------------------------------------------------------------

    def _opened(self, number: int) -> str:
        if len(self.numbers) < 4:
            self.numbers.append(number)
        else:
            os.close(number)
        return "opened"

    def do_open(self, path: str, flags: int, mode: int, where: int) -> object:
        return self._opened(self.system.open(path, flags, mode, self.where(where)))

    def do_open_path(self, path: str, follow: bool, where: int) -> object:
        number = self.system.open(
            path, os.O_PATH | (0 if follow else os.O_NOFOLLOW), 0, self.where(where)
        )
        try:
            return self.described(self.system.fstat(number))
        finally:
            os.close(number)

    def do_open_unnamed(self, path: str, exclusive: bool) -> object:
        flags = os.O_TMPFILE | os.O_RDWR | (os.O_EXCL if exclusive else 0)
        return self._opened(self.system.open(path, flags, 0o644))

    def do_write(self, index: int, data: bytes) -> object:
        return os.write(self.numbers[index], data) if index < len(self.numbers) else None

    def do_read(self, index: int) -> object:
        if index >= len(self.numbers) or stat.S_ISDIR(self.mode(index)):
            return None
        return os.pread(self.numbers[index], 100, 0)

    def mode(self, index: int) -> int:
        return self.system.fstat(self.numbers[index]).st_mode

    def do_ftruncate(self, index: int, length: int) -> object:
        if index >= len(self.numbers):
            return None
        return os.ftruncate(self.numbers[index], length)

    def do_fstat(self, index: int) -> object:
        if index >= len(self.numbers):
            return None
        return self.described(self.system.fstat(self.numbers[index]))

    def do_fchmod(self, index: int, mode: int) -> object:
        return self.system.fchmod(self.numbers[index], mode) if index < len(self.numbers) else None

    def do_close(self, index: int) -> object:
        return os.close(self.numbers.pop(index)) if index < len(self.numbers) else None

    def do_link_open(self, index: int, path: str) -> object:
        if index >= len(self.numbers):
            return None
        return self.system.link(f"/proc/self/fd/{self.numbers[index]}", path, 0x400)

    def do_reopen(self, index: int, flags: int) -> object:
        if index >= len(self.numbers):
            return None
        number = self.system.open(f"/proc/self/fd/{self.numbers[index]}", flags & ~os.O_NOFOLLOW)
        os.close(number)
        return "opened"

    def do_mkdir(self, path: str, mode: int, where: int) -> object:
        return self.system.mkdir(path, mode, self.where(where))

    def do_rmdir(self, path: str, where: int) -> object:
        return self.system.rmdir(path, self.where(where))

    def do_unlink(self, path: str, where: int) -> object:
        return self.system.unlink(path, self.where(where))

    def do_rename(self, old: str, new: str, flags: int) -> object:
        return self.system.rename(old, new, flags)

    def do_link(self, old: str, new: str, flags: int) -> object:
        return self.system.link(old, new, flags)

    def do_symlink(self, target: str, path: str, where: int) -> object:
        return self.system.symlink(target, path, self.where(where))

    def do_readlink(self, path: str, where: int) -> object:
        return self.system.readlink(path, self.where(where))

    def do_chmod(self, path: str, mode: int, where: int) -> object:
        return self.system.chmod(path, mode, self.where(where))

    def do_utime(self, path: str, time_ns: int | None, follow: bool) -> object:
        return self.system.utime(path, None if time_ns is None else (time_ns, time_ns), follow)

    def do_stat(self, path: str, follow: bool, where: int) -> object:
        return self.described(self.system.stat(path, follow, self.where(where)))

    def do_access(self, path: str, mode: int, where: int) -> object:
        return self.system.access(path, mode, self.where(where))

    def do_truncate(self, path: str, length: int) -> object:
        return self.system.truncate(path, length)

    def do_listdir(self, path: str, where: int) -> object:
        return sorted(self.system.listdir(path, self.where(where)))

    def do_chdir(self, path: str) -> object:
        return self.system.chdir(path)

    def do_fchdir(self, index: int) -> object:
        return self.system.fchdir(self.numbers[index]) if index < len(self.numbers) else None

    def do_getcwd(self) -> object:
        return self.system.getcwd()

    # -- the tree that is left --------------------------------------------------------------------

    def tree(self, root: str) -> dict[str, object]:
        """Everything below the root; files with one inode are told apart from equal ones."""
        found: dict[str, object] = {}
        inodes: dict[tuple[int, int], str] = {}
        waiting = [root]
        while waiting:
            path = waiting.pop()
            try:
                status = self.system.stat(path, False)
            except OSError as error:
                found[path] = errorcode[error.errno or 0]
                continue
            contents: object = None
            if stat.S_ISLNK(status.st_mode):
                contents = self.system.readlink(path)
            elif stat.S_ISREG(status.st_mode):
                contents = self.contents(path)
            else:
                try:
                    waiting += [f"{path}/{name}" for name in sorted(self.system.listdir(path))]
                except OSError as error:
                    contents = errorcode[error.errno or 0]
            first = inodes.setdefault((status.st_dev, status.st_ino), path)
            found[path] = (self.described(status), contents, first)
        return found

    def contents(self, path: str) -> object:
        try:
            number = self.system.open(path, os.O_RDONLY)
        except OSError as error:
            return errorcode[error.errno or 0]
        try:
            return os.read(number, FILES_MAX)
        finally:
            os.close(number)


def assert_same(given: dict[str, object], wanted: dict[str, object]) -> None:
    names = sorted(given.keys() | wanted.keys())
    different = {
        name: (given.get(name), wanted.get(name))
        for name in names
        if given.get(name) != wanted.get(name)
    }
    if different:
        raise AssertionError(different)


class Bench:
    """Where the two trees are made anew for each sequence."""

    def __init__(
        self, base: Path, as_root: Callable[[], None], as_user: Callable[[], None]
    ) -> None:
        self.base = base
        self.host = base / "host"
        self.real = base / "real"
        self.private = base / "private"
        self.as_root = as_root
        self.as_user = as_user

    def compare(self, operations: list[Operation]) -> None:
        """Do them on both sides. Raises AssertionError at the first difference."""
        import time

        home = os.getcwd()
        mask = os.umask(0o022)
        self._plant()
        self.as_user()
        world = World(self.private)
        world.map(self.host, self.real)
        world.enter(self.real)
        before = Side(Plain(), 0).tree(str(self.host))
        virtual = Side(Virtual(world), time.time_ns())
        plain = Side(Plain(), time.time_ns())
        os.chdir(self.real)
        try:
            for index, drawn in enumerate(operations):
                refuse_to_leave(drawn)
                operation = at_root(drawn, self.real)
                if _reads_what_was_the_host_s(operation, virtual, self.private):
                    continue
                wanted = plain.do(operation)
                given = virtual.do(operation)
                assert given == wanted, (index, operation, given, wanted)
            os.chdir("/")
            world.enter("/")
            assert_same(virtual.tree(str(self.real)), plain.tree(str(self.real)))
            assert Side(Plain(), 0).tree(str(self.host)) == before
        finally:
            os.chdir(home)
            os.umask(mask)
            virtual.close()
            plain.close()
            world.close()
            self.as_root()
            self._clear()

    def _plant(self) -> None:
        self._clear()
        self.as_user()
        plant(self.host)
        self.as_root()
        plant_foreign(self.host)
        shutil.copytree(self.host, self.real, symlinks=True)
        copy_rest(self.host, self.real)
        os.unlink(self.real / "d" / "h")
        os.link(self.real / "b", self.real / "d" / "h")
        os.utime(self.real / "d", (LONG_AGO, LONG_AGO))

    def _clear(self) -> None:
        for path in (self.host, self.real, self.private):
            if path.exists():
                os.chmod(path, 0o700)
                for directory, names, _ in os.walk(path):  # each is opened after this
                    for name in names:
                        if not os.path.islink(os.path.join(directory, name)):
                            os.chmod(os.path.join(directory, name), 0o700)
                shutil.rmtree(path)


def refuse_to_leave(operation: Operation) -> None:
    """The oracle acts for real: no path may lead above its tree, whatever was drawn."""
    for argument in operation[1]:
        if isinstance(argument, str):
            assert not argument.startswith("/"), operation
            depth = 0
            for part in argument.removeprefix(ROOT).split("/"):
                depth += {"": 0, ".": 0, "..": -1}.get(part, 1)
                assert depth >= 0, operation


def at_root(operation: Operation, root: Path) -> Operation:
    """The same with its paths made absolute where they begin at the root."""
    name, arguments = operation
    return name, tuple(
        f"{root}/{argument.removeprefix(ROOT)}"
        if isinstance(argument, str) and argument.startswith(ROOT)
        else argument
        for argument in arguments
    )


def _reads_what_was_the_host_s(operation: Operation, side: Side, private: Path) -> bool:
    """A known difference: a descriptor from before the file was changed through another one."""
    name, arguments = operation
    if name not in ("read", "fstat"):
        return False
    number = side.where(int(str(arguments[0])))
    found = os.fstat(number) if number >= 0 else None
    node = side.known((found.st_dev, found.st_ino)) if found is not None else None
    if not isinstance(node, File) or node.spool is None:
        return False
    return not os.readlink(f"/proc/self/fd/{number}").startswith(str(private))


def plant_foreign(root: Path) -> None:
    """Somebody else's, where root plants it: readable, private, in directories of all kinds."""
    if os.getuid() != 0:
        return
    (root / "n").chmod(0o755)
    for name, mode in (("r", 0o644), ("n/a", 0o600)):
        os.chown(root / name, 12345, 12345)
        os.chmod(root / name, mode)
    os.chown(root / "e", 12345, 12345)
    os.chmod(root / "e", 0o1777)
    (root / "e" / "a").write_bytes(b"ea")
    os.chown(root / "e" / "a", 12345, 12345)
    os.utime(root / "e" / "a", (LONG_AGO, LONG_AGO))
    os.utime(root / "e", (LONG_AGO, LONG_AGO))
    (root / "n").chmod(0o555)
    (root / "w").chmod(0o600)


def copy_rest(source: Path, target: Path) -> None:
    """Owners and times, which `copytree` leaves out."""
    for path in [source, *source.rglob("*")]:
        status = path.lstat()
        other = target / path.relative_to(source)
        if os.getuid() == 0:
            os.chown(other, status.st_uid, status.st_gid, follow_symlinks=False)
            if not path.is_symlink():
                os.chmod(other, stat.S_IMODE(status.st_mode))
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)
