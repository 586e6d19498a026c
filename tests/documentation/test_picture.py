from __future__ import annotations

import runpy
import shutil

import pytest

from tests.cli.places import ROOT

pytest.importorskip("pyte", reason="pyte, the terminal emulator, is not installed")


@pytest.mark.skipif(
    shutil.which("systemctl") is None, reason="systemctl, which it shows, is missing"
)
def test_the_picture_of_the_screen_is_what_the_program_draws_today() -> None:
    picture = runpy.run_path(str(ROOT / "tools" / "picture.py"))
    today = picture["drawn"](picture["screen"]())
    assert (ROOT / "docs" / "review.svg").read_text() == today, "run `python3 tools/picture.py`"
