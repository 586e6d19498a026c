from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shannot.errors import NotFoundError, ShannotError, UnsuccessfulError, UsageError
from shannot.sandbox.runtimes import installed_note, web
from shannot.sandbox.runtimes.installed import check
from shannot.sandbox.runtimes.releases import RELEASES
from shannot.workflows.setup import remove_pypy, setup_pypy
from shannot.workflows.setup_request import Bounds, Listener, Machine, Report, Request
from tests.fakes import pypys, web_server
from tests.fakes.web_server import Server, serving

PROGRAM, LIBRARY = pypys.program_archive(), pypys.library_archive()
QUICK = Bounds(web=web.Bounds(patience=0.3), lock=30.0)


@dataclass
class Host:
    """A state directory, and a web server with the public release of its platform."""

    server: Server
    place: Path
    told: list[str] = field(default_factory=list)

    @property
    def pypy(self) -> Path:
        return self.place / "state" / "runtime" / "pypy"

    def machine(self, state: str = "state") -> Machine:
        release = pypys.release(f"{self.server.address}/public", PROGRAM, LIBRARY)
        known = {pypys.platform(): release}
        return Machine(str(self.place / state), os.getuid(), pypys.platform(), 1, known)

    def setup(self, *sources: str, sha256: tuple[str, ...] = (), force: bool = False) -> Report:
        listener = Listener(self.told.append, lambda what, done, total: None)
        return setup_pypy(Request(sources, sha256, force), self.machine(), listener, QUICK)

    def remove(self) -> Report:
        listener = Listener(self.told.append, lambda what, done, total: None)
        return remove_pypy(self.machine(), listener, QUICK)

    def mirror(self) -> str:
        """The two archives over plain http, whose checksums are known."""
        self.server.routes["/mirror/toy-program.tar.gz"] = web_server.ranged(PROGRAM)
        self.server.routes["/mirror/toy-src.tar.bz2"] = web_server.ranged(LIBRARY)
        return f"{self.server.address}/mirror/"

    def archives(self, program: bytes = PROGRAM, library: bytes = LIBRARY) -> Path:
        directory = self.place / "archives"
        directory.mkdir(exist_ok=True)
        (directory / "toy-program.tar.gz").write_bytes(program)
        (directory / "toy-src.tar.bz2").write_bytes(library)
        return directory

    def leftovers(self) -> set[str]:
        return {path.name for path in self.pypy.parent.iterdir()} - {"pypy", "pypy.lock"}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("no_proxy", "*")
    with serving() as server:
        yield Host(server, tmp_path)


def test_both_archives_are_fetched_checked_and_installed(host: Host) -> None:
    report = host.setup(host.mirror())
    assert (report.action, report.directory) == ("installed", str(host.pypy))
    assert check(str(host.pypy)).version == "20001"
    assert (host.pypy / "lib-python" / "3" / "os.py").read_bytes() == b"# os\n"
    assert report.note is not None
    assert report.note.release == "toy-1"
    assert installed_note.read(str(host.pypy)) == report.note
    assert host.leftovers() == set()
    assert host.told[0] == f"downloading {host.server.address}/mirror/toy-program.tar.gz"


def test_a_second_set_up_finds_it_and_asks_nobody(host: Host) -> None:
    mirror = host.mirror()
    host.setup(mirror)
    asked = len(host.server.asked)
    assert host.setup(mirror).action == "present"
    assert host.setup().action == "present"
    assert host.setup(str(host.archives())).action == "present"
    assert len(host.server.asked) == asked
    assert host.setup(mirror, force=True).action == "replaced"
    assert len(host.server.asked) == asked + 2


def test_the_public_release_is_fetched_over_https_alone(host: Host) -> None:
    with pytest.raises(UsageError, match="not an https address"):
        host.setup()
    assert host.server.asked == []


def test_the_known_releases_are_complete_and_https() -> None:
    assert set(RELEASES) == {
        ("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "x86_64"), ("darwin", "arm64")
    }  # fmt: skip
    archives = [a for release in RELEASES.values() for a in (release.program, release.library)]
    assert all(len(a.sha256) == 64 and int(a.sha256, 16) for a in archives)
    assert {a.url.partition("/pypy")[0] for a in archives} == {
        "https://github.com/corv89", "https://downloads.python.org"
    }  # fmt: skip
    assert RELEASES["linux", "x86_64"].program.url == (
        "https://github.com/corv89/pypy/releases/download/pypy3-sandbox-7.3.6/"
        "pypy3-sandbox-linux-amd64.tar.gz"
    )


def test_a_platform_without_a_release_is_told_what_to_do(host: Host) -> None:
    listener = Listener(host.told.append, lambda what, done, total: None)
    machine = Machine(str(host.place / "state"), os.getuid(), ("linux", "vax"), 1, {})
    with pytest.raises(UsageError, match=r"no public release for linux vax.*--from"):
        setup_pypy(Request(), machine, listener, QUICK)
    assert not (host.place / "state").exists()


@pytest.mark.parametrize("with_checksum", [False, True])
def test_archives_are_taken_from_the_disk(host: Host, with_checksum: bool) -> None:
    directory = host.archives()
    sums = (pypys.digest(PROGRAM), pypys.digest(LIBRARY).upper()) if with_checksum else ()
    report = host.setup(
        str(directory / "toy-program.tar.gz"), str(directory / "toy-src.tar.bz2"), sha256=sums
    )
    assert report.note is not None
    assert report.note.release == "toy-1"
    assert host.server.asked == []
    assert host.leftovers() == set()


def test_the_library_beside_a_program_is_found(host: Host) -> None:
    assert host.setup(str(host.archives() / "toy-program.tar.gz")).action == "installed"
    assert host.server.asked == []


def test_a_directory_may_hold_both_archives_and_more(host: Host) -> None:
    directory = host.archives()
    (directory / "a-other.tar.gz").write_bytes(b"another platform's")
    assert host.setup(str(directory)).action == "installed"


def test_archives_of_other_names_are_tried(host: Host) -> None:
    directory = host.archives()
    (directory / "toy-program.tar.gz").rename(directory / "my-own.tgz")
    (directory / "toy-src.tar.bz2").rename(directory / "std.tar.bz2")
    report = host.setup(str(directory))
    assert report.note is not None
    assert [part.name for part in report.note.parts] == ["my-own.tgz", "std.tar.bz2"]


def test_a_directory_may_hold_the_unpacked_files(host: Host) -> None:
    directory = pypys.unpacked(host.place / "unpacked")
    assert host.setup(str(directory)).action == "installed"
    assert host.setup(str(directory)).action == "present"
    (directory / "lib-python" / "3" / "os.py").write_text("# changed\n")
    with pytest.raises(UnsuccessfulError, match=r"another PyPy is installed.*--force"):
        host.setup(str(directory))
    assert host.setup(str(directory), force=True).action == "replaced"
    assert (host.pypy / "lib-python" / "3" / "os.py").read_text() == "# changed\n"


def test_an_archive_that_is_whole_needs_no_other(host: Host) -> None:
    data = pypys.of_files({"pypy/pypy3-c": pypys.program(), **pypys.LIBRARY_FILES})
    (host.place / "all.tar.gz").write_bytes(data)
    assert host.setup(str(host.place / "all.tar.gz")).action == "installed"


def test_a_public_name_with_other_contents_is_told(host: Host) -> None:
    other = pypys.program_archive(pypys.DUMP + "Extra: yes\n")
    assert host.setup(str(host.archives(program=other))).action == "installed"
    assert any("toy-program.tar.gz is not the public archive" in line for line in host.told)


@pytest.mark.parametrize("with_name", [True, False])
def test_an_address_needs_a_checksum_or_a_public_name(host: Host, with_name: bool) -> None:
    host.mirror()
    url = f"{host.server.address}/mirror/toy-program.tar.gz"
    library = str(host.archives() / "toy-src.tar.bz2")
    if with_name:
        assert host.setup(url, library).action == "installed"
        return
    host.server.routes["/x.tgz"] = web_server.whole(PROGRAM)
    other = f"{host.server.address}/x.tgz?token=secret"
    with pytest.raises(UsageError, match="--sha256 is missing") as error:
        host.setup(other, library)
    assert "secret" not in str(error.value)
    assert host.server.asked == []
    host.server.routes["/x.tgz?token=secret"] = web_server.whole(PROGRAM)
    report = host.setup(other, library, sha256=(pypys.digest(PROGRAM),))
    assert report.note is not None
    assert report.note.parts[0].name == "x.tgz"
    assert "secret" not in "".join(host.told)


@pytest.mark.parametrize(
    ("sources", "sums", "error", "message"),
    [
        ((), ("0" * 64,), UsageError, "--sha256 belongs to a --from"),
        (("archives",), ("0" * 64,), UsageError, "--sha256 is for one archive"),
        (("archives/toy-program.tar.gz",), ("12",), UsageError, "not 64 hexadecimal digits"),
        (("archives/toy-program.tar.gz",), ("0" * 64,), UnsuccessfulError, "not the expected file"),
        (("nowhere",), (), NotFoundError, "no such file or directory"),
        (("empty",), (), NotFoundError, "holds neither pypy3-c nor an archive"),
        (("ftp://example.org/x",), (), UsageError, "not an https address"),
        (("https://a:b@example.org/",), (), UsageError, "user or password"),
        (("archives/toy-src.tar.bz2",), (), UnsuccessfulError, "there is no pypy3-c"),
        (("",), (), UsageError, "no file, directory or address is named"),
        (("/dev/zero",), (), UsageError, "/dev/zero is no plain file"),
        (("pipes",), (), UsageError, r"x\.tar is no plain file"),
        (("pipes/x.tar",), ("0" * 64,), UsageError, r"x\.tar is no plain file"),
        (("archives/text",), (), UnsuccessfulError, "no tar archive"),
        (("archives/nothing.tar",), (), UnsuccessfulError, "holds nothing of a PyPy"),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    host: Host, sources: tuple[str, ...], sums: tuple[str, ...], error: type[ShannotError],
    message: str,
) -> None:  # fmt: skip
    (host.archives() / "text").write_text("text")
    (host.archives() / "nothing.tar").write_bytes(pypys.of_files({"x": b"x"}, "w"))
    (host.place / "empty").mkdir()
    (host.place / "pipes").mkdir()
    os.mkfifo(host.place / "pipes" / "x.tar")
    named = [s if "://" in s or not s else str(host.place / s) for s in sources]
    with pytest.raises(error, match=message) as caught:
        host.setup(*named, sha256=sums)
    assert "\n" not in str(caught.value)
    assert not host.pypy.exists()


ORDINARY = pypys.program("Python 3.6.9 (7.3.3)\n[PyPy 7.3.3]\n>>>> ")


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (ORDINARY, "not a sandboxed one"),
        (pypys.program(""), "not a sandboxed one"),
        (b"\x7fELF nothing that runs", "cannot run"),
        (pypys.program(pypys.DUMP.replace("20001", "20002")), "version '20002'"),
        (pypys.program(pypys.DUMP.replace("linux2", "darwin")), "made for darwin"),
    ],
)
def test_a_program_that_is_not_sandboxed_is_refused(
    host: Host, program: bytes, message: str
) -> None:
    host.setup(host.mirror())
    data = pypys.of_files({"pypy3-c": program})
    (host.archives() / "other.tar.gz").write_bytes(data)
    with pytest.raises(UnsuccessfulError, match=f"{message}.*nothing was installed"):
        host.setup(
            str(host.place / "archives" / "other.tar.gz"),
            str(host.place / "archives" / "toy-src.tar.bz2"),
            force=True,
        )
    assert host.setup(host.mirror()).action == "present", "the earlier one is as it was"
    assert host.leftovers() <= {"download"}


def test_a_program_that_is_not_sandboxed_is_refused_before_its_library_is_fetched(
    host: Host,
) -> None:
    (host.place / "pypy3-c").write_bytes(ORDINARY)
    with pytest.raises(UnsuccessfulError, match=r"not a sandboxed one.*nothing was installed"):
        host.setup(str(host.place))
    assert host.server.asked == []
    assert host.told == [], "nor was it tried"


def test_a_standard_library_of_something_else_is_refused(host: Host) -> None:
    other = pypys.of_files({"lib-python/2.7/os.py": b"", "lib_pypy/x": b""}, "w:bz2")
    with pytest.raises(UnsuccessfulError, match=r"no lib-python/3/os\.py"):
        host.setup(str(host.archives(library=other)))


def test_a_program_with_the_library_of_another_version_is_refused(host: Host) -> None:
    version = b"3.8.16 (0003660671be, Nov 24 2026, 07:33:41)\n[PyPy 7.3.17]"
    shared = {"pypy3-c": pypys.program(), "libpypy3-c.so": b"\x7fELF" + bytes(100) + version}
    note = b"3::\n        v3.6.9 in git\n"
    library = {**pypys.LIBRARY_FILES, "lib-python/stdlib-version.txt": note}
    directory = host.archives(pypys.of_files(shared), pypys.of_files(library, "w:bz2"))
    with pytest.raises(UnsuccessfulError, match=r"is Python 3\.8 and the standard library 3\.6"):
        host.setup(str(directory))
    library["lib-python/stdlib-version.txt"] = b"the output for git status is: v3.8.16\n"
    directory = host.archives(pypys.of_files(shared), pypys.of_files(library, "w:bz2"))
    assert host.setup(str(directory)).action == "installed"


def test_an_interrupted_set_up_goes_on_with_the_same_command(host: Host) -> None:
    mirror = host.mirror()
    size = len(LIBRARY) // 2
    host.server.routes["/mirror/toy-src.tar.bz2"] = web_server.cut_off(LIBRARY, size)
    with pytest.raises(UnsuccessfulError, match="ended after"):
        host.setup(mirror)
    assert not host.pypy.exists()
    assert host.leftovers() == {"download"}
    asked = len(host.server.asked)
    mirror = host.mirror()
    assert host.setup(mirror).action == "installed"
    assert host.server.asked[asked:] == [("/mirror/toy-src.tar.bz2", f"bytes={size}-")]
    assert host.leftovers() == set()


def test_a_damaged_installation_is_mended(host: Host) -> None:
    mirror = host.mirror()
    host.setup(mirror)
    (host.pypy / "lib_pypy" / "_structseq.py").write_text("")
    assert host.setup(mirror).action == "replaced"
    assert "damaged" in "".join(host.told)
    (host.pypy / "installed.json").write_text("{")
    assert host.setup(mirror).action == "replaced"


def test_what_somebody_else_put_there_is_not_replaced_unasked(host: Host) -> None:
    pypys.unpacked(host.pypy)
    with pytest.raises(UnsuccessfulError, match="not made by `shannot setup`; --force"):
        host.setup(host.mirror())
    assert host.setup(host.mirror(), force=True).action == "replaced"


def test_remove_takes_everything_away(host: Host) -> None:
    assert host.remove().action == "absent"
    assert not (host.place / "state").exists()
    host.setup(host.mirror())
    (host.pypy.parent / "download").mkdir()
    (host.pypy.parent / "pypy.checked").write_text("what a run remembers of it")
    (host.pypy.parent / "pypy.cache" / "0").mkdir(parents=True)
    (host.pypy.parent / "123-run").mkdir()
    assert host.remove().action == "removed"
    assert not host.pypy.exists()
    assert host.leftovers() == {"123-run"}, "a run that goes on keeps its directory"
    assert host.remove().action == "absent"


@pytest.mark.parametrize("left", ["pypy.new", "pypy.old"])
def test_what_a_killed_set_up_left_is_cleared_up(host: Host, left: str) -> None:
    host.setup(host.mirror())
    if left == "pypy.old":  # killed between the two renames of a filesystem without exchange
        host.pypy.rename(host.pypy.parent / left)
    (host.pypy.parent / "pypy.new").mkdir()
    (host.pypy.parent / "pypy.new" / "half").write_bytes(b"x")
    assert host.setup(host.mirror()).action == "present"
    assert host.leftovers() == set()


def test_two_at_once_give_one_installation(host: Host) -> None:
    mirror = host.mirror()
    reports: list[Report] = []
    threads = [
        threading.Thread(target=lambda: reports.append(host.setup(mirror))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.action for report in reports) == ["installed", "present", "present"]
    assert len(host.server.asked) == 2
    assert host.leftovers() == set()


def test_one_that_waits_too_long_says_so(host: Host) -> None:
    import fcntl

    host.setup(host.mirror())
    lock = os.open(host.pypy.parent / "pypy.lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    listener = Listener(host.told.append, lambda what, done, total: None)
    with pytest.raises(UnsuccessfulError, match="another `shannot setup pypy` is working"):
        remove_pypy(host.machine(), listener, Bounds(lock=0.1))
    os.close(lock)
    assert "waiting" in host.told[-1]


def test_a_state_directory_of_others_is_refused(host: Host) -> None:
    (host.place / "state" / "runtime").mkdir(parents=True)
    (host.place / "state" / "runtime").chmod(0o777)
    with pytest.raises(ShannotError, match="can be written by others"):
        host.setup(host.mirror())
    (host.place / "state" / "runtime").rmdir()
    (host.place / "state" / "runtime").symlink_to(host.place)
    with pytest.raises(ShannotError, match="cannot read"):
        host.setup(host.mirror())


def test_a_full_disk_leaves_what_was_installed(host: Host) -> None:
    host.setup(host.mirror())
    mirror = host.mirror()
    code = (
        "import os, sys, resource\n"
        "from shannot.errors import ShannotError\n"
        "from shannot.workflows.setup import *; from shannot.workflows.setup_request import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        "machine = Machine(sys.argv[1], os.getuid(), (sys.platform, 'toy'), 1, {})\n"
        "listener = Listener(print, lambda *_: None)\n"
        "try: setup_pypy(Request(tuple(sys.argv[2:]), force=True), machine, listener, Bounds())\n"
        "except ShannotError as error: print(error)\n"
    )
    root = Path(__file__).parents[2]
    (host.place / "all.tar.gz").write_bytes(
        pypys.of_files(
            {"pypy3-c": pypys.program(), **pypys.LIBRARY_FILES, "lib_pypy/x": b"x" * 999}
        )
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(host.place / "state"), str(host.place / "all.tar.gz")],
        cwd=root,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        timeout=60,
    )
    assert result.stdout == b"cannot unpack all.tar.gz: File too large\n", result.stderr
    assert host.setup(mirror).action == "present"
    assert host.leftovers() == set()


def real_parts() -> Path:
    """The directory of a real binary, with the standard library beside it."""
    path = os.environ.get("SHANNOT_TEST_PYPY")
    if not path:
        pytest.skip("SHANNOT_TEST_PYPY names no sandboxed pypy3-c")
    return Path(path).parent


@pytest.mark.pypy
def test_a_program_without_its_library_is_told_by_the_librarys_name(host: Host) -> None:
    """It was said to be no sandboxed one."""
    data = (real_parts() / "pypy3-c").read_bytes()
    if b"libpypy3-c.so" not in data:
        pytest.skip("this build has everything in the program")
    directory = host.archives(pypys.of_files({"pypy3-c": data}))
    with pytest.raises(UnsuccessfulError, match=r"cannot start: .*libpypy3-c\.so.*nothing was"):
        host.setup(str(directory))


@pytest.mark.pypy
def test_a_real_binary_is_installed_from_disk_and_from_the_web(host: Host) -> None:
    parts = real_parts()
    names = ["pypy3-c", *(path.name for path in parts.glob("libpypy3-c.*"))]
    directory = host.archives()
    with tarfile.open(directory / "toy-program.tar.gz", "w:gz", compresslevel=1) as tar:
        for name in names:
            tar.add(parts / name, f"./{name}")
    with tarfile.open(directory / "toy-src.tar.bz2", "w") as tar:
        for name in ("lib-python", "lib_pypy"):
            tar.add(parts / name, f"pypy-src/{name}")
    assert host.setup(str(directory)).action == "installed"
    assert "getenv(p)p" in check(str(host.pypy)).functions
    assert host.remove().action == "removed"
    program, library = (path.read_bytes() for path in sorted(directory.iterdir()))
    host.server.routes["/program"] = web_server.cut_off(program, 1 << 20)
    host.server.routes["/library"] = web_server.ranged(library)
    urls = [f"{host.server.address}/{name}" for name in ("program", "library")]
    sums = (pypys.digest(program), pypys.digest(library))
    with pytest.raises(UnsuccessfulError, match="ended after"):
        host.setup(*urls, sha256=sums)
    host.server.routes["/program"] = web_server.ranged(program)
    assert host.setup(*urls, sha256=sums).action == "installed"
    assert ("/program", "bytes=1048576-") in host.server.asked
    assert host.setup(*urls, sha256=sums).action == "present"
