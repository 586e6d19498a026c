"""Any keys at any size: each frame is as large as the screen, and only a y approves."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from shannot.tui.cells import length
from tests.tui.screens import Reviewer, furnished
from tests.tui.test_hostile import CORPUS, effects

KEYS = [
    *"jkbdugGhlw/nN?qtT][zvsoeaxrRA0FSY\u00e9\u202e\u65e5", "up", "down", "left", "right", "home",
    "end", "space", "tab", "enter", "escape", "backspace", "backtab", "pageup", "pagedown",
    "ctrl-u", "ctrl-l", "ctrl-a", "delete", "insert",
]  # fmt: skip
SIZES = [1, 2, 3, 5, 8, 13, 20, 40, 80, 120, 200]


@pytest.mark.parametrize("seed", range(6))
def test_no_key_at_any_size_breaks_a_frame_or_decides(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    world = furnished(tmp_path)
    if seed % 2:
        world.session([e for text in list(CORPUS.values())[seed::5] for e in effects(text)])
    reviewer = Reviewer(world, (chance.choice(SIZES), chance.choice(SIZES)))
    for _ in range(120):
        if chance.random() < 0.1:
            reviewer.size = (chance.choice(SIZES), chance.choice(SIZES))
        reviewer.press(chance.choice(KEYS))
        if not reviewer.app.views:
            break
        rows = reviewer.rows()
        assert [length(row) for row in rows] == [reviewer.size[0]] * reviewer.size[1]
    states = {world.store.load(session).state for session in world.store.ids()}
    assert states <= {"pending", "rejected"}
