"""Usage: what is held outside of a process's own memory and of named files."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from pathlib import Path

from shannot.sandbox.mediation import usage

SIZE = 8 << 20
ENDLESS = 1 << 62


def test_an_anonymous_file_counts_once_however_many_have_it_open() -> None:
    number = os.memfd_create("counted")
    try:
        before = usage.shared_of([os.getpid()], ENDLESS)
        os.write(number, b"x" * SIZE)
        other = os.dup(number)
        found = usage.shared_of([os.getpid(), os.getpid()], ENDLESS)
        assert found - before in range(SIZE, 2 * SIZE)
        os.close(other)
    finally:
        os.close(number)


def test_a_shared_mapping_counts_as_far_as_it_was_touched() -> None:
    before = usage.memory_of(os.getpid(), shared=True)
    with mmap.mmap(-1, SIZE) as mapping:
        mapping.write(b"x" * (SIZE // 2))
        assert usage.memory_of(os.getpid(), shared=True) - before >= SIZE // 2


def child(code: str) -> subprocess.Popen[bytes]:
    """A Python that has run the code, and waits."""
    code += "; print(flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_what_a_small_mapping_keeps_of_a_closed_file_counts_as_all_that_was_gained() -> None:
    code = (
        "import mmap, os; f = os.memfd_create('kept'); os.write(f, bytes(1 << 20));"
        "kept = mmap.mmap(f, 4096, {}); os.close(f)"
    )
    for kind in ("mmap.MAP_SHARED", "mmap.MAP_PRIVATE"):
        with child(code.format(kind).replace("os.close(f)", "os.closerange(3, 99)")) as process:
            assert usage.shared_of([process.pid], 12345678) == 12345678
            process.communicate(b"\n")


def test_an_anonymous_file_that_is_still_open_counts_for_what_it_holds() -> None:
    code = (
        "import mmap, os; f = os.memfd_create('kept'); os.write(f, bytes(1 << 20));"
        "kept = mmap.mmap(f, 4096)"
    )
    with child(code) as process:
        assert usage.shared_of([process.pid], ENDLESS) in range(1 << 20, 2 << 20)
        process.communicate(b"\n")


def test_what_a_fork_has_in_common_with_its_parent_counts_once() -> None:
    code = f"import os; kept = b'x' * {4 * SIZE}; pid = os.fork() or input()"
    with child(code.replace("or input()", "or os.read(0, 1)")) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        both = [process.pid, *map(int, children)]
        assert len(both) == 2
        assert sum(usage.memory_of(pid, shared=False) for pid in both) > 8 * SIZE
        assert 4 * SIZE < usage.proportional_of(both) < 7 * SIZE
        process.communicate(b"\n\n")


def test_a_file_without_a_name_counts(tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    with (tmp_path / "gone").open("wb") as file:
        file.write(os.urandom(SIZE))
        file.flush()
        os.fsync(file.fileno())
        before = usage.nameless_of([os.getpid()], device)
        (tmp_path / "gone").unlink()
        assert usage.nameless_of([os.getpid()], device) - before >= SIZE


def test_a_process_cannot_name_itself_like_a_line_of_its_status() -> None:
    code = "import ctypes; ctypes.CDLL(None).prctl(15, b'RssAnon: 1 kB'); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        while b"RssAnon: 1" not in Path(f"/proc/{process.pid}/comm").read_bytes():
            pass
        assert usage.memory_of(process.pid, shared=False) > 1 << 20
        process.communicate(b"\n")


def test_what_has_ended_holds_nothing() -> None:
    assert usage.memory_of(0x7FFF_FFF0, shared=False) == 0
    assert usage.shared_of([0x7FFF_FFF0], ENDLESS) == 0
    assert usage.proportional_of([0x7FFF_FFF0]) == 0
    assert usage.shared_of_machine() >= 0
