from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shannot.tui.cells import Span, cut, length, padded, restyled, spans, text_of, width


def test_plain_text_is_one_span() -> None:
    assert spans("ls -l") == (Span("ls -l"),)
    assert spans("") == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\u05d0", "\\u05d0"),
        ("\u0661", "\\u0661"),
        ("a\udcff", "a\\xff"),
        ("a\x9b31m", "a\\u009b31m"),
        ("\u1160x", "\\u1160x"),
        ("e\u0301", "e\u0301"),
        ("e\u0302\u0301", "e\u0302\u0301"),
        ("e" + "\u0301" * 4, "e\u0301\u0301\\u0301\\u0301"),
        ("\u0301x", "\\u0301x"),
        ("\x1b\u0301", "\\x1b\\u0301"),
    ],
)
def test_what_could_move_reorder_or_hide_is_spelt(text: str, shown: str) -> None:
    assert text_of(spans(text)) == shown


def test_what_is_spelt_has_a_style_of_its_own() -> None:
    assert spans("a\nb", "add") == (Span("a", "add"), Span("\\n", "add odd"), Span("b", "add"))


def test_a_tab_is_spelt_and_filled_up_to_the_next_stop() -> None:
    assert text_of(spans("a\tb", tabs=True)) == "a\\t     b"
    assert text_of(spans("\tb", tabs=True, column=6)) == "\\tb"
    assert text_of(spans("1234567\tb", tabs=True)) == "1234567\\t       b"


def test_wide_characters_take_two_columns_and_marks_none() -> None:
    assert width("日本") == 4
    assert width("e\u0301") == 1


def test_a_wide_character_that_does_not_fit_is_left_to_the_next_part() -> None:
    line = spans("ab日本")
    first, end = cut(line, 0, 3)
    assert (text_of(first), end) == ("ab", 2)
    assert text_of(cut(line, 3, 3)[0]) == "日本"


@given(st.text(), st.integers(1, 12))
def test_the_parts_of_a_line_lose_nothing_and_keep_their_room(text: str, room: int) -> None:
    line = spans(text)
    total = length(line)
    whole = ""
    for start in range(0, max(1, total), room):
        part, _ = cut(line, start, room)
        assert length(part) <= room + 1
        whole += text_of(part)
    assert whole == text_of(line)


@given(st.text(), st.integers(1, 30))
def test_a_padded_line_is_exactly_as_wide(text: str, room: int) -> None:
    assert length(padded(spans(text), room)) == room


@given(st.text())
def test_everything_shows_as_itself(text: str) -> None:
    assert all(c.isprintable() for c in text_of(spans(text, tabs=True)))


def test_ranges_change_their_style_only() -> None:
    line = (Span("abc", "add"), Span("def"))
    assert restyled(line, [(2, 4)], " match") == (
        Span("ab", "add"),
        Span("c", "add match"),
        Span("d", "plain match"),
        Span("ef"),
    )
