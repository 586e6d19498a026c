from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shannot.tui.cells import length, spans, text_of
from shannot.tui.effect_block import Rows
from shannot.tui.pager import Pager
from shannot.tui.rows import lined


def pager(*blocks: list[str], room: int = 20, height: int = 5) -> Pager:
    made = [Rows([lined(spans(line), "| ") for line in block]) for block in blocks]
    found = Pager(len(made), lambda index: made[index])
    found.resize(room, height)
    return found


def shown(found: Pager) -> list[str]:
    return [text_of(row).rstrip() for row in found.rows()]


def test_the_cursor_is_marked_and_followed() -> None:
    found = pager([str(n) for n in range(9)])
    assert shown(found) == [">| 0", " | 1", " | 2", " | 3", " | 4"]
    found.step(6)
    assert shown(found) == [" | 2", " | 3", " | 4", " | 5", ">| 6"]
    found.step(-5)
    assert shown(found)[0] == ">| 1"


def test_pages_end_with_a_full_one() -> None:
    found = pager([str(n) for n in range(8)])
    found.page(5)
    assert shown(found)[0] == " | 3"
    assert found.at_end()
    found.page(-5)
    assert shown(found)[0].endswith("| 0")


def test_a_long_line_wraps_and_tells_its_length() -> None:
    found = pager(["x" * 50, "y"])
    assert shown(found) == [
        f">| {'x' * 12} <50>", f" : \\{'x' * 15}", f" : \\{'x' * 15}", f" : \\{'x' * 8}", " | y",
    ]  # fmt: skip


def test_scrolled_sideways_it_shows_the_rest() -> None:
    found = pager(["abcdefghijklmnopqrstuvwxyz", "short"])
    found.scroll(8)
    assert shown(found)[:2] == [">| ijklmnopqrs  <26>", " |               <5>"]
    found.scroll(-8)
    assert shown(found)[:2] == [">| abcdefghijkl <26>", " | short"]


def test_blocks_follow_one_another() -> None:
    found = pager(["a", "b"], ["c"], ["d", "e"])
    assert [line[-1] for line in shown(found)] == list("abcde")
    found.end()
    assert found.cursor == (2, 1, 0)


def test_a_block_is_seen_when_each_of_its_lines_was_on_the_screen() -> None:
    found = pager(["a"] * 3, ["b"] * 8, ["c"])
    found.rows()
    assert [found.is_seen(n) for n in range(3)] == [True, False, False]
    found.end()
    found.rows()
    assert [found.is_seen(n) for n in range(3)] == [True, False, True]
    found.home()
    for _ in range(4):
        found.page(4)
        found.rows()
    assert all(found.is_seen(n) for n in range(3))


def test_the_search_goes_round() -> None:
    found = pager(["a", "b"], ["c", "d"])
    found.goto((1, 0, 0))
    assert list(found.positions(forward=True)) == [(1, 1), (0, 0), (0, 1), (1, 0)]
    assert list(found.positions(forward=False)) == [(0, 1), (0, 0), (1, 1), (1, 0)]


@given(st.text(max_size=200), st.integers(1, 40), st.integers(1, 8))
def test_no_character_is_lost_at_any_size(text: str, room: int, height: int) -> None:
    line = spans(text)
    found = pager(["first", "end"], room=room, height=height)
    block = Rows([lined(line, "| ")])
    found = Pager(1, lambda _: block)
    found.resize(room, height)
    rows = []
    position = (0, 0, 0)
    while position is not None:
        found.goto(position)
        found.top = position
        row = found.rows()[0]
        rows.append(row)
        position = found.after(position)
    # The mark of the cursor, the gutter, the backslash of what goes on and the length are ours.
    inside = [text_of(row)[3:] for row in rows]
    inside = [part if not n else part.removeprefix("\\") for n, part in enumerate(inside)]
    if len(rows) > 1:
        tag = f" <{length(line)}>"
        assert inside[0].endswith(tag)
        inside[0] = inside[0].removesuffix(tag)
        # A wide character that did not fit leaves a blank before the length.
        if not text_of(line).startswith(inside[0]):
            inside[0] = inside[0].removesuffix(" ")
    assert "".join(inside) == text_of(line)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (5, 2)])
def test_tiny_sizes_do_not_fail(size: tuple[int, int]) -> None:
    found = pager(["日本語" * 5, "y"], room=size[0], height=size[1])
    found.step(100)
    found.page(-3)
    found.scroll(3)
    assert found.rows()
