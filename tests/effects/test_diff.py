from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shannot.effects.diff import MAX_CONTENTS, diff


def test_a_changed_line_is_shown_with_three_lines_around_it() -> None:
    old = b"".join(b"%d\n" % n for n in range(1, 11))
    found = diff(old, old.replace(b"5\n", b"five\n"), "a", "b")
    assert found.lines == (
        "--- a", "+++ b", "@@ -2,7 +2,7 @@", " 2", " 3", " 4", "-5", "+five", " 6", " 7", " 8"
    )  # fmt: skip
    assert (found.added, found.removed, found.omitted) == (1, 1, 0)


def test_a_new_file_comes_from_dev_null() -> None:
    assert diff(None, b"x\n", "a", "b").lines == ("--- /dev/null", "+++ b", "@@ -0,0 +1 @@", "+x")


def test_a_missing_newline_at_the_end_is_said() -> None:
    assert diff(b"x", b"x\n", "a", "b").lines[2:] == (
        "@@ -1 +1 @@", "-x", "\\ No newline at end of file", "+x"
    )  # fmt: skip


def test_a_carriage_return_does_not_end_a_line() -> None:
    assert diff(b"", b"a\rb\x0bc\xe2\x80\xa8d\n", "a", "b").lines[3:] == ("+a\rb\x0bc\u2028d",)


def test_binary_contents_are_told_by_size_and_hash() -> None:
    found = diff(b"\0", None, "a", "b")
    assert found.kind == "binary"
    assert found.lines[0].startswith("- 1 bytes, sha256 6e340b9cffb37a98")
    assert found.lines[1] == "+ nothing"


def test_large_contents_are_told_by_size_and_hash() -> None:
    assert diff(b"", b"x" * (MAX_CONTENTS + 1), "a", "b").kind == "large"


def test_equal_contents_have_no_lines() -> None:
    assert diff(b"x", b"x", "a", "b").kind == "same"
    assert diff(None, b"", "a", "b").lines == ("--- /dev/null", "+++ b")


def test_what_is_left_off_is_counted() -> None:
    found = diff(None, b"x\n" * 100, "a", "b", limit=10)
    assert len(found.lines) == 10
    assert found.omitted == 93
    assert found.added == 100


def test_a_hopeless_pair_of_files_takes_no_more_than_seconds() -> None:
    old = b"".join(b"%d\n" % (n % 7) for n in range(30_000))
    new = b"".join(b"%d\n" % (n % 5) for n in range(30_000))
    start = time.monotonic()
    assert diff(old, new, "a", "b").kind == "text"
    assert time.monotonic() - start < 10


TEXTS = st.lists(st.sampled_from([b"a\n", b"b\n", b"\n", b"c\r\n", b"\xff\n"]), max_size=30)


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch(1)")
@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([b"", b"end"]), st.sampled_from([b"", b"end"]))
def test_patch_makes_the_new_file_of_the_old_one(
    tmp_path_factory: pytest.TempPathFactory,
    old: list[bytes],
    new: list[bytes],
    old_end: bytes,
    new_end: bytes,
) -> None:
    before, after = b"".join(old) + old_end, b"".join(new) + new_end
    found = diff(before, after, "f", "f")
    if found.kind == "same":
        return
    directory: Path = tmp_path_factory.mktemp("patch")
    (directory / "f").write_bytes(before)
    text = "".join(f"{line}\n" for line in found.lines).encode("utf-8", "surrogateescape")
    done = subprocess.run(
        ["patch", "-s", "--binary", "-f", "f"], input=text, cwd=directory, capture_output=True
    )
    assert done.returncode == 0, done.stdout
    made = directory / "f"
    assert (made.read_bytes() if made.exists() else b"") == after
