from __future__ import annotations

import pytest

from shannot.policy.command_line import is_visible, read_strictly, shell_line, shown


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ls", ("ls",)),
        ("  ls   -la ", ("ls", "-la")),
        ("cat 'a file' \"b c\"", ("cat", "a file", "b c")),
        ("grep '$x;`' f", ("grep", "$x;`", "f")),
        ("l's' ''", ("ls", "")),
        ("cat é", ("cat", "é")),
    ],
)
def test_plain_words_and_quotes_are_read(line: str, words: tuple[str, ...]) -> None:
    assert read_strictly(line) == words


@pytest.mark.parametrize(
    "line",
    ["", " ", "ls 'x", '"$x"', "ls\tx", "a=b ls", "''", "ls \\x", "ls ~", "ls #x", "x" * 20_000],
)
def test_anything_a_shell_could_make_something_else_of_is_unreadable(line: str) -> None:
    assert read_strictly(line) is None


def test_only_two_forms_of_a_shell_are_a_line() -> None:
    assert shell_line(("/bin/sh", "-c", "ls")) == "ls"
    assert shell_line(("sh", "-c", "--", "ls")) == "ls"
    for argv in (
        ("sh", "-ec", "ls"),
        ("sh", "-c", "ls", "x"),
        ("sh", "-c", "-x"),
        ("zsh", "-c", "ls"),
    ):
        assert shell_line(argv) is None


def test_a_shown_command_is_one_short_line_without_anything_hidden() -> None:
    text = shown(("a\x1b[2K", "b c", "\u202e", "x" * 10_000))
    assert is_visible(text)
    assert len(text) < 300
