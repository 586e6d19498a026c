"""The installed PyPy itself: what its scripts can rely on, with the host compared afterwards."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.fakes.real_pypy import RealPypy

pytestmark = pytest.mark.pypy

WORKS = """
import os, platform, shutil, sys, tempfile, time
with open("a.txt", "w") as file:
    file.write("one\\n")
with open("a.txt", "a") as file:
    file.write("two\\n")
os.rename("a.txt", "b.txt")
open("c.txt", "w").close()
os.replace("c.txt", "d.txt")
os.chmod("b.txt", 0o600)
os.symlink("b.txt", "link")
before = os.umask(0o077)
os.umask(before)
fd = os.open("b.txt", os.O_RDWR)
os.fsync(fd)
os.ftruncate(fd, 4)
os.close(fd)
os.utime("b.txt", (1, 2))
os.makedirs("x/y")
open("x/y/z", "w").close()
os.chdir("x")
shutil.copytree("y", "w")
shutil.rmtree("w")
os.chdir("..")
reader, writer = os.pipe()
os.write(writer, b"through")
started = time.monotonic()
time.sleep(0.05)
with tempfile.NamedTemporaryFile() as scratch:
    scratch.write(b"x")
open("unclosed.txt", "w").write("flushed by its end")
print(
    os.read(reader, 10), os.readlink("link"), oct(os.stat("b.txt").st_mode),
    os.stat("b.txt").st_mtime, open("b.txt").read().split(), sorted(os.listdir(".")),
    [(d, sorted(n), sorted(f)) for d, n, f in os.walk("x")],
    time.monotonic() - started >= 0.05, time.time() > 1700000000, len(os.urandom(8)),
    os.statvfs(".").f_bsize > 0, shutil.disk_usage(".").total > 0, len(os.getloadavg()),
    platform.node() == os.uname()[1], oct(before), os.getcwd() == sys.argv[1],
)
sys.stdout.flush()
os._exit(7)
"""


@pytest.fixture
def pypy(tmp_path: Path) -> RealPypy:
    return RealPypy(tmp_path)


def effects(pypy: RealPypy) -> list[dict[str, object]]:
    shown = json.loads(pypy.shannot("show", session(pypy), "--json").stdout)
    return shown["data"]["effects"] if "data" in shown else shown["effects"]  # type: ignore[no-any-return]


def session(pypy: RealPypy) -> str:
    listed = (pypy.home / ".local" / "state" / "shannot" / "sessions").iterdir()
    return next(iter(listed)).name


def test_what_every_script_does_works_and_changes_nothing(pypy: RealPypy) -> None:
    script = pypy.project / "works.py"
    script.write_text(WORKS)
    ran = pypy.run(str(script), str(pypy.project))
    assert (
        ran.stdout.split()
        == (
            "b'through' b.txt 0o100600 2.0 ['one'] ['b.txt', 'd.txt', 'link', 'unclosed.txt',"
            " 'works.py', 'x'] [('x', ['y'], []), ('x/y', [], ['z'])] True True 8 True True 3 True"
            " 0o22 True"
        )
        .replace("0o22", oct(umask()))
        .split()
    )
    assert ran.returncode == 7
    assert "Traceback" not in ran.stderr
    assert [path.name for path in pypy.project.iterdir()] == ["works.py"]


def umask() -> int:
    import os

    before = os.umask(0o077)
    os.umask(before)
    return before


def test_both_runtimes_make_the_same_plan(tmp_path: Path) -> None:
    """Words that `show` prints of the plan, without the session's own."""
    code = (
        "import os, subprocess\n"
        "text = open('app.conf').read()\n"
        "with open('app.conf', 'w') as file: file.write(text.replace('80', '81'))\n"
        "open('new', 'w').close()\n"
        "os.unlink('old')\n"
        "subprocess.run(['systemctl', 'restart', 'nginx'], check=True)\n"
        "with open('app.conf', 'a') as file: file.write('# done\\n')\n"
    )
    plans = []
    for runtime in ("pypy", "cpython"):
        place = tmp_path / runtime
        place.mkdir()
        pypy = RealPypy(place)
        pypy.project = tmp_path / "project"
        pypy.project.mkdir(exist_ok=True)
        (pypy.project / "app.conf").write_text("port = 80\n")
        (pypy.project / "old").write_text("old\n")
        words = ["--runtime", "pypy"] if runtime == "pypy" else ["--python", sys.executable]
        ran = pypy.shannot("run", *words, "-c", code)
        assert ran.returncode == 0, ran.stderr
        shown = pypy.shannot("show", session(pypy)).stdout.replace(str(place), "/place")
        start = shown.index("app.conf")
        plans.append([line for line in shown[start:].splitlines() if session(pypy) not in line])
    assert plans[0] == plans[1]
    assert any("systemctl" in line for line in plans[0])


def test_a_path_never_leads_out_of_the_tree(pypy: RealPypy) -> None:
    secret = pypy.home / "secret"
    secret.write_text("the secret")
    (pypy.project / "out").symlink_to(secret)
    code = f"""
import os
def attempt(act):
    try:
        fd = act()
        print("ESCAPED", os.read(fd, 100))
    except OSError as error:
        print("SAFE", error.errno)
home = os.open(".", os.O_RDONLY)
for path in ("../home/secret", "../../../../../../etc/shadow", "out", "{secret}", "/etc/shadow",
             "/proc/self/root/etc/shadow", "/proc/1/environ", "/proc/self/fd/../../../etc/shadow",
             "//etc//shadow", "/./etc/./shadow", "../project/out",
             "/proc/{{}}/mem".format(os.getppid())):
    attempt(lambda: os.open(path, os.O_RDONLY, dir_fd=home))
    attempt(lambda: os.open(path, os.O_RDONLY))
    attempt(lambda: os.open(path.encode() + b"/", os.O_RDONLY))
    attempt(lambda: os.open("a/" * 10 + "../" * 10 + path, os.O_RDONLY))
"""
    ran = pypy.run("-q", "-c", code)
    lines = ran.stdout.splitlines()
    assert len(lines) == 48, ran.stderr
    assert [line for line in lines if not line.startswith("SAFE")] == []


def test_an_abort_of_its_c_code_is_told_and_keeps_the_plan(pypy: RealPypy) -> None:
    code = "import os\nopen('made', 'w').close()\nos.kill(os.getpid(), 9)"
    ran = pypy.run("-c", code)
    assert ran.returncode == 137
    assert "creates" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_limit_ends_it(pypy: RealPypy) -> None:
    assert pypy.run("--timeout", "1", "-q", "-c", "while True: pass").returncode == 124
    assert pypy.run("--timeout", "1", "-q", "-c", "import time; time.sleep(60)").returncode == 124
    assert pypy.run("--output", "1000", "-q", "-c", "while True: print('x' * 99)").returncode == 125
    ran = pypy.run("--memory", "200M", "-q", "-c", "x = [b'x' * (1 << 20) for _ in range(1000)]")
    assert ran.returncode != 0


def test_the_result_of_stat_is_what_its_class_makes(pypy: RealPypy) -> None:
    code = """
import copy, os, pickle, posix
found = os.stat(".")
again = os.stat_result(tuple(found), found.__dict__)
for other in (pickle.loads(pickle.dumps(found)), copy.copy(found), again):
    assert type(other) is type(found) is os.stat_result and other == found
    for name in dir(found):
        if name.startswith("st_"):
            assert getattr(other, name) == getattr(found, name), name
bare = posix.stat_result(range(10))
assert type(bare) is os.stat_result and bare.st_atime == 7 and bare.st_blksize is None
assert found.st_mtime_ns // 10**9 == int(found.st_mtime) and found.st_blksize == 4096
try:
    found.st_size = 1
except (AttributeError, TypeError):
    print("as it should be")
"""
    ran = pypy.run("-q", "-c", code)
    assert (ran.stdout, ran.stderr) == ("as it should be\n", "")


def test_code_on_the_command_line_may_hold_any_character(pypy: RealPypy) -> None:
    code = "def fail():\n    return 'é∀😀' + 1\nprint('é∀😀', len('é∀😀'), __name__)\nfail()\n"
    ran = pypy.run("-q", "-c", code, "ärg")
    assert ran.stdout == "é∀😀 3 __main__\n"
    assert 'File "<string>", line 2, in fail' in ran.stderr
    assert ran.returncode == 1
    ran = pypy.run("-q", "-c", b"print('\xff')".decode("utf-8", "surrogateescape"))
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "surrogates not allowed" in ran.stderr


def test_names_arguments_and_variables_may_hold_any_byte(pypy: RealPypy) -> None:
    script = pypy.project / "scrípt.py"
    script.write_text(
        "import os, sys\n"
        "print(ascii([sys.argv, os.environ['X'], os.environb[b'X'], os.path.basename(__file__)]))\n"
        "open(sys.argv[2] + '-é', 'w').close()\n"
        "print(sorted(os.listdir(b'.')), ascii(sorted(os.listdir('.'))))\n"
    )
    escaped = b"\xff\xc3\xa9".decode("utf-8", "surrogateescape")
    ran = pypy.run("-q", "--env", "X=wé" + escaped, script.name, "ärg", escaped)
    assert (ran.stderr, ran.returncode) == ("", 0)
    given, names = ran.stdout.splitlines()
    assert given == (
        r"[['scr\xedpt.py', '\xe4rg', '\udcff\xe9'], 'w\xe9\udcff\xe9',"
        r" b'w\xc3\xa9\xff\xc3\xa9', 'scr\xedpt.py']"
    )
    assert names == (
        r"[b'scr\xc3\xadpt.py', b'\xff\xc3\xa9-\xc3\xa9']"
        r" ['scr\xedpt.py', '\udcff\xe9-\xe9']"
    )


def test_split_characters_and_both_streams_survive(pypy: RealPypy) -> None:
    code = (
        "import os\nos.write(1, b'\\xc3')\nos.write(1, b'\\xa9\\n')\nos.write(2, b'to stderr\\n')"
    )
    ran = pypy.run("-q", "-c", code)
    assert (ran.stdout, ran.stderr) == ("é\n", "to stderr\n")


def test_the_clock_is_in_the_zone_of_the_caller(pypy: RealPypy) -> None:
    pypy.environment["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    code = "import time; print(time.strftime('%H %Z', time.localtime(1800000000)))"
    assert pypy.run("-q", "-c", code).stdout == "09 CET\n"
