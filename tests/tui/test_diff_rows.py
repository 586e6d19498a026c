from __future__ import annotations

from shannot.effects.diff import diff
from shannot.tui.cells import Line, text_of
from shannot.tui.diff_rows import DiffRows
from shannot.tui.words import changed


def rows(
    before: bytes | None, after: bytes | None, room: int = 60, wide: bool = False
) -> list[Line]:
    made = DiffRows(diff(before, after, "/a", "/a"), room, wide)
    return [(*made.row(n).gutter, *made.row(n).body) for n in range(len(made))]


def texts(
    before: bytes | None, after: bytes | None, room: int = 60, wide: bool = False
) -> list[str]:
    return [text_of(row).rstrip() for row in rows(before, after, room, wide)]


def test_signs_stand_in_the_gutter() -> None:
    assert texts(b"a\nb\n", b"a\nc\n") == [
        "      | @@ -1,2 +1,2 @@", "      | a", "    - | b", "    + | c",
    ]  # fmt: skip


def test_side_by_side_what_fits() -> None:
    assert texts(b"same\nold\n", b"same\nnew\nmore\n", room=40, wide=True) == [
        "      | @@ -1,2 +1,3 @@",
        "      |  same          |  same",
        "      | -old           | +new",
        "      |                | +more",
    ]


def test_a_new_file_has_one_side_only() -> None:
    made = DiffRows(diff(None, b"a\n", "/a", "/a"), 60, True)
    assert [text_of(made.row(1).gutter), text_of(made.row(1).body)] == ["    + | ", "a"]


def test_what_does_not_fit_stays_below_each_other() -> None:
    long = b"x" * 30
    assert texts(long + b"\n", b"short\n", room=40, wide=True) == [
        "      | @@ -1 +1 @@", f"    - | {'x' * 30}", "    + | short",
    ]  # fmt: skip


def test_a_missing_newline_is_told_for_its_own_side() -> None:
    expected = [
        "      | @@ -1 +1 @@", "    - | a", "      | \\ No newline at end of file", "    + | b",
    ]  # fmt: skip
    assert texts(b"a", b"b\n") == expected
    assert texts(b"a", b"b\n", wide=True) == expected


def test_the_words_that_differ_are_marked() -> None:
    old, new = rows(b"port = 80 # x\n", b"port = 8080 # x\n")[1:]
    assert [(s.text, s.style) for s in old[1:]] == [
        ("port = ", "del"), ("80", "del word"), (" # x", "del"),
    ]  # fmt: skip
    assert ("8080", "add word") in [(s.text, s.style) for s in new]


def test_lines_that_are_not_alike_are_not_marked() -> None:
    assert changed("alpha beta", "one two three four") == ((), ())
    assert changed("", "x") == ((), ())


def test_binary_contents_are_told_by_size_and_hash() -> None:
    assert all("bytes, sha256" in line for line in texts(b"\0a", b"\0b"))
