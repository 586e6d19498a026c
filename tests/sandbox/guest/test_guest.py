"""The guest's modules beside the standard library's own, on a plain Python that can fork.

The mediator is stood in for by `tests/fakes/guest_device`; the oracle is the same script with the
modules of this Python.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import zlib
from difflib import unified_diff
from pathlib import Path

import pytest

from shannot.sandbox import guest

HERE = Path(__file__).parent
OURS = """
import sys, os, importlib.util as util
import fcntl, select, _socket  # what stands in for the mediator needs the real ones
place = {place!r}
sys.path.insert(0, place)
for name in sorted(os.listdir(place)):  # also those that this Python has built in
    path = place + "/" + name
    if getattr(sys.modules.get(name[:-3]), "__file__", None) == path:
        continue  # another one has imported it
    spec = util.spec_from_file_location(name[:-3], path)
    sys.modules[name[:-3]] = util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name[:-3]])
"""
FAKE = HERE.parent.parent / "fakes" / "guest_device"


NEWER = {
    "tables.py": ((3, 12), "the csv of this Python wants more of _csv"),
    "compression.py": ((3, 12), "the gzip of this Python wants more of zlib"),
    "arrays.py": ((3, 13), "the array of this Python has one more type"),
}
"""The Python whose own module is another one, and how, so that there is nothing to compare with."""


def guest_directory(place: Path, names: tuple[str, ...]) -> Path:
    """A directory with the stand-in and the guest's modules whose names begin so."""
    directory = place / "guest"
    directory.mkdir()
    for path in FAKE.glob("*.py"):
        (directory / path.name).write_bytes(path.read_bytes())
    for name in guest.names():
        if name.startswith(names):
            (directory / name).write_bytes(guest.source(name))
    return directory


def run(script: str, directory: Path | None, place: Path) -> list[str]:
    code = (
        f"{OURS.format(place=str(directory)) if directory else ''}\n"
        "import runpy, sys; sys.argv = ['script']\n"
        f"runpy.run_path({str(HERE / 'scripts' / script)!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        cwd=place,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TMPDIR": str(place)},
        timeout=60,
    )
    return done.stdout.decode(errors="backslashreplace").splitlines()


@pytest.mark.parametrize("name", guest.names())
def test_a_module_is_written_for_python_3_6(name: str) -> None:
    ast.parse(guest.source(name), name, feature_version=(3, 6))


def test_the_modules_are_found_with_their_sources() -> None:
    assert {"subprocess.py", "_signal.py", "pwd.py", "_bootlocale.py"} <= set(guest.names())
    assert "__init__.py" not in guest.names()
    assert b"class Popen" in guest.source("_shannot_popen.py")


def test_what_the_guest_compresses_is_read_by_the_c_library(tmp_path: Path) -> None:
    directory = guest_directory(tmp_path, ("_shannot_deflate", "_shannot_inflate", "zlib"))
    code = (
        f"{OURS.format(place=str(directory))}\n"
        "import zlib\n"
        "for level in (0, 6):\n"
        "    for data in (b'', b'abc' * 9000, bytes(range(256)) * 3):\n"
        "        print(zlib.__file__, zlib.compress(data, level).hex(), data.hex())\n"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", code], capture_output=True)
    lines = [line.split(" ") for line in done.stdout.decode().splitlines()]
    assert len(lines) == 6
    for path, compressed, data in lines:
        assert path.startswith(str(directory))
        assert zlib.decompress(bytes.fromhex(compressed)) == bytes.fromhex(data)


@pytest.mark.parametrize(
    ("script", "modules"),
    [
        ("commands.py", ("_shannot_", "subprocess")),
        ("waiting.py", ("select",)),
        ("sockets.py", ("_shannot_addresses", "_socket")),
        ("texts.py", ("binascii",)),
        ("locking.py", ("fcntl",)),
        ("compression.py", ("_shannot_deflate", "_shannot_inflate", "zlib")),
        ("tables.py", ("_csv", "_shannot_csv")),
        ("accounts.py", ("_shannot_accounts", "pwd", "grp")),
        ("arrays.py", ("array", "_shannot_arrays")),
    ],
)
def test_a_script_prints_the_same_with_the_modules_of_the_guest(
    script: str, modules: tuple[str, ...], tmp_path: Path
) -> None:
    since, what = NEWER.get(script, ((4,), ""))
    if sys.version_info >= since:
        pytest.skip(f"{what}, which the one of 3.6, that ours is for, has not")
    expected = run(script, None, tmp_path)
    found = run(script, guest_directory(tmp_path, modules), tmp_path)
    assert len(expected) > 10
    assert "\n".join(unified_diff(expected, found, "own", "guest", lineterm="", n=0)) == ""
