from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shannot.tui.keys import Decoder


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"jk G", ["j", "k", "space", "G"]),
        (b"\x1b[A\x1bOB\x1b[5~\x1b[6~", ["up", "down", "pageup", "pagedown"]),
        (b"\x1b[1;5C\x1b[H\x1b[4~", ["right", "home", "end"]),
        (b"\r\n\t\x7f\x03\x0c", ["enter", "enter", "tab", "backspace", "ctrl-c", "ctrl-l"]),
        ("é日".encode(), ["é", "日"]),
        (b"\x1b[200~y", ["y"]),
        (b"\x1b[<0;3;4My", ["y"]),
        (b"\x1bx y", ["space", "y"]),
    ],
)
def test_sequences_are_keys(data: bytes, keys: list[str]) -> None:
    assert Decoder().feed(data) == keys


def test_a_sequence_may_come_in_pieces() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x1b") == []
    assert decoder.waits()
    assert decoder.feed(b"[") == []
    assert decoder.feed(b"Bq") == ["down", "q"]
    assert not decoder.waits()


def test_a_lone_escape_is_a_key_when_nothing_follows() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x1b") == []
    assert decoder.flush() == ["escape"]
    assert decoder.flush() == []


@given(st.binary())
def test_any_bytes_are_names_of_keys(data: bytes) -> None:
    decoder = Decoder()
    for key in [*decoder.feed(data), *decoder.flush()]:
        assert key
        assert key.isprintable()
