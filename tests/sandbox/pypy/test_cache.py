"""The start-up cache: what is printed by the interpreter that compiles is read as hostile."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from shannot.sandbox import pypy_cache
from shannot.sandbox.runtimes.pypy import HOME
from shannot.sandbox.spec import Outcome, Spec
from shannot.sandbox.streams import Streams
from tests.fakes.world import spec


def printed(*modules: tuple[bytes, bytes]) -> bytes:
    heads = [b"%d %d\n" % (len(path), len(data)) + path + data for path, data in modules]
    return b"".join(heads) + b"0 0\n"


OS = HOME + b"/lib-python/3/__pycache__/os.pypy3-72.pyc"
JSON = HOME + b"/lib-python/3/json/__pycache__/__init__.pypy3-72.pyc"


def test_modules_are_read_to_the_end_that_is_told() -> None:
    data = printed((OS, b"1"), (JSON, b"")) + b"5 1\nabcde1"
    assert list(pypy_cache.read_compiled(data)) == [
        (OS[len(HOME) + 1 :], b"1"),
        (JSON[len(HOME) + 1 :], b""),
    ]


@pytest.mark.parametrize(
    "path",
    [
        b"/etc/passwd",
        HOME + b"/../../../etc/__pycache__/x.pyc",
        HOME + b"/lib-python/3/../../x/__pycache__/x.pyc",
        HOME + b"/lib-python/3/__pycache__/../x.pyc",
        HOME + b"/lib-python/3/__pycache__/x.pyc/y",
        HOME + b"/lib-python/3/__pycache__/x.so",
        HOME + b"/lib-python/3/x.pyc",
        HOME + b"/lib-python/2/__pycache__/x.pyc",
        HOME + b"/lib-python/3/a\nb/__pycache__/x.pyc",
        HOME + b"/lib-python/3/__pycache__/x\0.pyc",
        OS + b"\n",
    ],
)
def test_a_path_outside_the_library_is_left_out(path: bytes) -> None:
    assert list(pypy_cache.read_compiled(printed((path, b"x"), (OS, b"1")))) == [
        (OS[len(HOME) + 1 :], b"1")
    ]


@settings(deadline=None)
@given(some.binary(max_size=200))
def test_whatever_is_printed_is_read(data: bytes) -> None:
    for path, _ in pypy_cache.read_compiled(data):
        assert path.startswith((b"lib-python/3/", b"lib_pypy/"))


class Compiler:
    """In the place of a run: prints what it is told to, and counts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[Spec] = []

    def __call__(self, asked: Spec, gate: object, streams: Streams) -> Outcome:
        self.asked.append(asked)
        os.write(streams.child_descriptors()[1], self.data)
        streams.close_child_side()
        streams.start(1 << 20, lambda: None)
        return Outcome(0, None, {}, {}, ())


def installed(root: Path) -> Spec:
    place = root / "state" / "runtime" / "pypy"
    place.mkdir(parents=True)
    for name in ("pypy3-c", "libpypy3-c.so"):
        (place / name).write_bytes(b"x")
    (root / "private").mkdir()
    return spec(
        root / "private",
        interpreter=os.fsencode(place / "pypy3-c"),
        state=os.fsencode(root / "state"),
        runtime="pypy",
    )


def prepare(asked: Spec, compiler: Compiler) -> Sequence[bytes]:
    found = pypy_cache.prepare(asked, compiler)
    compiling = Path(os.fsdecode(asked.private)) / "compiling"
    if compiling.exists():
        compiling.rmdir()
    return found


def test_it_is_made_once_and_again_for_another_binary(tmp_path: Path) -> None:
    asked = installed(tmp_path)
    compiler = Compiler(printed((OS, b"1"), (JSON, b"2")))
    assert prepare(asked, compiler) == [b"lib-python/3", b"lib-python/3/json"]
    assert prepare(asked, compiler) == [b"lib-python/3", b"lib-python/3/json"]
    assert len(compiler.asked) == 1
    cache = tmp_path / "state" / "runtime" / "pypy.cache"
    assert (cache / "0" / "os.pypy3-72.pyc").read_bytes() == b"1"
    assert (cache / "1" / "__init__.pypy3-72.pyc").read_bytes() == b"2"
    (tmp_path / "state" / "runtime" / "pypy" / "libpypy3-c.so").write_bytes(b"other")
    assert prepare(asked, Compiler(printed((OS, b"3")))) == [b"lib-python/3"]
    assert (cache / "0" / "os.pypy3-72.pyc").read_bytes() == b"3"
    assert not (cache / "1").exists()


def test_whoever_waits_is_told_of_a_compilation_and_of_its_end(tmp_path: Path) -> None:
    asked, told = installed(tmp_path), list[str]()

    def compiling() -> Callable[[], None]:
        told.append("begins")
        return lambda: told.append("ends")

    asked.compiling = compiling
    assert prepare(asked, Compiler(printed((OS, b"1"))[:-10])) == []
    assert told == ["begins", "ends"]
    assert prepare(asked, Compiler(printed((OS, b"1")))) == [b"lib-python/3"]
    assert told == ["begins", "ends"] * 2
    assert prepare(asked, Compiler(b"")) == [b"lib-python/3"]
    assert told == ["begins", "ends"] * 2


def test_what_compiles_sees_no_project_and_starts_nothing(tmp_path: Path) -> None:
    compiler = Compiler(printed())
    assert prepare(installed(tmp_path), compiler) == []
    [asked] = compiler.asked
    assert (asked.view, asked.directory, asked.maps, asked.script) == ("project", b"/tmp", (), None)
    assert (asked.environment, asked.no_commands) == ({}, True)


def test_one_that_was_interrupted_is_made_by_the_next_run(tmp_path: Path) -> None:
    asked = installed(tmp_path)
    whole = printed((OS, b"1"), (JSON, b"2"))
    assert prepare(asked, Compiler(whole[:-10])) == []
    assert prepare(asked, Compiler(whole)) == [b"lib-python/3", b"lib-python/3/json"]


@pytest.mark.parametrize("number", [1, 2, 3, 15])
def test_a_signal_that_ends_the_compilation_was_meant_for_the_run(
    tmp_path: Path, number: int
) -> None:
    """It went on without a cache, as if nobody had pressed ^C."""
    asked, heard = installed(tmp_path), list[int]()

    def interrupted(asked: Spec, gate: object, streams: Streams) -> Outcome:
        Compiler(b"")(asked, gate, streams)
        return Outcome(128 + number, None, {}, {}, ())

    before = signal.signal(number, lambda heard_now, _frame: heard.append(heard_now))
    try:
        assert pypy_cache.prepare(asked, interrupted) == []
    finally:
        signal.signal(number, before)
    assert heard == [number]


@pytest.mark.parametrize("place", ["pypy.cache", "draft"])
def test_a_link_in_its_place_is_replaced_and_never_followed(tmp_path: Path, place: str) -> None:
    """Everything in the directory that it led to was removed."""
    asked = installed(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "below").mkdir(parents=True)
    (elsewhere / "below" / "file").write_text("kept")
    (elsewhere / "index").write_text("kept")
    runtime = tmp_path / "state" / "runtime"
    name = f"pypy.cache.{os.getpid()}" if place == "draft" else place
    (runtime / name).symlink_to(elsewhere)
    assert prepare(asked, Compiler(printed((OS, b"1")))) == [b"lib-python/3"]
    assert (elsewhere / "below" / "file").read_text() == "kept"
    assert (elsewhere / "index").read_text() == "kept"
    assert {path.name for path in elsewhere.iterdir()} == {"below", "index"}
    assert not (runtime / "pypy.cache").is_symlink()
    assert (runtime / "pypy.cache" / "0" / "os.pypy3-72.pyc").read_bytes() == b"1"


def test_one_that_cannot_be_kept_costs_time_and_nothing_else(tmp_path: Path) -> None:
    asked = installed(tmp_path)
    asked.state = os.fsencode(tmp_path / "nowhere")
    assert prepare(asked, Compiler(printed((OS, b"1")))) == []


def test_what_is_in_its_place_is_replaced(tmp_path: Path) -> None:
    asked = installed(tmp_path)
    (tmp_path / "state" / "runtime" / "pypy.cache").write_text("in the way")
    assert prepare(asked, Compiler(printed((OS, b"1")))) == [b"lib-python/3"]
