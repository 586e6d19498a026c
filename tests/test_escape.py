from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shannot.escape import Sanitiser, escape, one_way, quote

SGR = re.compile(rb"\x1b\[[0-9;:]*m")
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


def sanitise(*chunks: bytes) -> bytes:
    sanitiser = Sanitiser()
    return b"".join(map(sanitiser.feed, chunks)) + sanitiser.close()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a b\u00e9\u4e2d", "a b\u00e9\u4e2d"),
        ("\x1b[2K", "\\x1b[2K"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b31m", "\\u009b31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u200bx\u2066", "\\u200bx\\u2066"),
        ("\u00a0\u3000", "\\u00a0\\u3000"),
        ("\ufdd0\U0001fffe", "\\ufdd0\\U0001fffe"),
        ("\udcff\ud800", "\\xff\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\u3164\ufe0f", "\\u3164\\ufe0f"),
        ("\x7f\x00", "\\x7f\\x00"),
    ],
)
def test_what_cannot_be_seen_is_spelt_out(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_where_somebody_decides_no_letter_moves_what_stands_beside_it() -> None:
    assert one_way("kill \u05d0 5 \u0661") == "kill \\u05d0 5 \\u0661"
    assert one_way("\x1b[1mBl\u00e9\x1b[0m \u65e5") == "\x1b[1mBl\u00e9\x1b[0m \u65e5"


def test_kept_characters_stay() -> None:
    assert escape("a\tb\n", keep="\t") == "a\tb\\n"


@given(st.text())
def test_escaped_text_is_printable_and_encodable(text: str) -> None:
    shown = escape(text)
    shown.encode("utf-8")
    assert all(c.isprintable() for c in shown)


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("ls", "ls"),
        ("", "''"),
        ("a b", "'a b'"),
        ("it's", "'it'\"'\"'s'"),
        ("$(id)", "'$(id)'"),
        ("a\n'b\\", "$'a\\n\\'b\\\\'"),
    ],
)
def test_a_word_shows_where_it_ends(word: str, shown: str) -> None:
    assert quote(word) == shown


@given(st.lists(st.binary()))
def test_no_control_reaches_the_terminal_but_newline_tab_and_colour(chunks: list[bytes]) -> None:
    shown = SGR.sub(b"", sanitise(*chunks))
    shown.decode("utf-8")
    assert not CONTROL.search(shown)


terminal_bytes = st.lists(
    st.sampled_from(
        [
            *(bytes([n]) for n in b"\x1b[31;mK\r\n\t\b\xe2\x80\xae\x9b\xc2x"),
            *(b"\x1b[31m", b"\x1b]0;t\x07", "\u00e9\u202e".encode()),
        ]
    )
)


@given(terminal_bytes, st.data())
def test_chunk_borders_change_nothing(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(parts)
    cut = data.draw(st.integers(0, len(whole)))
    assert sanitise(whole[:cut], whole[cut:]) == sanitise(whole)
    assert not CONTROL.search(SGR.sub(b"", sanitise(whole)))


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"\x1b[1;31mred\x1b[0m\n", b"\x1b[1;31mred\x1b[0m\n\x1b[0m"),
        (b"\x1b[31mred", b"\x1b[31mred\x1b[0m"),
        (b"\x1b[2J", b"\\x1b[2J"),
        (b"\x1b]0;title\x07", b"\\x1b]0;title\\x07"),
        (b"\x1b[" + b"1;" * 40 + b"m", b"\\x1b[" + b"1;" * 40 + b"m"),
        (b"a\r\nb\r\r\nc", b"a\nb\nc"),
        (b"\r10%\r20%\r\n\r\n", b"10%\n20%\n\n"),
        (b"ab\b\bc", b"ab\\x08\\x08c"),
        (b"\xff\xfe", b"\\xff\\xfe"),
        (b"\xc2\x9b31m", b"\\u009b31m"),
        (b"\x1b", b"\\x1b"),
        ("\u26a0\ufe0f \u202ex".encode(), "\u26a0\ufe0f \\u202ex".encode()),
    ],
)
def test_what_a_terminal_gets(data: bytes, shown: bytes) -> None:
    assert sanitise(data) == shown
